"""Which terminal is a console, how large it is, what is set for it."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Iterator

import pytest

from wizard.tui.driver.terminal import Terminal, clamp, knobs, size, terminal


@pytest.mark.parametrize(
    "term",
    [
        "linux",
        "linux-16color",
        "vt100",
        "vt102",
        "vt220",
        "vt320",
        "ansi",
        "screen.linux",
        "screen.vt220",
        "tmux-linux",
    ],
)
def test_consoles(term: str) -> None:
    assert terminal({"TERM": term}, "/dev/pts/3", "utf-8") == Terminal(console=True)


@pytest.mark.parametrize(
    "term", ["xterm", "xterm-256color", "screen", "screen-256color", "tmux-256color", "foot", "rxvt"]
)
def test_terminals_that_textual_draws_on_well(term: str) -> None:
    assert terminal({"TERM": term}, "/dev/pts/3", "utf-8") == Terminal(console=False)


@pytest.mark.parametrize(
    ("device", "console"),
    [
        ("/dev/ttyS0", True), ("/dev/ttyUSB1", True), ("/dev/ttyAMA0", True), ("/dev/hvc0", True),
        ("/dev/pts/0", False), ("/dev/tty1", False), ("/dev/tty", False), ("", False),
    ],
)  # fmt: skip
def test_a_serial_line_is_one_whatever_is_at_its_other_end(device: str, console: bool) -> None:
    assert terminal({"TERM": "xterm-256color"}, device, "utf-8").console is console


@pytest.mark.parametrize(
    ("encoding", "utf8"), [("UTF-8", True), ("utf8", True), ("ISO-8859-1", False), ("ascii", False)]
)
def test_who_does_not_read_utf8_gets_ascii(encoding: str, utf8: bool) -> None:
    found = terminal({"TERM": "xterm"}, "/dev/pts/0", encoding)
    assert (found.utf8, found.console) == (utf8, not utf8)


def test_no_color() -> None:
    assert terminal({"TERM": "linux", "NO_COLOR": ""}, "/dev/tty1", "utf-8").colours is False


def test_knobs() -> None:
    assert knobs(Terminal(console=False)) == {"TEXTUAL_ANIMATIONS": "none"}
    assert knobs(Terminal(console=True))["TEXTUAL_COLOR_SYSTEM"] == "standard"


@pytest.fixture
def device() -> Iterator[int]:
    master, slave = os.openpty()
    yield slave
    os.close(master)
    os.close(slave)


def told(device: int, columns: int, lines: int) -> None:
    fcntl.ioctl(device, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def test_the_device_says_its_size_whatever_the_environment_says(device: int) -> None:
    told(device, 132, 43)
    assert size([device], {"COLUMNS": "80", "LINES": "24"}) == (132, 43)


def test_a_line_without_a_size(device: int) -> None:
    assert size([device], {}) == (80, 24)
    assert size([device], {"COLUMNS": "100", "LINES": "40"}) == (100, 40)
    assert size([device], {"COLUMNS": "many", "LINES": "40"}) == (80, 40)
    assert size([device], {"COLUMNS": "²", "LINES": "99999"}) == (80, 24)


def test_the_first_device_that_knows_counts(device: int, tmp_path: object) -> None:
    reading, writing = os.pipe()
    other_master, other = os.openpty()
    told(other, 90, 30)
    try:
        assert size([reading, device, other], {}) == (90, 30)
    finally:
        for each in (reading, writing, other_master, other):
            os.close(each)


@pytest.mark.parametrize(("real", "laid_out"), [((1, 1), (20, 5)), ((10, 3), (20, 5)), ((40, 12), (40, 12))])
def test_screens_have_a_smallest_size(real: tuple[int, int], laid_out: tuple[int, int]) -> None:
    assert clamp(real) == laid_out
