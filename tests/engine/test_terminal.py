"""Lending our terminal: a command on a joined one, an editor on ours. Every child here has a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wizard.engine import terminal

JOINED = """
import os, sys, termios
from wizard.engine.terminal import run_joined
before = termios.tcgetattr(0)
status = run_joined(["setsid", "-c", "-w", "bash", "--norc", "-c", sys.argv[1]], dict(os.environ))
print("status", status, "same", termios.tcgetattr(0) == before)
"""
IN_FRONT = """
import sys
from wizard.engine.terminal import run_in_front
print("status", run_in_front(["bash", "-c", sys.argv[1]]))
"""
ROOT = Path(__file__).resolve().parents[2]


class Child:
    """A Python program in a session and terminal of its own; `text` is what came out of it."""

    def __init__(self, program: str, argument: str) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execv(sys.executable, [sys.executable, "-c", program, argument])
        self.text = ""

    def until(self, wanted: str, limit: float = 20) -> str:
        """Read until `wanted` was printed."""
        end = time.monotonic() + limit
        while wanted not in self.text:
            left = end - time.monotonic()
            assert left > 0, f"{wanted!r} did not come: {self.text!r}"
            if select.select([self.fd], [], [], left)[0]:
                self.text += self._read()
        return self.text

    def _read(self) -> str:
        try:
            return os.read(self.fd, 65536).decode()
        except OSError:
            pytest.fail(f"ended early: {self.text!r}")

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def status(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_output_status_and_modes() -> None:
    child = Child(JOINED, "tty -s && echo terminal; exit 7")
    text = child.until("same")
    assert "terminal" in text
    assert "status 7 same True" in child.until("True")
    assert child.status() == 0


def test_what_is_typed_gets_there_and_ctrl_c_is_the_commands_own() -> None:
    child = Child(JOINED, "trap 'echo caught' INT; echo ready; read line; echo \"got $line\"; exit 3")
    child.until("ready")
    child.type("\x03")
    child.until("caught")
    child.type("wo\x7ford\r")
    child.until("got word")
    child.until("status 3 same True")


def test_the_size_is_passed_on() -> None:
    child = Child(JOINED, "trap 'stty size' WINCH; trap 'exit 5' INT; echo ready; while :; do sleep 0.1; done")
    child.until("ready")
    fcntl.ioctl(child.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    child.until("33 77")
    child.type("\x03")
    child.until("status 5 same True")


def test_much_output_comes_whole() -> None:
    child = Child(JOINED, "seq 1 60000; echo end")
    text = child.until("same True")
    lines = text.replace("\r", "").split("\n")
    assert lines[:60001] == [*map(str, range(1, 60001)), "end"]


def test_a_program_left_behind_does_not_hold_us() -> None:
    began = time.monotonic()
    child = Child(JOINED, "sleep 60 & disown; echo bye; exit 0")
    child.until("status 0 same True")
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_us_after_the_terminal_is_as_before(number: signal.Signals) -> None:
    child = Child(JOINED, "echo ready; sleep 60")
    child.until("ready")
    lines = termios.tcgetattr(child.fd)[3]
    assert not lines & termios.ICANON  # raw while it is lent
    os.kill(child.pid, number)
    assert child.status() == -number
    assert termios.tcgetattr(child.fd)[3] & termios.ICANON


def test_ctrl_c_in_front_is_for_the_program() -> None:
    child = Child(IN_FRONT, "trap 'echo caught; exit 4' INT; echo ready; while :; do sleep 0.1; done")
    child.until("ready")
    child.type("\x03")
    child.until("status 4")
    assert child.status() == 0


def test_sigterm_in_front_ends_the_program_and_then_us() -> None:
    child = Child(IN_FRONT, "echo ready; exec sleep 60")
    child.until("ready")
    os.kill(child.pid, signal.SIGTERM)
    assert child.status() == -signal.SIGTERM


def test_handlers_are_given_back(capfd: pytest.CaptureFixture[str]) -> None:
    handlers: list[Callable[..., object] | int | signal.Handlers | None] = [signal.getsignal(n) for n in (2, 15, 1, 3)]
    assert terminal.run_in_front(["true"]) == 0
    assert [signal.getsignal(n) for n in (2, 15, 1, 3)] == handlers
