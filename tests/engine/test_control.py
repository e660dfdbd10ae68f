"""Breakpoints, pause, stop, and the words of other processes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.engine.support import Ran, macro, recipe, run, step
from wizard.engine import control
from wizard.engine.steps import find_steps, step_names
from wizard.errors import UserError
from wizard.recipe.model import ResolvedRecipe


def three(tmp_path: Path) -> ResolvedRecipe:
    return recipe(
        tmp_path,
        macro("m", step("a", "echo a; x=1"), step("b", "echo b"), step("_clean_b", "echo clean", clean=True)),
        macro("n", step("c", "echo c $x")),
    )


def test_a_breakpoint_without_anybody_to_ask_stops_the_run(tmp_path: Path) -> None:
    ran = run(three(tmp_path), tmp_path, breakpoints={1})
    assert (ran.outcome.result, ran.outcome.exit, ran.text) == ("stopped", 4, "a\n")
    assert "m/b" in ran.outcome.message


def test_until(tmp_path: Path) -> None:
    ran = run(three(tmp_path), tmp_path, last=1)
    assert (ran.outcome.result, ran.text) == ("stopped", "a\nb\n")


def test_a_first_step_passes_over_those_before(tmp_path: Path) -> None:
    ran = run(three(tmp_path), tmp_path, first=3)
    assert (ran.outcome.result, ran.text, ran.outcome.skipped) == ("done", "c\n", 3)


def test_steps_done_before_are_neither_run_nor_counted_as_skipped(tmp_path: Path) -> None:
    ran = run(three(tmp_path), tmp_path, first=1, done=frozenset({0}))
    assert (ran.text, ran.outcome.skipped) == ("b\nclean\nc\n", 0)


def test_waiting_at_a_breakpoint_takes_only_what_it_offers(tmp_path: Path) -> None:
    words = iter(["retry", "skip"])
    ran = run(three(tmp_path), tmp_path, lambda event: {"do": next(words)}, ask=True, breakpoints={1})
    assert ran.front.named("note")[0]["text"] == "not now: continue, skip, stop, abort"
    assert (ran.text, ran.outcome.skipped) == ("a\nclean\nc 1\n", 1)


def test_abort_at_a_breakpoint_cleans_and_keeps(tmp_path: Path) -> None:
    ran = run(three(tmp_path), tmp_path, lambda event: {"do": "abort"}, ask=True, breakpoints={1})
    assert (ran.outcome.result, ran.outcome.exit, ran.text) == ("stopped", 4, "a\nclean\n")


def asked_by_socket(
    tmp_path: Path, resolved: ResolvedRecipe, *requests: dict[str, object], **plan: object
) -> tuple[Ran, list[str]]:
    """Runs, and when it first waits sends the requests from another thread; what each was answered."""
    answers: list[str] = []

    def ask() -> None:
        answers.extend(control.ask(tmp_path / "run", request, timeout=20) for request in requests)

    thread = threading.Thread(target=ask)
    started: list[bool] = []

    def on_waiting(event: object) -> None:
        if not started:
            started.append(True)
            thread.start()

    ran = run(resolved, tmp_path, on_waiting, ask=True, **plan)
    thread.join(20)
    return ran, answers


def test_words_come_through_the_socket(tmp_path: Path) -> None:
    ran, answers = asked_by_socket(
        tmp_path,
        three(tmp_path),
        {"do": "dance"},
        {"do": "retry"},
        {"do": "break", "step": 99},
        {"do": "break", "step": 3},
        {"do": "unbreak", "step": 3},
        {"do": "continue"},
        breakpoints={1},
    )
    assert "no such word" in answers[0]
    assert answers[1].startswith("not now")
    assert "no such step" in answers[2]
    assert answers[3:] == ["", "", ""]
    assert ran.text == "a\nb\nclean\nc 1\n"
    assert ran.front.named("decision")[-1]["by"] == "socket"


def test_stop_through_the_socket_keeps_the_work(tmp_path: Path) -> None:
    ran, answers = asked_by_socket(tmp_path, three(tmp_path), {"do": "stop"}, breakpoints={1})
    assert (ran.outcome.result, ran.outcome.exit, ran.text, answers) == ("stopped", 4, "a\n", [""])


def test_interrupt_ends_it_at_once(tmp_path: Path) -> None:
    ran, _ = asked_by_socket(tmp_path, three(tmp_path), {"do": "interrupt"}, breakpoints={1})
    assert (ran.outcome.result, ran.outcome.exit) == ("interrupted", 130)


def test_pause_waits_before_the_next_step(tmp_path: Path) -> None:
    ran, _ = asked_by_socket(tmp_path, three(tmp_path), {"do": "pause"}, {"do": "continue"}, breakpoints={1})
    assert ran.outcome.result == "done"
    ran = run(three(tmp_path), tmp_path / "p", lambda event: {"do": "continue"}, ask=True, breakpoints={0})
    assert ran.outcome.result == "done"


def test_nobody_answers_for_a_run_that_ended(tmp_path: Path) -> None:
    run(three(tmp_path), tmp_path)
    assert "nobody answers" in control.ask(tmp_path / "run", {"do": "retry"})


def test_state_adds_up(tmp_path: Path) -> None:
    ran = run(three(tmp_path), tmp_path, on_failure="skip")
    log = (ran.path / "logs" / "01-m.log").read_bytes()
    slices = {
        e["step"]: (
            e["offset"],
            next(f["offset"] for f in ran.front.named("step") if f["step"] == e["step"] and f["state"] == "done"),
        )
        for e in ran.front.named("step")
        if e["state"] == "begin"
    }
    assert log[slice(*slices[1])] == b"b\n"


def test_steps_are_found_by_name(tmp_path: Path) -> None:
    resolved = three(tmp_path)
    assert step_names(resolved) == ["m/a", "m/b", "m/_clean_b", "n/c"]
    assert find_steps(resolved, "m") == range(3)
    assert find_steps(resolved, "m/b") == range(1, 2)
    assert find_steps(resolved, "setup/n/c") == range(3, 4)
    with pytest.raises(UserError, match="m/x: no step of test is called so") as caught:
        find_steps(resolved, "m/x")
    assert "did you mean m/" in caught.value.hint
    twice = recipe(tmp_path, macro("m", step("a", ":")), macro("m", step("a", ":")))
    with pytest.raises(UserError, match="2 steps are called so"):
        find_steps(twice, "m/a")
