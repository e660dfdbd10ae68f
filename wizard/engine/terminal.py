"""Lending our terminal: a shell of another session gets one of its own, joined with ours; an editor gets ours.

Handing ours over to another session would not do: it belongs to our session, so job control would not work there.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import signal
import subprocess
import termios
import tty
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType

_CHUNK = 65536
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


def run_joined(command: Sequence[str], environment: Mapping[str, str], keyboard: int = 0, screen: int = 1) -> int:
    """Run `command` with a new terminal as its stdin, stdout and stderr, and copy between that and ours.

    `keyboard` is our terminal's descriptor to read, `screen` the one to write. The command has to make the terminal
    its controlling one (`setsid -c -w`). Returns its exit status (128 + N after signal N). Our terminal is as before
    afterwards, whatever happened; a signal that asks us to end hangs up the new terminal and is raised again then.
    """
    saved = termios.tcgetattr(keyboard)
    master, slave = os.openpty()
    os.set_blocking(master, False)
    termios.tcsetattr(slave, termios.TCSANOW, saved)
    _copy_size(screen, slave)
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=dict(environment), start_new_session=True
    )
    os.close(slave)
    caught: list[int] = []
    with _handlers(caught, screen, master) as wakeup:
        try:
            tty.setraw(keyboard)
            _copy(process, keyboard, screen, master, wakeup)
        finally:
            with contextlib.suppress(termios.error, OSError):  # it may have hung up
                termios.tcsetattr(keyboard, termios.TCSADRAIN, saved)
            os.close(master)  # hangs up what is left on it
            status = _reap(process)
    for number in caught:
        signal.raise_signal(number)
    return status


def run_in_front(command: Sequence[str], keyboard: int = 0, screen: int = 1) -> int:
    """Run a program of this session (an editor) on our terminal; its exit status (128 + N after signal N).

    Ctrl-C is for the program alone. A signal that asks us to end is passed on to it, and raised again afterwards.
    """
    saved = termios.tcgetattr(keyboard) if os.isatty(keyboard) else None
    process: list[subprocess.Popen[bytes]] = []
    caught: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        for child in process:
            child.send_signal(number)

    def leave(number: int, frame: FrameType | None) -> None:
        """A handler, not "ignore": the program would inherit that."""

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    before |= {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        process.append(subprocess.Popen(command, stdin=keyboard, stdout=screen, stderr=screen))
        status = process[0].wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if saved is not None:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(keyboard, termios.TCSADRAIN, saved)
    for caught_number in caught:
        signal.raise_signal(caught_number)
    return status if status >= 0 else 128 - status


def _copy_size(source: int, target: int) -> None:
    with contextlib.suppress(OSError):
        fcntl.ioctl(target, termios.TIOCSWINSZ, fcntl.ioctl(source, termios.TIOCGWINSZ, b"\0" * 8))


@contextlib.contextmanager
def _handlers(caught: list[int], screen: int, master: int) -> Iterator[int]:
    """Sizes are passed on, and signals that would end us are kept in `caught`; yields a descriptor that is readable
    when there is one."""
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def end(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        with contextlib.suppress(BlockingIOError):
            os.write(writing, b"!")

    def resize(number: int, frame: FrameType | None) -> None:
        _copy_size(screen, master)

    before = {number: signal.signal(number, end) for number in _ENDING}
    before[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, resize)
    try:
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def _copy(process: subprocess.Popen[bytes], keyboard: int, screen: int, master: int, wakeup: int) -> None:
    """Until the process ended, our terminal hung up or a signal came. Nothing is read faster than it is written."""
    ended = os.pidfd_open(process.pid)
    to_master = b""
    try:
        while True:
            reading = [ended, wakeup, master, *([] if to_master else [keyboard])]
            readable, writable, _ = select.select(reading, [master] if to_master else [], [])
            if writable:
                to_master = to_master[_write(master, to_master) :]
            if master in readable:
                data = _read(master)
                if data is None:
                    return
                _write_all(screen, data)
            if keyboard in readable:
                data = _read(keyboard)
                if data is None:
                    return
                to_master += data
            if wakeup in readable:
                return
            if ended in readable and master not in readable:  # all it printed was copied
                return
    finally:
        os.close(ended)


def _read(fd: int) -> bytes | None:
    """What is there; None at the end, which a terminal tells by EIO."""
    try:
        return os.read(fd, _CHUNK) or None
    except BlockingIOError:
        return b""
    except OSError as error:
        if error.errno == errno.EIO:
            return None
        raise


def _write(fd: int, data: bytes) -> int:
    try:
        return os.write(fd, data)
    except BlockingIOError:
        return 0
    except OSError:
        return len(data)  # hung up: the next read tells


def _write_all(fd: int, data: bytes) -> None:
    while data:
        written = _write(fd, data)
        data = data[written:]
        if not written:
            select.select([], [fd], [])


def _reap(process: subprocess.Popen[bytes]) -> int:
    try:
        status = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    return status if status >= 0 else 128 - status
