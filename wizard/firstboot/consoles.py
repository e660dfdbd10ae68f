"""Lines for whoever looks at the machine: on the screen and on every serial console."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PATIENCE = 2.0  # seconds for a console that takes nothing: a serial line held by flow control


def console_names(active: str) -> list[str]:
    """Names below /dev from what /sys/class/tty/console/active holds ("tty0 ttyS0"), and always the first screen.

    tty0 is whichever screen is shown; the lines belong on the one that has the login prompt."""
    names = ["tty1", *("tty1" if name == "tty0" else name for name in active.split())]
    return list(dict.fromkeys(names))


def active_consoles() -> list[Path]:
    """The consoles of this machine that are there, but for the terminal we print on anyway (or whoever started us
    draws screens on, and gave us as stdin)."""
    try:
        active = Path("/sys/class/tty/console/active").read_text()
    except OSError:
        active = ""
    ours = {_device(descriptor) for descriptor in (0, 1, 2)}
    return [
        path for name in console_names(active) if (path := Path("/dev") / name).is_char_device()
        and path.stat().st_rdev not in ours
    ]  # fmt: skip


def consoles_to_ask() -> list[Path]:
    """Those of them that somebody may sit at: a serial line that is named but not there is no terminal."""
    return [path for path in active_consoles() if is_terminal(path)]


def is_terminal(path: Path) -> bool:
    """Whether it can be talked to; a line without carrier is not waited for."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.isatty(descriptor)
    finally:
        os.close(descriptor)


def _device(descriptor: int) -> int:
    try:
        return os.fstat(descriptor).st_rdev if os.isatty(descriptor) else -1
    except OSError:
        return -1


def tell(lines: Iterable[str], consoles: Iterable[Path]) -> None:
    """Writes the lines on each console; one that cannot be written, or takes nothing, is passed over."""
    # An empty line last: systemd, which shows on its console what it waits for, then clears the line above the cursor.
    data = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii", "replace")
    for path in consoles:
        with suppress(OSError):
            # A serial line may have no carrier, and may be stopped: neither may hold us.
            descriptor = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                _write(descriptor, data)
            finally:
                os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    end = time.monotonic() + _PATIENCE
    while data and time.monotonic() < end:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            time.sleep(0.05)
