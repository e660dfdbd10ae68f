"""Typing at a prompt on a pty: editing, the countdown in lines, and nothing a terminal would have to understand."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator

import pytest

from wizard.flow.countdown import Countdown
from wizard.plain.typist import TerminalTypist, TimeUp


class Clock:
    """Each look at it takes a while."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class Pty:
    def __init__(self) -> None:
        self.person, self.program = os.openpty()
        os.set_blocking(self.person, False)

    def type(self, keys: str | bytes) -> None:
        os.write(self.person, keys.encode() if isinstance(keys, str) else keys)

    def seen(self) -> str:
        found = b""
        try:
            while data := os.read(self.person, 65536):
                found += data
        except BlockingIOError:
            pass
        return found.decode().replace("\r\n", "\n")

    def typist(self, countdown: Countdown) -> TerminalTypist:
        return TerminalTypist(self.program, self.program, countdown)


@pytest.fixture
def pty() -> Iterator[Pty]:
    made = Pty()
    yield made
    os.close(made.person)
    os.close(made.program)


def quiet() -> Countdown:
    return Countdown(float("inf"), clock=Clock())


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("fr\n", "fr"),
        ("fr\r", "fr"),
        ("frx\x7f\n", "fr"),
        ("\x7f\x7ffr\b\br\n", "r"),
        ("wrong\x15fr\n", "fr"),
        ("\x1b[Af\x07\tr\n", "[Afr"),
        ("Zürich\n", "Zürich"),
        ("\n", ""),
    ],
)
def test_a_line(pty: Pty, keys: str, line: str) -> None:
    with pty.typist(quiet()).sitting() as typist:
        pty.type(keys)
        assert typist.ask("Name: ") == line
    seen = pty.seen()
    assert seen.startswith("Name: ")
    assert seen.endswith("\n")
    assert "\x1b" not in seen


def test_two_lines_at_once_and_bytes_that_are_no_text(pty: Pty) -> None:
    with pty.typist(quiet()).sitting() as typist:
        pty.type(b"one\nt\xffwo\n")
        assert typist.ask("? ") == "one"
        assert typist.ask("? ") == "t\ufffdwo"


def test_who_leaves(pty: Pty) -> None:
    with pty.typist(quiet()).sitting() as typist:
        pty.type("a\x04\n")
        assert typist.ask("? ") == "a"  # Ctrl-D on a line with something is no end
        pty.type("\x04")
        with pytest.raises(EOFError):
            typist.ask("? ")


def test_the_terminal_is_as_before_afterwards(pty: Pty) -> None:
    before = termios.tcgetattr(pty.program)
    with pytest.raises(ZeroDivisionError), pty.typist(quiet()).sitting():
        _ = 1 // (termios.tcgetattr(pty.program) == before)
    assert termios.tcgetattr(pty.program) == before


def test_the_countdown_is_told_in_lines_and_ends(pty: Pty) -> None:
    # Each look at the clock takes a second, each wait for a key half a second of ours.
    countdown = Countdown(30, clock=Clock(step=1.0))
    with pty.typist(countdown).sitting() as typist, pytest.raises(TimeUp):
        typist.ask("Name [x]: ")
    told = [line for line in pty.seen().split("\n") if "defaults are taken in" in line]
    assert 3 <= len(told) <= 5  # at 30, 20, 10 and 5 s, not each second
    assert countdown.over


def test_a_key_stops_the_countdown(pty: Pty) -> None:
    clock = Clock()
    countdown = Countdown(30, clock=clock)
    with pty.typist(countdown).sitting() as typist:
        pty.type("a\n")
        assert typist.ask("? ") == "a"
        assert countdown.stopped
        clock.now += 599
        pty.seen()
        pty.type("b\n")
        assert typist.ask("? ") == "b"
        assert pty.seen() == "? b\n"
        clock.now += 601
        pty.type("c\n")
        assert typist.ask("? ") == "c"
        assert pty.seen().startswith("No key for 10 minutes: the defaults are taken in ")


def test_lines_are_wrapped_below_their_text_and_made_safe(pty: Pty) -> None:
    pty.typist(quiet()).say("  12  " + "word " * 20, "", "a\x1b[31mb\tc\x07")
    seen = pty.seen().split("\n")
    assert max(map(len, seen)) <= 79
    assert seen[1].startswith("      word")
    assert seen[2:] == ["", "ab c\ufffd", ""]
