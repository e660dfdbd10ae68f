"""Choices as typed words."""

from __future__ import annotations

import pytest

from tests.plain.told import Teller
from wizard.engine.events import RunState
from wizard.plain.prompt import explanation, offered, prompt_text, understand


def waiting(why: str) -> RunState:
    teller = Teller()
    teller.run()
    teller.waiting(why)
    state = RunState()
    for event in teller.events:
        state.apply(event)
    return state


def test_prompts() -> None:
    assert prompt_text(waiting("failure")) == "[r]etry [e]dit and retry [s]kip s[h]ell [a]bort ? "
    at = "before identity/hostname: [c]ontinue [s]kip s[h]ell s[t]op [a]bort ? "
    assert prompt_text(waiting("breakpoint")) == f"breakpoint {at}"
    assert prompt_text(waiting("pause")) == f"paused {at}"


@pytest.mark.parametrize("why", ["failure", "breakpoint", "pause"])
def test_every_choice_is_understood_by_its_letter_and_its_word(why: str) -> None:
    state = waiting(why)
    assert state.waiting is not None
    choices = offered(state.waiting)
    assert {choice.do for choice in choices} == {*state.waiting["choices"], "shell"}
    for choice in choices:
        assert f"[{choice.letter}]" in choice.shown
        for typed in (choice.letter, choice.word, choice.word.upper(), f" {choice.word} \n"):
            assert understand(typed, choices) is choice
    assert len(explanation(choices)) == len(choices)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("re", "retry"),
        ("ed", "edit"),
        ("sk", "skip"),
        ("st", "stop"),
        ("", None),
        ("x", None),
        ("c", None),
        ("retryy", None),
    ],
)
def test_beginnings_and_nonsense(typed: str, word: str | None) -> None:
    state = waiting("failure")
    assert state.waiting is not None
    choice = understand(typed, offered(state.waiting))
    assert (choice.word if choice else None) == word
