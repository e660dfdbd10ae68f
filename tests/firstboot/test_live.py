"""A live recipe: in place, resumed at the first microstep that is not done, each microstep with a time limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.contracts.tree import ROOT
from tests.engine.support import Front
from wizard.engine import edited, journal
from wizard.engine.events import Event
from wizard.engine.live import Lived, resolve_live, run_live
from wizard.errors import HELD, UserError
from wizard.recipe.model import ResolvedRecipe

HEAD = "global: {target: live, strict: true, answer: none%s}\nsetup:\n  - one:\n"


def write(base: Path, steps: str, extra: str = "") -> Path:
    file = base / "live.yaml"
    file.write_text(HEAD % extra + "".join(f"      {line}\n" for line in steps.strip("\n").split("\n")))
    return file


def resolved(base: Path, steps: str, extra: str = "", **answers: str) -> ResolvedRecipe:
    return resolve_live(write(base, steps, extra), answers, Path("/"), base / "run")


def run(recipe: ResolvedRecipe, base: Path, again: bool = False) -> tuple[Lived, list[Event]]:
    front = Front()
    try:
        return run_live(recipe, base / "run", front, again=again), front.events
    finally:
        front.close()


def done(events: list[Event]) -> list[int]:
    return [event["step"] for event in events if event["event"] == "step" and event["state"] == "done"]


THREE = """
- first: [exec_local: 'echo first >>"%(base)s/did"']
- second: [exec_local: 'echo second >>"%(base)s/did"; test -e "%(base)s/good"']
- third: [exec_local: 'echo third >>"%(base)s/did"']
"""


def test_a_step_that_failed_can_be_edited_and_looked_into(tmp_path: Path) -> None:
    """In place: the shell is where the step ran, with its answers, and no namespace is between."""
    commands = '- only: [exec_local: "cd /usr; false"]'
    lived, _ = run(resolved(tmp_path, commands, answer="word"), tmp_path)
    assert lived.outcome.result == "failed"
    assert "cd /usr" in edited.commands_file(tmp_path / "run", 0).read_text()
    looked = subprocess.run(
        [sys.executable, "-m", "wizard", "shell", str(tmp_path / "run")],
        input='echo "$KAMELEON_ANSWER"; readlink /proc/self/ns/mnt\n',
        text=True,
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    assert looked.stdout.splitlines()[-2:] == ["word", os.readlink("/proc/self/ns/mnt")]


def test_goes_on_at_the_step_that_failed_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    recipe = resolved(tmp_path, THREE % {"base": tmp_path})
    lived, events = run(recipe, tmp_path)
    assert (lived.outcome.result, lived.outcome.exit, lived.outcome.step) == ("failed", 1, 1)
    assert lived.failure is not None
    assert lived.log == tmp_path / "run/logs/01-one.log"
    assert done(events) == [0]
    (tmp_path / "good").touch()
    lived, events = run(recipe, tmp_path)
    assert (lived.outcome.result, lived.failure, lived.before) == ("done", None, False)
    assert done(events) == [1, 2]
    assert events[0]["done"] == [0]
    lived, events = run(recipe, tmp_path)
    assert lived.before
    assert events == []
    assert (tmp_path / "did").read_text().split() == ["first", "second", "second", "third"]
    lived, events = run(recipe, tmp_path, again=True)
    assert not lived.before
    assert done(events) == [0, 1, 2]


def test_other_answers_or_another_recipe_begin_anew(tmp_path: Path) -> None:
    (tmp_path / "good").touch()
    text = THREE % {"base": tmp_path}
    run(resolved(tmp_path, text), tmp_path)
    _, events = run(resolved(tmp_path, text, answer="other"), tmp_path)
    assert done(events) == [0, 1, 2]
    _, events = run(resolved(tmp_path, text.replace("third >>", "last >>"), answer="other"), tmp_path)
    assert done(events) == [0, 1, 2]


def test_an_event_that_was_not_written_whole_is_no_event(tmp_path: Path) -> None:
    (tmp_path / "good").touch()
    recipe = resolved(tmp_path, THREE % {"base": tmp_path})
    run(recipe, tmp_path)
    file = tmp_path / "run/events.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    second = next(i for i, line in enumerate(lines) if json.loads(line).get("state") == "done" and b'"step": 1' in line)
    file.write_bytes(b"".join(lines[:second]) + lines[second][:20])
    lived, events = run(recipe, tmp_path)
    assert lived.outcome.result == "done"
    assert done(events) == [1, 2]
    assert all(json.loads(line) for line in file.read_bytes().splitlines())


def test_events_are_on_the_disk_before_anything_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "good").touch()
    synced: list[str] = []
    real = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    _, events = run(resolved(tmp_path, THREE % {"base": tmp_path}), tmp_path)
    assert len(events) > 6
    assert synced.count(str(tmp_path / "run/events.jsonl")) == len(events)


def test_what_a_step_wrote_is_on_the_disk_before_the_event_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut may leave the event, and names of files whose contents are gone."""
    (tmp_path / "good").touch()
    found: list[list[int]] = []

    def watched(descriptor: int) -> None:
        lines = (tmp_path / "run/events.jsonl").read_text().splitlines()
        found.append(done([json.loads(line) for line in lines]))
        journal_sync(descriptor)

    journal_sync = journal.sync_file_system
    monkeypatch.setattr(journal, "sync_file_system", watched)
    run(resolved(tmp_path, THREE % {"base": tmp_path}), tmp_path)
    assert found == [[], [0], [0, 1]]


def test_a_file_system_that_cannot_be_synced_is_told() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        journal.sync_file_system(-1)


def test_a_step_over_its_time_is_ended_with_all_it_started(tmp_path: Path) -> None:
    steps = """
    - slow:
        - exec_local: |
            sleep 987 &
            timeout 600 sh -c 'sleep 986; :'
    """
    recipe = resolved(tmp_path, steps.replace("\n    ", "\n"), ", step_timeout: 1.5")
    began = time.monotonic()
    lived, _ = run(recipe, tmp_path)
    assert time.monotonic() - began < 10
    assert lived.outcome.exit == 1
    assert lived.failure is not None
    assert "time limit of 1.5 s" in lived.failure["reason"]
    assert sleepers("986", "987") == []


def sleepers(*seconds: str) -> list[int]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if words[:1] == ["sleep"] and words[1] in seconds:
            found.append(process.pid)
    return found


@pytest.mark.parametrize("value", ["0", "-1", "soon", "inf"])
def test_a_time_limit_that_is_none_is_told(tmp_path: Path, value: str) -> None:
    recipe = resolved(tmp_path, "- a: [exec_local: ':']", f", step_timeout: {value}")
    with pytest.raises(UserError, match="step_timeout"):
        run(recipe, tmp_path)


PROGRAM = """
import sys
from pathlib import Path
from tests.engine.support import Front
from wizard.engine.live import resolve_live, run_live
base = Path(sys.argv[1])
recipe = resolve_live(base / "live.yaml", {}, Path("/"), base / "run")
sys.exit(run_live(recipe, base / "run", Front()).outcome.exit)
"""

# What runs under timeout(1) is a process group of its own.
HANGING = """
- quick: [exec_local: 'echo quick >>"%(base)s/did"']
- hangs:
    - exec_local: |
        echo hangs >>"%(base)s/did"
        [[ -e "%(base)s/good" ]] || timeout 600 sleep %(seconds)s
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_killed_runner_leaves_nothing_at_work_and_goes_on(tmp_path: Path, number: int, status: int) -> None:
    seconds = str(9000 + number)
    write(tmp_path, HANGING % {"base": tmp_path, "seconds": seconds})
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], cwd=ROOT)
    until(lambda: bool(sleepers(seconds)))
    with pytest.raises(UserError) as held:
        run(resolve_live(tmp_path / "live.yaml", {}, Path("/"), tmp_path / "run"), tmp_path)
    assert held.value.status == HELD
    process.send_signal(number)
    assert process.wait(60) == status
    until(lambda: not sleepers(seconds))
    (tmp_path / "good").touch()
    lived, events = run(resolve_live(tmp_path / "live.yaml", {}, Path("/"), tmp_path / "run"), tmp_path)
    assert lived.outcome.result == "done"
    assert done(events) == [1]
    assert (tmp_path / "did").read_text().split() == ["quick", "hangs", "hangs"]


def until(true: object, seconds: float = 60) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_a_step_puts_in_the_background_can_be_interrupted(tmp_path: Path) -> None:
    lived, _ = run(resolved(tmp_path, "- a: [exec_local: 'grep SigIgn /proc/self/status']"), tmp_path)
    assert lived.outcome.result == "done"
    ignored = int((tmp_path / "run/logs/01-one.log").read_text().split()[1], 16)
    assert ignored & (1 << (signal.SIGINT - 1) | 1 << (signal.SIGQUIT - 1)) == 0


def test_a_daemon_of_its_own_session_lives_on(tmp_path: Path) -> None:
    # The step ends when the daemon has left its session: before, it is what a step has in the background.
    own = f"setsid sh -c ': >{tmp_path}/own; exec sleep 985' </dev/null >/dev/null 2>&1 &"
    wait = f"until test -e {tmp_path}/own; do sleep 0.01; done"
    run(resolved(tmp_path, f'- a: [exec_local: "{own} {wait}"]'), tmp_path)
    until(lambda: sleepers("985"))
    for pid in sleepers("985"):
        os.kill(pid, signal.SIGKILL)


def test_write_file_writes_in_place(tmp_path: Path) -> None:
    run(resolved(tmp_path, f"- a: [write_file: [{tmp_path}/made, hello]]"), tmp_path)
    assert (tmp_path / "made").read_text() == "hello"


def test_only_the_local_context(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no context but local"):
        resolved(tmp_path, "- a: [exec_in: ':']")


def test_only_recipes_for_live_systems(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("setup:\n  - one:\n      - a: [exec_local: ':']\n")
    with pytest.raises(UserError, match="target: live"):
        resolve_live(tmp_path / "other.yaml", {}, Path("/"), tmp_path / "run")


def test_a_build_does_not_change_the_machine_that_builds(tmp_path: Path) -> None:
    from wizard.engine.build import plan_recipe
    from wizard.engine.front import Build

    with pytest.raises(UserError, match="builds nothing"):
        plan_recipe(Build(recipe=write(tmp_path, "- a: [exec_local: ':']")))


def test_answers_are_environment_and_never_text(tmp_path: Path) -> None:
    recipe = resolved(
        tmp_path, f"- a: [exec_local: 'printf %s \"$KAMELEON_ANSWER\" >{tmp_path}/got']", answer="$(x) `y`"
    )
    run(recipe, tmp_path)
    assert (tmp_path / "got").read_text() == "$(x) `y`"
