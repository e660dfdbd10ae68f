"""How the first boot asks: a function of the terminal, the options and the kernel command line."""

from __future__ import annotations

import os
import termios

import pytest

from wizard.firstboot.face import Face, Terminal, bits_a_second, choose, is_serial, terminal_of

XTERM = Terminal("xterm-256color", 80, 24)


@pytest.mark.parametrize(
    ("terminal", "face"),
    [
        (None, Face.NOBODY),
        (XTERM, Face.SCREENS),
        (Terminal("linux", 160, 50), Face.SCREENS),
        (Terminal("vt220"), Face.SCREENS),  # a serial line does not tell its size
        (Terminal("vt220", speed=115200), Face.SCREENS),
        (Terminal("vt220", 80, 24, 38400), Face.LINES),
        (Terminal("vt220", 0, 0, 9600), Face.LINES),
        (Terminal("dumb", 80, 24), Face.LINES),
        (Terminal("unknown", 80, 24), Face.LINES),
        (Terminal("", 80, 24), Face.LINES),
        (Terminal("xterm", 59, 24), Face.LINES),
        (Terminal("xterm", 80, 15), Face.LINES),
        (Terminal("xterm", 60, 16), Face.SCREENS),
        (Terminal("xterm", 1, 1), Face.LINES),
    ],
)
def test_by_the_terminal(terminal: Terminal | None, face: Face) -> None:
    found, why = choose(terminal)
    assert found is face
    assert (why == "") == (face is Face.SCREENS)


def test_somebody_asks_for_lines() -> None:
    assert choose(XTERM, plain=True) == (Face.LINES, "--plain asks for lines")
    assert choose(XTERM, a11y=True) == (Face.LINES, "kameleon.a11y asks for lines")
    assert choose(None, plain=True)[0] is Face.NOBODY


@pytest.mark.parametrize(
    ("name", "serial"),
    [("/dev/ttyS0", True), ("/dev/ttyAMA0", True), ("/dev/ttyUSB3", True), ("/dev/pts/3", False), ("/dev/tty1", False),
     ("/dev/console", False), ("/dev/hvc0", False)],
)  # fmt: skip
def test_which_terminals_have_a_speed(name: str, serial: bool) -> None:
    assert is_serial(name) is serial


def test_speeds() -> None:
    assert bits_a_second(termios.B9600) == 9600
    assert bits_a_second(termios.B115200) == 115200
    assert bits_a_second(termios.B0) == 0
    assert bits_a_second(0o7777777) == 0


def test_a_pty_is_no_serial_line_whatever_speed_it_says() -> None:
    person, program = os.openpty()
    try:
        termios.tcsetwinsize(program, (30, 100))
        assert termios.tcgetattr(program)[5] == termios.B38400
        found = terminal_of({"TERM": "xterm"}, program, program)
        assert found == Terminal("xterm", 100, 30, 0)
    finally:
        os.close(person)
        os.close(program)
    reader, writer = os.pipe()
    try:
        assert terminal_of({"TERM": "xterm"}, reader, writer) is None
    finally:
        os.close(reader)
        os.close(writer)
