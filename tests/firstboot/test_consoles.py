"""Lines reach every console, whatever state it is in."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyte

from wizard.firstboot.consoles import console_names, tell


def test_the_first_screen_and_every_serial_line() -> None:
    assert console_names("tty0 ttyS0\n") == ["tty1", "ttyS0"]
    assert console_names("ttyS0\n") == ["tty1", "ttyS0"]
    assert console_names("ttyS0 ttyAMA1 tty0") == ["tty1", "ttyS0", "ttyAMA1"]
    assert console_names("") == ["tty1"]


def test_lines_are_written_whole_and_plain() -> None:
    master, slave = os.openpty()
    tell(["kameleon: first boot done: role=both", "zweite Zeile: \u00fc"], [Path(os.ttyname(slave))])
    assert os.read(master, 1000).replace(b"\r\r", b"\r") == (
        b"kameleon: first boot done: role=both\r\nzweite Zeile: ?\r\n\r\n"
    )
    os.close(master)
    os.close(slave)


def test_what_systemd_says_next_takes_no_line_away() -> None:
    master, slave = os.openpty()
    screen = pyte.Screen(80, 24)
    stream = pyte.ByteStream(screen)
    stream.feed(b"[ ***  ] Job kameleon-firstboot.service/start running (1min / 10min)\r\n")
    tell(["kameleon: first boot failed at database/start"], [Path(os.ttyname(slave))])
    stream.feed(os.read(master, 1000))
    # ECMA-48: one line up, to its beginning, erase it.
    stream.feed(b"\x1bM\r\x1b[K[FAILED] Failed to start kameleon-firstboot.service\r\n")
    shown = [line.rstrip() for line in screen.display if line.strip()]
    assert shown[1:] == [
        "kameleon: first boot failed at database/start",
        "[FAILED] Failed to start kameleon-firstboot.service",
    ]
    os.close(master)
    os.close(slave)


def test_a_console_that_takes_nothing_holds_nobody() -> None:
    stuck, stuck_slave = os.openpty()
    good, good_slave = os.openpty()
    consoles = [Path("/nonexistent/tty9"), Path(os.ttyname(stuck_slave)), Path(os.ttyname(good_slave))]
    began = time.monotonic()
    tell(["x" * 100_000], consoles[:2])
    assert time.monotonic() - began < 5
    tell(["here"], [consoles[0], consoles[2]])
    assert b"here" in os.read(good, 1000)
    for descriptor in (stuck, stuck_slave, good, good_slave):
        os.close(descriptor)
