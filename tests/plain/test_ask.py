"""Questions in lines: what is said, and what each typed line does."""

from __future__ import annotations

import pytest

from wizard.flow.flow import Flow
from wizard.flow.question import Answer, Choice, Kind, Question, Source, Values
from wizard.plain.ask import ask

ZONES = tuple(
    f"{region}/{place}" for region in ("Europe", "Asia") for place in ("Paris", "Parma", *"abcdefghijklmnopqrs")
)


def _choices(*names: str) -> tuple[Choice, ...]:
    return tuple(Choice(name, name.title(), f"It is {name}.") for name in names)


def _flow() -> Flow:
    return Flow(
        (
            Question("role", "Role", "What is it?", Kind.ONE,
                     lambda values: Answer("both", Source.DEFAULT, "it is easy"),
                     lambda values: _choices("both", "node"), help="A node needs a server."),
            Question("server", "Server", "Which?", Kind.TEXT, lambda values: Answer("", Source.DEFAULT),
                     check=lambda value, values: "" if " " not in value else "No blanks.",
                     when=lambda values: values["role"] == "node"),
            Question("zone", "Zone", "Where?", Kind.ONE,
                     lambda values: Answer("Europe/Paris", Source.DETECTED, "it is set"),
                     lambda values: tuple(Choice(zone, zone.replace("/", " ")) for zone in ZONES)),
            Question("extras", "Extras", "More?", Kind.MANY, lambda values: Answer((), Source.DEFAULT),
                     lambda values: _choices("nuts", "cream")),
            Question("keys", "Keys", "Whose?", Kind.LINES, lambda values: Answer((), Source.DEFAULT),
                     check=lambda value, values: "" if value.startswith("ssh") else "No key.", shows=_shows),
        )
    )  # fmt: skip


def _shows(values: Values) -> tuple[str, ...]:
    return (f"role is {values['role']}",)


class Script:
    """Types these lines, one at a prompt. `seen` has all prompts and lines in their order."""

    def __init__(self, *typed: str) -> None:
        self.typed = list(typed)
        self.seen: list[str] = []

    def say(self, *lines: str) -> None:
        self.seen += lines

    def ask(self, prompt: str) -> str:
        self.seen.append(prompt)
        if not self.typed:
            raise EOFError
        return self.typed.pop(0)


def run(flow: Flow, *typed: str) -> Script:
    """Everything was needed, and nothing more."""
    script = Script(*typed)
    ask(flow, script, "A title", lambda: ["step one", "step two"])
    assert script.typed == []
    return script


def test_enter_takes_every_default_and_applies() -> None:
    flow = _flow()
    script = run(flow, "", "", "", "", "")
    assert {answer.source for answer in flow.answers().values()} == {Source.DEFAULT, Source.DETECTED}
    assert script.seen[0] == "A title"
    assert "1 of 4  Role" in script.seen
    assert "  2  Node: It is node." in script.seen
    assert "  role is both" in script.seen
    assert "   2  Zone    Europe Paris  (detected: it is set)" in script.seen


@pytest.mark.parametrize("typed", ["2", "node", "NODE", "nod"])
def test_a_choice_by_its_number_its_name_or_a_part_of_it(typed: str) -> None:
    flow = _flow()
    run(flow, typed, "", "", "", "", "")
    assert flow.values()["role"] == "node"


def test_back_keeps_what_was_said() -> None:
    flow = _flow()
    script = run(flow, "b", "2", "b", "", "head", "b", "b", "b", "1", "b", "node", "", "", "", "", "")
    assert "This is the first question." in script.seen
    assert "Role [Node]: " in script.seen
    assert flow.values()["server"] == "head"


def test_help_says_more_the_default_and_why() -> None:
    script = run(_flow(), "?", "", "", "", "", "")
    assert "A node needs a server." in script.seen
    assert "The default is Both (default: it is easy)." in script.seen
    assert script.seen.count("  1  Both: It is both.") == 2


def test_a_long_list_is_searched() -> None:
    flow = _flow()
    script = run(flow, "", "x", "99", "e", "PAR eur", "2", "", "", "")
    assert f"  {len(ZONES)} choices: type a part of a name to see those that have it." in script.seen
    assert f"None of the {len(ZONES)} choices has 'x' in its name." in script.seen
    assert "22 choices have that; type more of the name." in script.seen
    assert "  2  Europe Parma" in script.seen
    assert flow.values()["zone"] == "Europe/Parma"


def test_a_number_that_is_none_of_those_shown() -> None:
    script = run(_flow(), "3", "0", "", "", "", "", "")
    assert script.seen.count("Type a number from 1 to 2.") == 2


def test_a_text_that_will_not_do_and_one_that_looks_like_a_command() -> None:
    flow = _flow()
    script = run(flow, "2", "a b", "=b", "", "", "", "")
    assert "No blanks." in script.seen
    assert flow.values()["server"] == "b"
    flow = _flow()
    run(flow, "2", "head", "b", "=", "", "", "", "")
    assert flow.values()["server"] == ""


def test_several() -> None:
    flow = _flow()
    script = run(flow, "", "", "3", "2, 1", "rsa", "", "ssh-a", "ssh-b", "ssh-a", "", "")
    assert "Type numbers from 1 to 2, or 0." in script.seen
    assert "No key." in script.seen
    assert flow.values()["extras"] == ("nuts", "cream")
    assert flow.values()["keys"] == ("ssh-a", "ssh-b")
    flow.go("extras")
    run(flow, "0", "")
    assert flow.values()["extras"] == ()


def test_from_the_review_to_one_answer_and_back() -> None:
    flow = _flow()
    script = run(flow, "r", "7", "1", "2", "c", "2", "head", "3", "b", "b", "", "")
    assert "Type Enter, a number from 1 to 4, c, or b." in script.seen
    assert script.seen.count("Review") == 5
    assert "step two" in script.seen
    assert flow.values()["server"] == "head"


def test_what_must_be_answered_is_asked_before_anything_is_applied() -> None:
    sure = Question("sure", "Erase", "Really?", Kind.TEXT, lambda values: Answer("", Source.DEFAULT),
                    check=lambda value, values: "" if value == "yes" else "Type yes to erase.")  # fmt: skip
    flow = Flow((sure,))
    script = run(flow, "r", "", "", "yes", "")
    assert script.seen.count("Erase: Type yes to erase.") == 1
    assert script.seen.count("Type yes to erase.") == 1
    assert flow.values() == {"sure": "yes"}


def test_who_goes_away_applies_nothing() -> None:
    with pytest.raises(EOFError):
        ask(_flow(), Script("2"), "", list)


def test_what_is_plugged_in_meanwhile_is_asked_for() -> None:
    keyboards: list[str] = []
    flow = Flow(
        (
            Question("role", "Role", "What?", Kind.TEXT, lambda values: Answer("a", Source.DEFAULT)),
            Question("keymap", "Keyboard", "Which?", Kind.TEXT, lambda values: Answer("us", Source.DEFAULT),
                     ask=lambda values: bool(keyboards)),
        )
    )  # fmt: skip
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 1:
            keyboards.append("a keyboard")

    script = Script("", "fr", "")
    ask(flow, script, "", list, look)
    assert "2 of 2  Keyboard" in script.seen
    assert flow.values()["keymap"] == "fr"


def test_a_long_plan_is_told_in_pages() -> None:
    flow = Flow((Question("name", "Name", "", Kind.TEXT, lambda values: Answer("a", Source.DEFAULT)),))
    lines = [f"line {number}" for number in range(45)]
    script = Script("", "c", "", "q", "c", "", "", "")
    ask(flow, script, "", lambda: lines)
    assert script.seen.count("line 19") == script.seen.count("line 39") == 2
    assert script.seen.count("line 44") == 1
    assert script.typed == []
