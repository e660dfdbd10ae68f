"""After a failure: where it was, and retry, replace, skip, abort, time limits, on_clean."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.engine.support import command, macro, recipe, run, step
from wizard.engine.events import Event
from wizard.engine.front import Request


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("text", "line", "shell_text"),
    [
        ("true\nls /nonexistent", 2, "ls /nonexistent"),
        ("f() {\n :\n false\n}\nf", 3, "false"),
        ("g() { false; }\nf() {\n :\n g\n}\ntrue\nf", 1, "false"),
        (":\n:\n(\nfalse\n)", 5, None),
        ("x=$(\nfalse\n)", None, None),
    ],
)
def test_the_line_that_failed(
    tmp_path: Path, text: str, line: int | None, shell_text: str | None, strict: bool
) -> None:
    ran = run(recipe(tmp_path, macro("m", step("s", "true", text)), strict=strict), tmp_path)
    failure = ran.failure
    assert (failure["macrostep"], failure["microstep"], failure["command"], failure["commands"]) == ("m", "s", 2, 2)
    assert failure["file"] == "recipe.yaml"
    if line is not None:
        assert (failure["shell_line"], failure["line"]) == (line, 10 + line - 1)
    if shell_text is not None:
        assert failure["shell_text"] == shell_text


def test_the_last_lines_are_told_and_are_safe(tmp_path: Path) -> None:
    text = "echo before >&2; for i in $(seq 30); do echo line $i; done; printf '\\033[31mred\\033[0m\\rlast\\n'; exit 4"
    ran = run(recipe(tmp_path, macro("m", step("o", "echo other"), step("s", text))), tmp_path)
    assert ran.failure["output"][-2:] == ["line 30", "last"]
    assert len(ran.failure["output"]) == 15


def flaky(tmp_path: Path, times: int) -> str:
    count = f"n=$(cat {tmp_path}/n 2>/dev/null || echo 0); echo $((n + 1)) >{tmp_path}/n"
    return f"{count}; x=$((x + 1)); echo x=$x; ((n >= {times}))"


def test_retry_starts_from_the_variables_the_step_began_with(tmp_path: Path) -> None:
    resolved = recipe(
        tmp_path, macro("m", step("a", "x=1; readonly y=1"), step("b", flaky(tmp_path, 2)), step("c", "echo then $x"))
    )
    ran = run(resolved, tmp_path, on_failure="retry:2")
    assert ran.outcome.result == "done"
    assert ran.text == "x=2\nx=2\nx=2\nthen 2\n"
    assert [e["attempt"] for e in ran.front.named("step") if e["state"] == "begin" and e["step"] == 1] == [1, 2, 3]


@pytest.mark.parametrize("before", [15, 16, 17, 40])
def test_retry_after_many_steps_and_what_they_kept_is_bounded(tmp_path: Path, before: int) -> None:
    size = f"wc -c <{tmp_path}/run/state/local.begin"
    steps = [step(f"s{n}", "x=$((x + 1))") for n in range(before)]
    ran = run(
        recipe(tmp_path, macro("m", step("one", size), *steps, step("b", flaky(tmp_path, 2), size), step("c", size))),
        tmp_path,
        on_failure="retry:2",
    )
    assert ran.outcome.result == "done"
    first, *tries, full, last = ran.text.splitlines()
    assert first == "0"
    assert tries == [f"x={before + 1}"] * 3
    assert int(full) < 17 * 8000
    assert int(last) < 2 * 8000


@pytest.mark.parametrize("last", ["local", "out"])
def test_retry_gives_every_context_the_variables_the_step_began_with(tmp_path: Path, last: str) -> None:
    count = f"n=$(cat {tmp_path}/n 2>/dev/null || echo 0); echo $((n + 1)) >{tmp_path}/n; ((n >= 2))"
    other = "out" if last == "local" else "local"
    resolved = recipe(
        tmp_path,
        macro(
            "m",
            step("a", command("x=1", other), command("y=1", last)),
            step("b", command("x=$((x + 1)); echo x=$x", other), command("y=$((y + 1)); echo y=$y; " + count, last)),
            step("c", command("echo then $y", last), command("echo then $x", other)),
        ),
    )
    ran = run(resolved, tmp_path, on_failure="retry:2")
    assert ran.text == "x=2\ny=2\n" * 3 + "then 2\nthen 2\n"


def test_retry_gives_up(tmp_path: Path) -> None:
    ran = run(recipe(tmp_path, macro("m", step("b", flaky(tmp_path, 3)))), tmp_path, on_failure="retry:2")
    assert (ran.outcome.result, ran.outcome.exit) == ("failed", 1)


@pytest.mark.parametrize("strict", [True, False])
def test_skip_goes_on_with_what_the_commands_had_set(tmp_path: Path, strict: bool) -> None:
    resolved = recipe(tmp_path, macro("m", step("a", "z=5\nfalse"), step("b", "echo z=$z")), strict=strict)
    ran = run(resolved, tmp_path, on_failure="skip")
    assert (ran.outcome.result, ran.outcome.exit, ran.outcome.skipped, ran.text) == ("done", 0, 1, "z=5\n")
    assert ran.states == ["0:failed", "0:skipped", "1:done"]


def test_skip_after_exit(tmp_path: Path) -> None:
    ran = run(
        recipe(tmp_path, macro("m", step("a", "z=5; exit 3"), step("b", "echo z=$z"))), tmp_path, on_failure="skip"
    )
    assert ran.text == "z=5\n"


def test_on_clean_steps_run_after_an_abort_and_at_the_end(tmp_path: Path) -> None:
    cleaning = step("_clean", "echo cleaning $x", clean=True)
    ran = run(recipe(tmp_path, macro("m", step("a", "x=1"), step("b", "false"), cleaning)), tmp_path)
    assert (ran.outcome.result, ran.text) == ("failed", "cleaning 1\n")
    ran = run(recipe(tmp_path, macro("m", step("a", "x=1"), cleaning)), tmp_path / "again")
    assert (ran.outcome.result, ran.text) == ("done", "cleaning 1\n")


def test_a_failing_on_clean_step_is_told_and_passed_over(tmp_path: Path) -> None:
    steps = [step("_c2", "false", clean=True), step("_c1", "echo cleaned", clean=True)]
    ran = run(recipe(tmp_path, macro("m", step("a", "true"), *steps), macro("n", step("z", "echo on"))), tmp_path)
    assert (ran.outcome.result, ran.text) == ("done", "cleaned\non\n")
    assert "m/_c2" in ran.front.named("note")[0]["text"]


@pytest.mark.parametrize("text", ["sleep 60 | cat", "while :; do :; done", "trap '' TERM INT; sleep 60"])
def test_the_time_limit_of_a_step(tmp_path: Path, text: str) -> None:
    began = time.monotonic()
    ran = run(recipe(tmp_path, macro("m", step("p", "x=1"), step("s", text))), tmp_path, step_timeout=1.0)
    assert ran.failure["reason"] == "the time limit of 1 s was reached"
    assert ran.failure["microstep"] == "s"
    assert time.monotonic() - began < 30


def test_a_step_after_the_time_limit_has_its_variables(tmp_path: Path) -> None:
    resolved = recipe(tmp_path, macro("m", step("a", "x=1"), step("s", "sleep 60"), step("c", "echo x=$x")))
    ran = run(resolved, tmp_path, step_timeout=1.0, on_failure="skip")
    assert (ran.outcome.result, ran.text) == ("done", "x=1\n")


def test_replace_runs_the_edited_commands(tmp_path: Path) -> None:
    asked: list[Event] = []

    def answers(event: Event) -> Request:
        asked.append(event)
        if len(asked) == 1:
            return {"do": "replace", "yaml": "- exec_local: |\n    echo mended $x\n    y=2\n"}
        return {"do": "abort"}

    resolved = recipe(
        tmp_path, macro("m", step("a", "x=1; echo once"), step("b", "x=9; false"), step("c", "echo $x $y"))
    )
    ran = run(resolved, tmp_path, answers, ask=True, on_failure="ask")
    assert ran.outcome.result == "done", ran.front.named("note")
    assert ran.text == "once\nmended 1\n1 2\n"
    assert asked[0]["choices"] == ["retry", "replace", "skip", "abort", "stop"]
    assert "mended" in next((ran.path / "edited").glob("*.yaml")).read_text()


def test_a_replacement_that_is_no_list_of_commands_is_refused_and_the_run_waits_on(tmp_path: Path) -> None:
    texts = iter(["nonsense", "- exec_nowhere: x\n", "- exec_local: echo good\n"])
    resolved = recipe(tmp_path, macro("m", step("b", "false")))
    ran = run(resolved, tmp_path, lambda event: {"do": "replace", "yaml": next(texts)}, ask=True, on_failure="ask")
    assert (ran.outcome.result, ran.text) == ("done", "good\n")
    notes = [note["text"] for note in ran.front.named("note")]
    assert len(notes) == 2
    assert "exec_nowhere" in notes[1]


def test_a_shell_finds_the_variables_of_the_failed_step(tmp_path: Path) -> None:
    seen: list[str] = []

    def answers(event: Event) -> Request:
        seen.append((tmp_path / "run" / "state" / "local.end").read_text())
        return {"do": "abort"}

    run(recipe(tmp_path, macro("m", step("a", "kept='v w'\nfalse"))), tmp_path, answers, ask=True, on_failure="ask")
    assert 'kept="v w"' in seen[0]
    assert seen[0].endswith("#kt-complete\n")


def test_a_script_run_alone_ends_with_the_number_of_its_failing_microstep(tmp_path: Path) -> None:
    import subprocess

    from wizard.engine import script

    resolved = recipe(
        tmp_path, macro("one", step("x", "true")), macro("m", step("a", "true"), step("b", "exit 9"), step("c", "true"))
    )
    paths = script.write_scripts(resolved, tmp_path / "scripts")
    (tmp_path / "state").mkdir()
    environment = script.environment(resolved, str(tmp_path / "state"))
    done = subprocess.run(["bash", paths[1].name], cwd=paths[1].parent, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "m/b: command 1 failed with status 9" in done.stderr
