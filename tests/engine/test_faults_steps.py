"""Steps that misbehave: the run tells what they did, goes on or fails as it should, and leaves nothing."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.faults import Ground, ground_for

pytestmark = pytest.mark.real


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    yield from ground_for(tmp_path)


def events(ground: Ground, kind: str) -> list[dict[str, object]]:
    lines = (ground.run() / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


DAEMONS = """\
- leave:
  - local:
    - exec_local: |
        sleep 1000 &
        setsid nohup sleep 1000 >/dev/null 2>&1 &
        (while :; do sleep 1; done) &
    - exec_in: (while :; do sleep 1; done) & sleep 1000 &
  - after:
    - exec_local: echo after
"""


def test_daemons_neither_hold_the_run_nor_outlive_it(ground: Ground) -> None:
    ground.write(DAEMONS)
    began = time.monotonic()
    done = ground.build()
    assert done.returncode == 0, done
    assert time.monotonic() - began < 30
    assert b"after" in ground.log()
    ground.nothing_left()
    assert ground.artefact_is_whole()


STDIN = """\
- read:
  - everything:
    - exec_local: |
        cat; read -r line || echo "local: nothing to read"
    - exec_in: |
        cat; read -r line || echo "in: nothing to read"
  - after:
    - exec_in: echo after
"""


def test_a_step_that_reads_stdin_finds_its_end(ground: Ground) -> None:
    ground.write(STDIN)
    done = subprocess.run(
        ground.command("build", "./toy.yaml"), cwd=ground.cwd, env=ground.environment(), input=b"typed\n" * 1000,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    assert ground.log() == b"local: nothing to read\nin: nothing to read\nafter\n"


MUCH = """\
- print:
  - lines:
    - exec_local: head -c 50000000 < <(yes 'a line of output')
  - no_end_of_line:
    - exec_in: |
        text=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        for ((i = 0; i < 9; i++)); do text=$text$text; done
        for ((i = 0; i < 1000; i++)); do printf %s "$text"; done
"""


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_100_mb_of_output_are_kept_and_cost_no_memory(ground: Ground, words: list[str]) -> None:
    ground.write(MUCH)
    with (ground.base / "out").open("wb") as out:
        process = subprocess.Popen(
            ground.command("build", "./toy.yaml", *words), cwd=ground.cwd, env=ground.environment(),
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert (ground.run() / "logs" / "02-print.log").stat().st_size == 50_000_000 + 103 * 512 * 1000
    assert usage.ru_maxrss < 150_000  # kB
    assert usage.ru_utime < 60


BINARY = """\
- print:
  - bytes:
    - exec_in: |
        for ((i = 0; i < 256; i++)); do printf "\\\\x$(printf %x $i)"; done
  - escapes:
    - exec_local: printf '\\033[2J\\033]0;title\\007\\033[31mred\\033[0m 10%%\\r20%%\\n'; exit 3
"""


def test_bytes_are_kept_in_the_log_and_harmless_on_screens(ground: Ground) -> None:
    ground.write(BINARY)
    done = ground.build("-v")
    assert done.returncode == 1
    assert ground.log() == bytes(range(256)) + b"\033[2J\033]0;title\007\033[31mred\033[0m 10%\r20%\n"
    for text in (done.stdout, done.stderr, (ground.run() / "events.jsonl").read_bytes()):
        assert not set(text) & (set(range(32)) - {9, 10})
        text.decode()
    shown = subprocess.run(
        ground.command("runs", "log", "last"), cwd=ground.cwd, env=ground.environment(), capture_output=True, check=True
    ).stdout
    assert not set(shown) & (set(range(32)) - {9, 10})
    assert shown.splitlines()[-1] == b"20%"
    assert done.stderr.splitlines()[-1] == b"kameleon-tui: toy failed at print/escapes: exit status 3: 20%"


CARRIED = """\
- one:
  - change:
    - exec_in: |
        cd /tmp
        readonly fixed=stays
        declare -A map=([a b]='c "d"')
        greet() { echo "greet $1"; }
    - exec_local: cd /; readonly fixed=here; umask 077
  - same_macrostep:
    - exec_in: echo "$PWD $fixed ${map[a b]}"; greet you
    - exec_local: echo "$PWD $fixed $(umask)"
- two:
  - next_macrostep:
    - exec_in: echo "$PWD $fixed ${map[a b]}"; greet me
    - exec_local: echo "$PWD $fixed"
"""


def test_directories_readonly_variables_and_functions_are_carried_on(ground: Ground) -> None:
    ground.write(CARRIED)
    done = ground.build()
    assert done.returncode == 0, done
    assert ground.log().decode().splitlines() == [
        '/tmp stays c "d"', "greet you", "/ here 0077", '/tmp stays c "d"', "greet me", "/ here",
    ]  # fmt: skip
    assert ground.artefact_is_whole()


ENDS = """\
- ends:
  - before:
    - {context}: kept=before
  - bad:
    - {context}: |
        kept=inside
        {text}
        echo not reached
  - after:
    - {context}: echo "after $kept"
"""


@pytest.mark.parametrize("context", ["exec_local", "exec_in"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("exit 3", "exit status 3"),
        ("kill $$", "SIGTERM"),
        ("kill -9 $$", "SIGKILL"),
        ("exit 0", "exit 0"),
        ("exec cat", ""),
    ],
)
def test_a_step_that_ends_its_shell_has_failed(ground: Ground, context: str, text: str, reason: str) -> None:
    ground.write(ENDS.format(context=context, text=text))
    done = ground.build()
    assert done.returncode == 1, done
    [failure] = events(ground, "failure")
    assert (failure["macrostep"], failure["microstep"], failure["command"]) == ("ends", "bad", 1)
    assert reason in str(failure["reason"])
    ground.nothing_left()


@pytest.mark.parametrize("context", ["exec_local", "exec_in"])
def test_after_a_skip_the_next_step_has_a_shell_again(ground: Ground, context: str) -> None:
    ground.write(ENDS.format(context=context, text="exit 3"))
    done = ground.build("--on-failure", "skip")
    assert done.returncode == 0, done
    assert ground.log() == b"after inside\n"
    assert b"with 1 step skipped" in done.stdout
    ground.nothing_left()
    assert ground.artefact_is_whole()


LOOPS = """\
- loops:
  - for_ever:
    - exec_in: while :; do :; done
"""


def test_a_step_that_takes_too_long_is_ended(ground: Ground) -> None:
    ground.write(LOOPS)
    began = time.monotonic()
    done = ground.build("--step-timeout", "1")
    assert time.monotonic() - began < 30
    assert done.returncode == 1
    assert b"time limit of 1 s" in done.stderr.splitlines()[-1]
    ground.nothing_left()


FILLS = """\
- fill:
  - big:
    - {where}
"""


def in_tmpfs(ground: Ground, directory: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Build where `directory` is a tmpfs of 50 MB, then list the runs; the mount is nobody's but theirs."""
    directory.mkdir(parents=True, exist_ok=True)
    script = 'mount -t tmpfs -o size=50m tmpfs "$0" || exit 99; "$@"; status=$?; "$1" -m wizard runs list; exit $status'
    command = ["unshare", "--mount", "sh", "-c", script, str(directory), *ground.command("build", "./toy.yaml", *words)]
    return subprocess.run(
        command, cwd=ground.cwd, env=ground.environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("directory", "step"),
    [
        ("work", "exec_local: head -c 60000000 /dev/zero > $$chroot/big"),
        ("work", "exec_in: cat /dev/zero > /big"),
        ("cwd/build/toy", "exec_local: head -c 60000000 /dev/zero > $$output/big"),
    ],
)
def test_a_full_disk_is_named(ground: Ground, directory: str, step: str) -> None:
    ground.write(FILLS.format(where=step))
    done = in_tmpfs(ground, ground.base / directory)
    assert done.returncode == 1, done
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("kameleon-tui: toy failed at fill/big: ")
    assert "no space left" in last
    ground.nothing_left()


def test_a_full_disk_under_the_run_directory_is_no_fault_of_ours(ground: Ground) -> None:
    ground.write(FILLS.format(where="exec_local: yes 'many lines of output'"))
    done = in_tmpfs(ground, ground.base / "state")
    assert done.returncode == 3, done
    assert "No space left" in done.stderr.decode()
    assert done.stdout.decode().splitlines()[-1].startswith("toy-")  # the runs are listed nevertheless
    assert "Traceback" not in done.stderr.decode()
    ground.nothing_left()


SLOW = """\
- slow:
  - sleep:
    - exec_local: echo begun; sleep 5
"""


def test_two_builds_of_one_recipe_the_second_is_told_who_is_first(ground: Ground) -> None:
    ground.write(SLOW)
    first = ground.start()
    ground.wait_for_event(first, '"step": 1, "macrostep"')
    run = ground.run()
    second = ground.build()
    assert second.returncode == 5, second
    assert run.name in second.stderr.decode()
    assert str(first.pid) in second.stderr.decode()
    assert f"kameleon-tui runs attach {run.name}" in second.stderr.decode()
    assert first.poll() is None
    out, _ = first.communicate(timeout=60)
    assert first.returncode == 0, out
    assert ground.artefact_is_whole()
    assert ground.works() == []
    again = subprocess.run(
        ground.command("runs", "list"),
        cwd=ground.cwd,
        env=ground.environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert len(again.splitlines()) <= 3
    assert "running" not in again


def test_the_same_recipe_to_another_directory_is_another_build(ground: Ground) -> None:
    ground.write(SLOW)
    first = ground.start()
    ground.wait_for_event(first, '"step": 1, "macrostep"')
    assert ground.build("--output", "other").returncode == 0
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert (ground.cwd / "other" / "SHA256SUMS").exists()
    assert ground.artefact_is_whole()
