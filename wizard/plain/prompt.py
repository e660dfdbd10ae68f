"""The choices at a failure, a breakpoint and a pause, as a line to type: words, letters, what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wizard.engine.events import Event, RunState
from wizard.plain.words import step_name


@dataclass(frozen=True, slots=True)
class Choice:
    """`do` is the control word, or "shell", which needs none. `shown` has its letter in brackets."""

    do: str
    letter: str
    shown: str
    word: str
    means: str


_CHOICES = (
    Choice("continue", "c", "[c]ontinue", "continue", "go on with this step"),
    Choice(
        "retry", "r", "[r]etry", "retry", "run the step again, variables as it began with them; files are not undone"
    ),
    Choice("replace", "e", "[e]dit and retry", "edit", "change the step's commands in your editor, then run it again"),
    Choice("skip", "s", "[s]kip", "skip", "leave this step, go on with the next one"),
    Choice("shell", "h", "s[h]ell", "shell", "a shell where the step ran; leaving it returns here"),
    Choice("stop", "t", "s[t]op", "stop", "end now and keep the work; build --resume goes on with it"),
    Choice("abort", "a", "[a]bort", "abort", "clean up what the macrostep asks to, and end"),
)
_WHY = {"failure": "failed", "breakpoint": "breakpoint", "pause": "paused"}


def offered(waiting: Event) -> list[Choice]:
    """The choices of a `waiting` event, and a shell, in the order they are shown in."""
    taken = {*waiting["choices"], "shell"}
    return [choice for choice in _CHOICES if choice.do in taken]


def prompt_text(state: RunState) -> str:
    """The prompt of the waiting run, without a newline; the cursor stays behind it."""
    assert state.waiting is not None
    why = state.waiting["why"]
    choices = offered(state.waiting)
    if why == "failure":  # stop is the rarer wish here; `?` tells of it
        choices = [choice for choice in choices if choice.do != "stop"]
    before = ""
    if why != "failure":
        before = f"{_WHY.get(why, why)} before {step_name(state, state.steps[state.waiting['step']])}: "
    return f"{before}{' '.join(choice.shown for choice in choices)} ? "


def explanation(choices: Sequence[Choice]) -> list[str]:
    """What each choice does, a line each."""
    width = max(len(choice.shown) for choice in choices)
    return [f"  {choice.shown:<{width}}  {choice.means}" for choice in choices]


def understand(typed: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice that was typed: its letter, its word, or the word's beginning when only one begins so."""
    text = typed.strip().lower()
    exact = [choice for choice in choices if text in (choice.letter, choice.word)]
    near = [choice for choice in choices if text and choice.word.startswith(text)]
    found = exact or near
    return found[0] if len(found) == 1 else None
