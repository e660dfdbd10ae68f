"""How the first boot asks: on screens, in lines, on every console at once, or nobody."""

from __future__ import annotations

import enum
import os
import re
import termios
from collections.abc import Mapping
from dataclasses import dataclass

from wizard.arguments import DUMB

#: The smallest terminal that a screen of questions fits on.
COLUMNS, ROWS = 60, 16
#: Bits a second of a serial line on which a screen (some 5 kB) takes longer than a second and a half.
SLOWEST = 38400


class Face(enum.Enum):
    SCREENS = "screens"
    LINES = "lines"
    CONSOLES = "on every console, each in its own way"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Terminal:
    """What is known of the terminal. `columns`, `rows`: 0 where it does not tell; `speed`: bits a second of a serial
    line, 0 for what is none (a pty and the screen say 38400, which means nothing)."""

    term: str
    columns: int = 0
    rows: int = 0
    speed: int = 0


def choose(terminal: Terminal | None, *, plain: bool = False, a11y: bool = False) -> tuple[Face, str]:
    """The face, and why, as a clause ("" for screens). `terminal`: None where there is none; `plain`: somebody asked
    for lines; `a11y`: the kernel command line did."""
    if terminal is None:
        return Face.NOBODY, "there is no terminal to ask on"
    small = 0 < terminal.columns < COLUMNS or 0 < terminal.rows < ROWS
    reasons = {
        "--plain asks for lines": plain,
        "kameleon.a11y asks for lines": a11y,
        f"TERM={terminal.term or 'unset'} cannot show screens": terminal.term in DUMB,
        f"the terminal has {terminal.columns}x{terminal.rows}, and screens take {COLUMNS}x{ROWS}": small,
        f"the line carries {terminal.speed} bits a second": 0 < terminal.speed <= SLOWEST,
    }
    why = next((reason for reason, holds in reasons.items() if holds), "")
    return (Face.LINES if why else Face.SCREENS), why


def terminal_of(environment: Mapping[str, str], keyboard: int = 0, screen: int = 2) -> Terminal | None:
    """The terminal of these descriptors (Textual draws on stderr); None when one of them is none."""
    try:
        if not (os.isatty(keyboard) and os.isatty(screen)):
            return None
        columns, rows = os.get_terminal_size(screen)
        code = termios.tcgetattr(screen)[5]
    except (OSError, termios.error):
        return None
    try:
        serial = is_serial(os.ttyname(screen))
    except OSError:  # a terminal from outside of a container has no name in it
        serial = False
    return Terminal(environment.get("TERM", ""), columns, rows, bits_a_second(code) if serial else 0)


def is_serial(name: str) -> bool:
    """Whether a terminal of that name has a line with a speed: not a pty, not a screen of this machine."""
    return re.fullmatch(r"/dev/(pts/.*|tty\d*|console|hvc\d+)", name) is None


def bits_a_second(code: int) -> int:
    """The speed that termios writes as `code` (its constants B9600 …), 0 for none of them."""
    names = [name for name in dir(termios) if re.fullmatch(r"B\d+", name)]
    return next((int(name[1:]) for name in names if getattr(termios, name) == code), 0)
