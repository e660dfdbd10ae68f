"""A person at the prompts of a real build: what is typed, what is seen. Needs root, no network."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.faults import Ground, Terminal, ground_for

pytestmark = pytest.mark.real

SETUP = """\
- first:
  - counted:
    - exec_local: echo x >> "$KAMELEON_CWD/runs_of_counted"
    - exec_in: colour=red; cd /root; paint() { echo "paint $1"; }
- second:
  - broken:
    - exec_in: |
        fruit=apple
        say() { echo "say $1"; }
        cd /tmp
        [[ -e /tmp/mended ]]
  - last:
    - exec_in: echo "last $fruit"
"""
EXPORT = "export:\n  - copy:\n    - thing:\n      - exec_local: echo thing > $$output/thing\n"


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    for made in ground_for(tmp_path):
        made.write(SETUP, EXPORT)
        yield made


@pytest.fixture
def sit(ground: Ground) -> Iterator[Callable[..., Terminal]]:
    """Sit down at a terminal and start the program."""
    terminals: list[Terminal] = []

    def sit(*words: str) -> Terminal:
        terminals.append(Terminal(ground, *words))
        return terminals[-1]

    yield sit
    for terminal in terminals:
        terminal.close()


def editor(ground: Ground, monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    """An editor that writes these texts, one at each call."""
    for number, text in enumerate(texts):
        (ground.base / f"text{number}").write_text(text)
    path = ground.base / "editor"
    path.write_text(
        f'#!/bin/sh\ncd {ground.base}\nn=$(cat calls 2>/dev/null || echo 0)\ncat "$1" > seen$n\ncat text$n > "$1"\n'
        "echo $((n + 1)) > calls\n"
    )
    path.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(path))


def finished(ground: Ground, terminal: Terminal) -> None:
    assert terminal.status() == 0, terminal.text
    assert (ground.cwd / "runs_of_counted").read_text() == "x\n"
    ground.nothing_left()
    assert ground.artefact_is_whole()


PROMPT = "[r]etry [e]dit and retry [s]kip s[h]ell [a]bort ? "


def test_a_shell_has_the_steps_variables_and_the_step_is_retried(ground: Ground, sit: Callable[..., Terminal]) -> None:
    terminal = sit("build", "./toy.yaml")
    terminal.until("FAIL")
    terminal.until("line 4: [[ -e /tmp/mended ]]")
    terminal.until(PROMPT)
    terminal.type("what?\r")
    terminal.until("not understood")
    terminal.until("files are not undone")
    terminal.until(PROMPT)
    terminal.type("h\r")
    terminal.until("in) ")
    terminal.type("say $fruit; echo $PWD $KAMELEON_RECIPE; mkdir /tmp/mended; exit 3\r")
    terminal.until("say apple")
    terminal.until("/tmp toy")
    terminal.until(PROMPT)
    terminal.type("r\r")
    terminal.until("attempt 2")
    terminal.until("toy: done")
    finished(ground, terminal)
    assert b"last apple" in ground.log()


def test_edit_and_retry_until_it_is_taken(
    ground: Ground, sit: Callable[..., Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(ground, monkeypatch, "- exec_inn: true\n", "- exec_in: fruit=pear; false\n", "- exec_in: fruit=plum\n")
    terminal = sit("build", "./toy.yaml")
    terminal.until(PROMPT)
    terminal.type("e\r")
    terminal.until("exec_inn")  # refused, with the nearest right name
    terminal.until("exec_in")
    terminal.until(PROMPT)
    terminal.type("edit\r")
    terminal.until("FAIL")
    terminal.until("edited/")  # the failure is in the edited text
    terminal.until(PROMPT)
    terminal.type("e\r")
    terminal.until("toy: done")
    finished(ground, terminal)
    assert b"last plum" in ground.log()
    assert "[[ -e /tmp/mended ]]" in (ground.base / "seen0").read_text()
    assert (ground.base / "seen1").read_text() == "- exec_inn: true\n"
    assert (ground.base / "seen2").read_text() == "- exec_in: fruit=pear; false\n"


def test_skip_is_told_at_the_end(ground: Ground, sit: Callable[..., Terminal]) -> None:
    terminal = sit("build", "./toy.yaml")
    terminal.until(PROMPT)
    terminal.type("s\r")
    terminal.until("toy: done")
    terminal.until("with 1 step skipped")
    finished(ground, terminal)
    assert b"last apple" in ground.log()  # as the failed step left them


def test_abort_keeps_the_work_and_resume_goes_on(ground: Ground, sit: Callable[..., Terminal]) -> None:
    terminal = sit("build", "./toy.yaml")
    terminal.until(PROMPT)
    terminal.type("a\r")
    terminal.until("kameleon-tui build --resume ")
    assert terminal.status() == 1
    last = terminal.text.strip().splitlines()[-1]
    assert last == "kameleon-tui: toy failed at second/broken: exit status 1"
    work = json.loads((ground.run() / "run.json").read_text())["workdir"]
    (Path(work) / "chroot" / "tmp" / "mended").mkdir()
    again = sit("build", "--resume", ground.run().name)
    again.until("goes on: 2 steps done before")
    again.until("toy: done")
    finished(ground, again)


@pytest.mark.parametrize("key", ["t\r", "\x04"])
def test_stop_at_a_breakpoint_keeps_the_work(ground: Ground, sit: Callable[..., Terminal], key: str) -> None:
    terminal = sit("build", "./toy.yaml", "--break", "second")
    terminal.until("breakpoint before second/broken: [c]ontinue [s]kip s[h]ell s[t]op [a]bort ? ")
    terminal.type(key)
    assert terminal.status() == 4
    assert "kameleon-tui build --resume" in terminal.text
    ground.nothing_left()
    assert len(ground.works()) == 1


def test_breakpoints_continue_and_skip(ground: Ground, sit: Callable[..., Terminal]) -> None:
    terminal = sit("build", "./toy.yaml", "--break", "first", "--break", "second/broken")
    terminal.until("breakpoint before first/counted: ")
    terminal.type("c\r")
    terminal.until("breakpoint before second/broken: ")
    terminal.type("skip\r")
    terminal.until("with 1 step skipped")
    finished(ground, terminal)


def test_attached_elsewhere_somebody_answers(ground: Ground, sit: Callable[..., Terminal]) -> None:
    terminal = sit("build", "./toy.yaml")
    terminal.until(PROMPT)
    other = sit("runs", "attach", "--plain")
    other.until(PROMPT)
    other.type("skip\r")
    other.until("toy: done")
    assert other.status() == 0
    terminal.until("skip (by socket)")
    finished(ground, terminal)


def test_leaving_attach_does_not_end_the_run(ground: Ground, sit: Callable[..., Terminal]) -> None:
    terminal = sit("build", "./toy.yaml")
    terminal.until(PROMPT)
    other = sit("runs", "attach", "--plain")
    other.until(PROMPT)
    other.type("\x03")
    other.until("Left; the run goes on")
    assert other.status() == 130
    terminal.type("s\r")
    finished(ground, terminal)


def test_without_a_terminal_it_waits_for_somebody_who_attaches(ground: Ground, sit: Callable[..., Terminal]) -> None:
    process = ground.start("--on-failure", "ask")
    ground.wait_for_event(process, '"event": "waiting"')
    terminal = sit("runs", "attach", "last", "--plain")
    terminal.until(PROMPT)
    terminal.type("skip\r")
    assert terminal.status() == 0
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"kameleon-tui runs attach toy-" in out


def test_shell_in_the_work_of_a_run_that_is_over(ground: Ground, sit: Callable[..., Terminal]) -> None:
    """With what its next step would begin with."""
    assert ground.build().returncode == 1
    terminal = sit("shell", "last")
    terminal.until("in) ")
    terminal.type("paint $colour; mkdir /tmp/mended; exit 6\r")
    terminal.until("paint red")
    assert terminal.status() == 6
    typed = subprocess.run(
        ground.command("shell", "last"), cwd=ground.cwd, env=ground.environment(),
        input=b'paint "$colour"; read -r x || echo "$PWD"; exit 5', capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert (typed.returncode, typed.stdout) == (5, b"paint red\n/root\n"), typed
    ground.nothing_left()
    assert ground.build("--resume", "last").returncode == 2  # a recipe is one too many
    resumed = sit("build", "--resume", "last")
    resumed.until("toy: done")
    finished(ground, resumed)


def test_in_a_pipe_with_a_person_at_the_keyboard_the_prompt_is_on_the_terminal(ground: Ground) -> None:
    terminal = Terminal.__new__(Terminal)
    pid, fd = os.forkpty()
    if pid == 0:
        os.chdir(ground.cwd)
        command = " ".join(ground.command("build", "./toy.yaml"))
        os.execve("/bin/sh", ["sh", "-c", f"{command} | cat > log"], ground.environment())
    terminal.pid, terminal.fd, terminal.text, terminal.ended = pid, fd, "", None
    terminal.until(PROMPT)
    terminal.type("a\r")
    terminal.until("kameleon-tui: toy failed at second/broken: exit status 1")
    terminal.status()
    terminal.close()
    log = (ground.cwd / "log").read_text()
    assert "FAIL  3/5" in log
    assert log.splitlines()[-1] == "kameleon-tui: toy failed at second/broken: exit status 1"
    assert "\x1b" not in log


def test_ctrl_z_and_fg(ground: Ground) -> None:
    pid, fd = os.forkpty()
    if pid == 0:
        os.chdir(ground.cwd)
        os.execve("/bin/bash", ["bash", "--norc", "-i"], ground.environment())
    terminal = Terminal.__new__(Terminal)
    terminal.pid, terminal.fd, terminal.text, terminal.ended = pid, fd, "", None
    terminal.type(" ".join(ground.command("build", "./toy.yaml")) + "\r")
    terminal.until(PROMPT)
    terminal.type("\x1a")
    terminal.until("Stopped")
    terminal.type("fg\r")
    terminal.type("s\r")
    terminal.until("toy: done")
    terminal.type("exit\r")
    terminal.status()
    terminal.close()
    ground.nothing_left()
