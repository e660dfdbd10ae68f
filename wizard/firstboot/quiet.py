"""Nobody else writes on the console while screens are on it: not the kernel, not systemd.

What they say is in the journal all the same. A panic or an oops is shown nevertheless: the kernel raises its voice
itself then. Other emergencies are not: such as a processor that is stuck, which emulated ones are now and then.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from wizard.firstboot.system import kernel_command_line

PRINTK = Path("/proc/sys/kernel/printk")
#: What consoles with screens have in common: several may be asked at once.
SHARED = Path("/run/kameleon/quiet")
_FALSE = ("0", "no", "false", "off", "n", "f", "auto", "error")


@contextlib.contextmanager
def quiet_consoles(printk: Path = PRINTK, shared: Path = SHARED) -> Iterator[None]:
    """Meanwhile; as it was afterwards, when the last console with screens is done. Does nothing where it may not."""
    with contextlib.ExitStack() as stack:
        before, descriptor = "", -1
        with contextlib.suppress(OSError):
            before = printk.read_text()
            descriptor = _join(shared, before)
            if descriptor >= 0:
                stack.callback(os.close, descriptor)
            printk.write_text("0\n")  # nothing: the first of its four numbers, the others stay
        systemd = Path("/run/systemd/system").is_dir() and shows_status(kernel_command_line())
        if systemd:
            _tell_systemd(21)
        try:
            yield
        finally:
            before, last = _leave(descriptor, before)
            if systemd and last:
                _tell_systemd(20)
            with contextlib.suppress(OSError):
                if before and last:
                    printk.write_text(f"{before.split()[0]}\n")


def _join(shared: Path, before: str) -> int:
    """The descriptor of the file `shared`, which everybody here holds a lock on; the first writes down what was
    `before`, unless somebody who was killed did. -1 where that cannot be: then nobody else is here."""
    try:
        shared.parent.mkdir(exist_ok=True)
        descriptor = os.open(shared, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError:
        return -1
    if _alone(descriptor) and not os.pread(descriptor, 100, 0):
        os.pwrite(descriptor, before.encode(), 0)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _leave(descriptor: int, before: str) -> tuple[str, bool]:
    """What was before the first came, and whether nobody else is here any more."""
    if descriptor < 0:
        return before, True
    written = os.pread(descriptor, 100, 0).decode("ascii", "replace")
    last = _alone(descriptor)
    if last:
        os.ftruncate(descriptor, 0)
    return written or before, last


def _alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def shows_status(command_line: str) -> bool:
    """Whether systemd tells on the console what it starts, as the kernel was started: its default, but for `quiet`."""
    shows = True
    for word in command_line.split():
        name, _, value = word.partition("=")
        if word == "quiet":
            shows = False
        elif name == "systemd.show_status":
            shows = value not in _FALSE
    return shows


def _tell_systemd(number: int) -> None:
    # systemd(1): SIGRTMIN+20 and +21 switch its status messages on and off.
    with contextlib.suppress(OSError):
        os.kill(1, signal.SIGRTMIN + number)
