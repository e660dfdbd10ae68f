"""A graphical session or the console, where a session is installed."""

from __future__ import annotations

from wizard.firstboot.facts import Facts
from wizard.flow.question import Answer, Choice, Kind, Question, Source


def session(facts: Facts) -> Question:
    """x: yes or no."""

    def default() -> Answer:
        names = " and ".join(facts.sessions) or facts.display_manager
        return Answer("yes", Source.DETECTED, f"{names} is installed")

    return Question(
        "x",
        "Screen",
        "What the screen shows once the machine is ready.",
        Kind.ONE,
        lambda values: default(),
        lambda values: (
            Choice("yes", "Graphical session", f"{facts.display_manager} starts on the screen."),
            Choice("no", "Console", "A login prompt; the graphical session can be started later."),
        ),
        when=lambda values: bool(facts.display_manager),
        help="A server does not need a graphical session: it takes memory and processor time away from jobs.",
    )
