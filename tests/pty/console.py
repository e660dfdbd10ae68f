"""A console for tests: a real terminal device whose other end is read, counted and shown by pyte."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyte

ROOT = Path(__file__).resolve().parents[2]
WIZARD = (sys.executable, "-m", "wizard")
_KEPT = ("PATH", "HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
_SEQUENCE = re.compile(r"\x1b\[[0-9;:<=>?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]")
SILENCE = 0.5  # seconds without a byte after which a screen is there


class Console:
    """A program on a terminal of its own. `said` is everything it wrote, `screen` what a person sees of it."""

    def __init__(
        self, words: Sequence[str], term: str, environment: Mapping[str, str], size: tuple[int, int], directory: Path,
        controlling: bool,
    ) -> None:  # fmt: skip
        """`size` (0, 0) is a line that was never told its size; it is shown on 80x24, as anything is. One that does not
        control the program (`controlling`) sends it no signals."""
        self.said = b""
        self.master, self.slave = os.openpty()
        self._shown = pyte.Screen(*(size if all(size) else (80, 24)))
        self._stream = pyte.ByteStream(self._shown)
        self._set_size(size)
        self.before = termios.tcgetattr(self.slave)
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self.process = subprocess.Popen(
            words,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            cwd=directory,
            env={**kept, "LANG": "C.UTF-8", "TERM": term, "PYTHONPATH": str(ROOT), **environment},
            preexec_fn=self._take_terminal if controlling else os.setsid,
        )

    @staticmethod
    def _take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def _set_size(self, size: tuple[int, int]) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        """As a window does: the device's size, and SIGWINCH with it."""
        self._shown.resize(lines, columns)
        self._set_size((columns, lines))

    @property
    def screen(self) -> str:
        return "\n".join(line.rstrip() for line in self._shown.display)

    @property
    def cursor(self) -> tuple[int, int]:
        """(column, line), from 0."""
        return self._shown.cursor.x, self._shown.cursor.y

    @property
    def cursor_hidden(self) -> bool:
        return bool(self._shown.cursor.hidden)

    @property
    def looks(self) -> set[tuple[str, str, bool]]:
        """(foreground, background, reverse) of every cell that is on the screen."""
        return {
            (cell.fg, cell.bg, cell.reverse) for row in self._shown.buffer.values() for cell in row.values()
        }  # fmt: skip

    @property
    def row_of_cursor(self) -> str:
        return str(self._shown.display[self.cursor[1]])

    def scribble(self, text: str) -> None:
        """Something else writes on the terminal."""
        self._stream.feed(text.encode())

    def press(self, *keys: str | bytes) -> None:
        for key in keys:
            os.write(self.master, key if isinstance(key, bytes) else key.encode())

    def read(self, seconds: float) -> int:
        """Take in what comes until nothing has come for so long; how many bytes."""
        count = 0
        while select.select([self.master], [], [], seconds)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            count += len(data)
            self.said += data
            self._stream.feed(data)
        return count

    def wait(self, *words: str, limit: float = 90.0) -> str:
        """Wait until all of `words` are on the screen; the screen."""
        end = time.monotonic() + limit
        while not all(word in self.screen for word in words):
            assert time.monotonic() < end, f"never came: {words}\n{self.screen}"
            assert self.process.poll() is None or self.read(0.1), f"it ended: {self.process.returncode}\n{self.screen}"
            self.read(0.05)
        return self.screen

    def settle(self, *words: str) -> int:
        """Wait for `words`, then until the first half second of silence; all bytes so far."""
        self.wait(*words)
        self.read(SILENCE)
        return len(self.said)

    def end(self, limit: float = 60.0) -> int:
        """Wait until the program ended; its exit status, as a shell tells it."""
        end = time.monotonic() + limit
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it does not end\n{self.screen}"
            self.read(0.05)
        self.read(0.05)
        status = self.process.returncode
        return status if status >= 0 else 128 - status

    @property
    def as_before(self) -> bool:
        """Whether the terminal's modes are those from before the program."""
        return termios.tcgetattr(self.slave) == self.before

    def put_right(self) -> None:
        """What a shell does with the terminal when its job stopped."""
        termios.tcsetattr(self.slave, termios.TCSANOW, self.before)

    @property
    def text(self) -> str:
        """All that was written as text, without escape sequences."""
        return _SEQUENCE.sub("", self.said.decode("utf-8", "replace"))

    @property
    def sequences(self) -> set[str]:
        """The escape sequences that were written."""
        return set(_SEQUENCE.findall(self.said.decode("utf-8", "replace")))

    def hang_up(self) -> None:
        """The other end goes: a modem's carrier, a window that is closed."""
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()
        for descriptor in (self.slave, self.master):
            if descriptor >= 0:
                os.close(descriptor)


@contextlib.contextmanager
def console(
    directory: Path,
    *words: str,
    term: str = "linux",
    size: tuple[int, int] = (80, 24),
    environment: Mapping[str, str] | None = None,
    controlling: bool = True,
) -> Iterator[Console]:
    """A console on which `words` (the wizard, without any) runs."""
    made = Console(words or WIZARD, term, environment or {}, size, directory, controlling)
    try:
        yield made
    finally:
        made.close()
