"""However a build ends: no mount, no process, the earlier artefact whole, and the next start works."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.faults import Ground, Terminal, ground_for

pytestmark = pytest.mark.real

#: Works in the chroot (so that it has mounts), leaves a daemon in each context, takes a while.
BUSY = """\
- busy:
  - daemons:
    - exec_local: setsid nohup sleep 1000 >/dev/null 2>&1 &
    - exec_in: sleep 1000 >/dev/null 2>&1 &
  - first:
    - exec_in: sleep 0.2
  - deaf:
    - exec_local: trap '' INT TERM HUP; sleep 0.3
- more:
  - last:
    - exec_in: mkdir -p /made; sleep 0.2
"""
FAILS = """\
- broken:
  - step:
    - exec_in: fruit=apple; cd /tmp; false
"""


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    yield from ground_for(tmp_path)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an undisturbed build makes."""
    ground = Ground(tmp_path_factory.mktemp("earlier"))
    ground.write(BUSY)
    done = ground.build()
    assert done.returncode == 0, done
    assert ground.artefact_is_whole()
    ground.nothing_left()
    assert ground.works() == []
    return ground.output


@pytest.fixture
def built(ground: Ground, earlier: Path) -> Ground:
    """With an artefact of an earlier build."""
    ground.write(BUSY)
    shutil.copytree(earlier, ground.output)
    assert ground.artefact_is_whole()
    return ground


def test_kill_9_at_many_moments(built: Ground) -> None:
    before = (built.output / "SHA256SUMS").read_bytes()
    moments = [0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.95, 1.1, 1.25, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9]
    killed = 0
    for moment in moments:
        process = built.start()
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.communicate()
        built.nothing_left()
        # Killed while its files came to their places: the next start brings the rest (see below).
        publishing = any(built.output.glob(".ready-*"))
        if (built.output / "SHA256SUMS").read_bytes() == before and not publishing:
            assert built.artefact_is_whole(), moment
        before = (built.output / "SHA256SUMS").read_bytes()
    assert killed >= 5
    done = built.build()
    assert done.returncode == 0, done
    assert built.artefact_is_whole()
    assert built.works() == []
    assert sorted(path.name for path in built.output.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize("event", ['"event": "run"', '"step": 1', '"step": 2', '"step": 3', '"step": 4', '"step": 5'])
def test_kill_9_at_each_step(built: Ground, event: str) -> None:
    process = built.start()
    built.wait_for_event(process, event + ', "macrostep"' if "step" in event else event)
    process.kill()
    process.communicate()
    built.nothing_left()
    assert built.artefact_is_whole()
    assert built.build().returncode == 0
    assert built.works() == []


def test_kill_9_while_the_run_directory_is_made(built: Ground) -> None:
    for number in range(8):
        before = set(built.runs())
        process = built.start()
        while process.poll() is None and not set(built.runs()) - before:
            time.sleep(0.001)
        time.sleep(number / 1000)
        process.kill()
        process.communicate()
        built.nothing_left()
    assert built.build().returncode == 0
    assert built.works() == []
    assert [name for name in os.listdir(built.output) if name.startswith(".")] == []


def test_kill_9_while_the_namespaces_are_made(built: Ground) -> None:
    for number in range(12):
        process = built.start()
        built.wait_for_event(process, '"event": "run"')
        time.sleep(number / 1000)
        process.kill()
        process.communicate()
        built.nothing_left()
    assert built.artefact_is_whole()


@pytest.mark.parametrize("which", ["sandbox", "parent"])
def test_kill_9_of_the_namespace_itself(built: Ground, which: str) -> None:
    process = built.start()
    built.wait_for_event(process, '"step": 2, "macrostep"')
    pid = int((built.run() / "sandbox").read_text())
    if which == "parent":
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(pid, signal.SIGKILL)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert b"Traceback" not in out
    assert out.splitlines()[-1].startswith(b"kameleon-tui: toy failed")
    built.nothing_left()
    assert built.artefact_is_whole()


def publishing(output: Path) -> bool:
    """Whether the sums of a new artefact are written, so that its files are about to take their places."""
    hidden = [output / name for name in os.listdir(output) if name.startswith((".ready-", ".partial-"))]
    try:
        return any("SHA256SUMS" in os.listdir(path) for path in hidden)
    except FileNotFoundError:  # renamed just now
        return True


def test_kill_9_while_publishing_is_mended_by_the_next_start(built: Ground) -> None:
    process = built.start()
    built.wait_for_event(process, '"step": 5, "macrostep"')
    while process.poll() is None:
        if publishing(built.output):
            process.kill()
            break
    process.communicate()
    built.nothing_left()
    assert built.build().returncode == 0
    assert built.artefact_is_whole()
    assert built.works() == []
    assert [name for name in os.listdir(built.output) if name.startswith(".")] == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_signal_ends_it_at_once(built: Ground, number: signal.Signals, status: int, step: int) -> None:
    process = built.start()
    built.wait_for_event(process, f'"step": {step}, "macrostep"')
    began = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert process.returncode == status
    assert b"Traceback" not in out
    built.nothing_left()
    assert built.artefact_is_whole()
    assert built.works() == []


def test_ctrl_c_on_a_terminal(built: Ground) -> None:
    terminal = Terminal(built, "build", "./toy.yaml")
    terminal.until("busy/deaf")
    terminal.type("\x03")
    assert terminal.status() == 130
    assert "interrupted by SIGINT" in terminal.text
    terminal.close()
    built.nothing_left()
    assert built.artefact_is_whole()
    assert built.build().returncode == 0


@pytest.mark.parametrize("where", ["running", "prompt", "shell"])
def test_the_terminal_hangs_up(built: Ground, where: str) -> None:
    if where != "running":
        built.write(FAILS)
    terminal = Terminal(built, "build", "./toy.yaml")
    terminal.until("busy/deaf" if where == "running" else "[a]bort ? ")
    if where == "shell":
        terminal.type("h\r")
        terminal.until(":/tmp# ")
    terminal.hang_up()
    assert terminal.status() in (129, -signal.SIGHUP)
    built.nothing_left()
    assert built.artefact_is_whole()
    built.write(BUSY)
    assert built.build().returncode == 0


@pytest.mark.parametrize("where", ["prompt", "shell"])
def test_sigterm_while_it_waits_for_a_person(built: Ground, where: str) -> None:
    built.write(FAILS)
    terminal = Terminal(built, "build", "./toy.yaml")
    terminal.until("[a]bort ? ")
    if where == "shell":
        terminal.type("h\r")
        terminal.until(":/tmp# ")
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.status() == 143
    terminal.close()
    built.nothing_left()
    assert built.artefact_is_whole()
    # Nobody was there to say so, but what led up to the failure is worth keeping.
    assert [path.name for path in built.works()] == [built.run().name]
    built.write(BUSY)
    assert built.build().returncode == 0


def test_a_shell_in_a_run_that_ends_is_over_too(built: Ground) -> None:
    built.write(FAILS)
    terminal = Terminal(built, "build", "./toy.yaml")
    terminal.until("[a]bort ? ")
    other = Terminal(built, "shell", "last")
    other.until(":/tmp# ")
    os.kill(terminal.pid, signal.SIGKILL)
    other.status()
    assert terminal.status() == -signal.SIGKILL
    other.close()
    terminal.close()
    built.nothing_left()


def test_a_failed_build_leaves_its_work_and_nothing_else(built: Ground) -> None:
    built.write(FAILS)
    done = built.build()
    assert done.returncode == 1
    built.nothing_left()
    assert built.artefact_is_whole()
    assert [path.name for path in built.works()] == [built.run().name]
    assert done.stderr.splitlines()[-1].startswith(b"kameleon-tui: toy failed at broken/step: exit status 1")
