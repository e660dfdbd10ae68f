"""Which terminal is this, how large, and what it takes. Nothing here asks the terminal itself: a serial line with
nobody at its other end does not answer, and what comes late is read as keys."""

from __future__ import annotations

import codecs
import fcntl
import os
import re
import struct
import sys
import termios
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

USUAL = (80, 24)  # columns, lines: where nobody knows
SMALLEST = (20, 5)  # below, borders have no inside, and Textual's widgets fail

_CONSOLES = re.compile(r"(?:(?:screen|tmux)[.-])?(?:linux|vt\d+|ansi|cons25|sun)(?:[-+.].*)?")
_SERIAL = re.compile(r"/dev/(?:tty[A-Za-z]|hvc|hvsi|xvc|sclp_line|ttysclp)\w*")


@dataclass(frozen=True, slots=True)
class Terminal:
    """`console`: draw with what a console's font has, only what changed; `utf8`: whether it is written UTF-8."""

    console: bool
    utf8: bool = True
    colours: bool = True


def terminal(environment: Mapping[str, str], device: str, encoding: str) -> Terminal:
    """What is known of the terminal: TERM and NO_COLOR, the device it is ("" when it has no name), and the encoding of
    what we write (the locale's)."""
    utf8 = codecs.lookup(encoding).name == "utf-8"
    console = bool(_CONSOLES.fullmatch(environment.get("TERM", "")) or _SERIAL.fullmatch(device))
    return Terminal(console or not utf8, utf8, "NO_COLOR" not in environment)


def this_terminal() -> Terminal:
    """The terminal screens are drawn on: that of stderr."""
    stream = sys.__stderr__
    if stream is None or not stream.isatty():
        return Terminal(console=False)
    try:
        device = os.ttyname(stream.fileno())
    except OSError:  # it has no name here: a container's, made outside
        device = ""
    return terminal(os.environ, device, stream.encoding)


def size(descriptors: Iterable[int], environment: Mapping[str, str]) -> tuple[int, int]:
    """(columns, lines) as the terminal's own device has them; a serial line has 0x0 until somebody says more: then
    COLUMNS and LINES count, else 80x24. Not clamped."""
    for descriptor in descriptors:
        try:
            found = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
        except OSError:
            continue
        lines, columns = struct.unpack("HHHH", found)[:2]
        if columns and lines:
            return columns, lines
    columns, lines = (_number(environment.get(name, "")) for name in ("COLUMNS", "LINES"))
    return columns or USUAL[0], lines or USUAL[1]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def clamp(found: tuple[int, int]) -> tuple[int, int]:
    """The size screens are laid out for."""
    return max(found[0], SMALLEST[0]), max(found[1], SMALLEST[1])


def knobs(found: Terminal) -> dict[str, str]:
    """Textual's settings for this terminal; it reads them from the environment when it is imported."""
    # Nothing of ours moves by itself, and a slow line has no bytes to waste on it.
    set_for_all = {"TEXTUAL_ANIMATIONS": "none"}
    if not found.console:
        return set_for_all
    return {
        **set_for_all,
        "TEXTUAL_SMOOTH_SCROLL": "0",
        "TEXTUAL_COLOR_SYSTEM": "standard",
        "TEXTUAL_DISABLE_KITTY_KEY": "1",
    }
