"""What consoles and serial lines do to the first boot's screens; test_consoles.py does the same to the wizard's."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pytest

from tests.firstboot.recorded import tree
from tests.pty.console import WIZARD, Console, console
from wizard.errors import STOPPED

pytestmark = pytest.mark.real

FIRST = ("Keyboard", "defaults are taken in", "F10 Quit")
DOWN, ESC, F5, F10, CTRL_R = "\x1b[B", "\x1b", "\x1b[15~", "\x1b[21~", "\x12"


class Start(Protocol):
    def __call__(
        self,
        term: str = "linux",
        size: tuple[int, int] = (80, 24),
        environment: Mapping[str, str] | None = None,
        controlling: bool = True,
    ) -> AbstractContextManager[Console]: ...


@pytest.fixture
def start(tmp_path: Path) -> Start:
    words = (*WIZARD, "firstboot", "--dry-run", "--root", str(tree(tmp_path / "root")))

    def started(
        term: str = "linux",
        size: tuple[int, int] = (80, 24),
        environment: Mapping[str, str] | None = None,
        controlling: bool = True,
    ) -> AbstractContextManager[Console]:
        return console(tmp_path, *words, term=term, size=size, environment=environment, controlling=controlling)

    return started


@pytest.fixture
def linux(start: Start) -> Iterator[Console]:
    with start() as made:
        made.settle(*FIRST)
        yield made


def leave(made: Console) -> None:
    made.press(F10)
    made.wait("Nothing was changed.")
    made.press("q")
    assert made.end() == STOPPED
    assert made.as_before
    assert not made.cursor_hidden


@pytest.mark.parametrize("term", ["vt100", "vt220", "xterm-256color"])
def test_a_line_without_a_size(start: Start, term: str) -> None:
    with start(term, (0, 0)) as made:
        made.settle(*FIRST)
        assert made.screen.splitlines()[23].startswith(" Enter Next")
        leave(made)


def test_the_size_of_the_device_wins_over_the_environment(start: Start) -> None:
    with start(environment={"COLUMNS": "200", "LINES": "60"}) as made:
        made.wait(*FIRST)
        assert made.screen.splitlines()[23].startswith(" Enter Next")


@pytest.mark.parametrize("term", ["linux", "xterm-256color"])
def test_who_does_not_read_utf8_gets_ascii(start: Start, term: str) -> None:
    with start(term, environment={"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}) as made:
        made.settle(*FIRST)
        assert made.said.isascii()
        assert "\\u" not in made.screen
        leave(made)


def test_another_size_at_each_question(linux: Console) -> None:
    """From 40x12 to 200x60 and back, forwards and backwards: the question stays, its focus can be seen, keys count."""
    linux.press(DOWN, DOWN)
    linux.wait("> French")
    sizes = [(40, 12), (200, 60), (60, 16), (132, 50), (80, 24)]
    for number, (columns, lines) in enumerate(sizes, start=1):
        linux.resize(columns, lines)
        linux.wait(f"{number} of")
        linux.read(0.2)
        assert not linux.cursor_hidden
        assert 0 <= linux.cursor[1] < lines
        linux.press("\r" if number < len(sizes) else ESC)
    linux.wait(f"{len(sizes) - 1} of")
    leave(linux)


@pytest.mark.parametrize("key", [F5, CTRL_R])
def test_a_key_asks_for_the_size_again(linux: Console, key: str) -> None:
    # What a serial line does: the size is told to the device (stty), no signal comes of it.
    linux.process.send_signal(signal.SIGSTOP)
    linux.resize(100, 30)
    linux.process.send_signal(signal.SIGCONT)
    linux.press(key)
    linux.wait("Keyboard")
    linux.read(0.3)
    assert linux.screen.splitlines()[29].startswith(" Enter Next")


def test_what_others_wrote_is_painted_over(linux: Console) -> None:
    linux.press(DOWN, DOWN)  # the countdown stops, and what is on the screen stays
    linux.wait("> French")
    linux.read(0.5)
    before = linux.screen
    linux.scribble("\x1b[5;1H[  12.345] usb 1-1: new device\r\n\r\n\x0e\x1b[31;5mfoo\r\n" * 9)
    assert linux.screen != before
    linux.press(F5)
    linux.read(0.5)
    assert linux.screen == before
    leave(linux)


def test_noise_on_the_line(linux: Console) -> None:
    linux.press(b"\xff\xfe\x80", b"\x1b[", b"\xc3", b"\x00\x1b]x", b"\x1b[200~abc\x1b[201~", b"\x1b[?1;2c", b"\x1b[:0u")
    linux.read(0.5)
    linux.press(b"\xc3")  # half a character
    linux.read(0.2)
    linux.press(F10)
    linux.wait("Nothing was changed.")


def test_a_stop_of_what_nobody_could_wake_is_ignored(linux: Console) -> None:
    linux.process.send_signal(signal.SIGTSTP)
    linux.read(0.5)
    linux.press(DOWN, DOWN)
    linux.wait("> French")
    leave(linux)


@pytest.mark.parametrize("controlling", [True, False])
@pytest.mark.parametrize("term", ["linux", "xterm-256color"])
def test_a_line_that_is_unplugged(start: Start, term: str, controlling: bool) -> None:
    """With a signal that tells of it and without one."""
    with start(term, controlling=controlling) as made:
        made.settle(*FIRST)
        made.hang_up()
        assert made.process.wait(60) in (128 + signal.SIGHUP, -signal.SIGHUP)


def test_a_line_that_takes_nothing(linux: Console) -> None:
    for _ in range(60):  # nobody reads what these make it write
        linux.press(F5)
        time.sleep(0.02)
    os.kill(linux.process.pid, signal.SIGTERM)
    assert linux.process.wait(60) == 128 + signal.SIGTERM
