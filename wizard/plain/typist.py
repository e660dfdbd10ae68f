"""Lines typed at a prompt, on any terminal: what is typed is drawn with characters, backspaces and newlines only."""

from __future__ import annotations

import codecs
import os
import re
import select
import signal
import termios
import textwrap
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from wizard.engine.events import make_safe
from wizard.flow.countdown import Countdown

#: Seconds left at which the countdown is told again, in a line.
_TOLD = (3600, 600, 300, 120, 60, 30, 20, 10, 5)
_WIDEST = 79
_LOOK = 0.5  # seconds between two looks at the countdown and at the other consoles


class TimeUp(Exception):
    """The countdown is over, and nobody typed."""


class Elsewhere(Exception):
    """Somebody answers at another console."""


class Typist(Protocol):
    """Where questions are asked."""

    def say(self, *lines: str) -> None:
        """Lines for people; each is wrapped at the width there is, behind its indentation and number."""

    def ask(self, prompt: str) -> str:
        """The line typed behind the prompt, without its end. EOFError when there will be none; TimeUp."""


class TerminalTypist:
    """A person at a terminal: `keyboard` and `screen` are descriptors. Each key counts for the countdown at once, so
    the terminal's own line editing is not used: Backspace, Ctrl-U and Ctrl-D do what they do there.

    `ours(key)` is asked each half second, and when a key was pressed (then with True): whether what is typed here
    counts. Otherwise questions end with Elsewhere, and `idle` waits."""

    def __init__(
        self,
        keyboard: int,
        screen: int,
        countdown: Countdown,
        encoding: str = "utf-8",
        ours: Callable[[bool], bool] = lambda key: True,
    ) -> None:
        self._keyboard, self._screen = keyboard, screen
        self._countdown, self._ours = countdown, ours
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._keys: list[str] = []
        self._told = 0

    @contextmanager
    def sitting(self) -> Iterator[TerminalTypist]:
        """While questions are asked; the terminal is as before afterwards, also after SIGTERM (SystemExit, 143). For
        the main thread."""
        before = termios.tcgetattr(self._keyboard)

        def end(number: int, frame: object) -> None:
            raise SystemExit(128 + number)

        def take(*_: object) -> None:
            tty.setcbreak(self._keyboard, termios.TCSADRAIN)

        # Brought back after Ctrl-Z, the terminal is as the shell had it.
        handlers = {number: signal.signal(number, do) for number, do in ((signal.SIGTERM, end), (signal.SIGCONT, take))}
        try:
            take()
            yield self
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            with suppress(termios.error):  # hung up
                termios.tcsetattr(self._keyboard, termios.TCSADRAIN, before)

    def say(self, *lines: str) -> None:
        self._write("".join(f"{wrapped}\n" for line in lines for wrapped in self._wrap(line)))

    def ask(self, prompt: str) -> str:
        typed = ""
        self._count("")
        self._write(prompt)
        while True:
            key = self._key(prompt + typed)
            if key in ("\r", "\n"):
                self._write("\n")
                return typed
            if key == "\x04" and not typed:
                self._write("\n")
                raise EOFError
            if key in ("\x7f", "\b"):
                self._rub(typed[-1:])
                typed = typed[:-1]
            elif key == "\x15":
                self._rub(typed)
                typed = ""
            elif key.isprintable():
                self._write(key)
                typed += key

    def _key(self, line: str) -> str:
        """The next key. Meanwhile the countdown is told in lines, and `line` stands there again after each."""
        while not self._keys:
            self._mine(False)
            self._count(line)
            typed = self._typed(min(self._countdown.left, _LOOK))
            if typed is not None:
                self._mine(True)
                self._countdown.key()
                self._keys = list(typed)
        return self._keys.pop(0)

    def idle(self, over: Callable[[], bool]) -> str:
        """The next key, which nothing is made of; "" as soon as what is waited for is `over`. EOFError."""
        while not over():
            typed = self._typed(_LOOK)
            if typed:
                return typed[0]
        return ""

    def _mine(self, key: bool) -> None:
        if not self._ours(key):
            self._keys = []
            raise Elsewhere

    def _typed(self, wait: float) -> str | None:
        """What is typed within so many seconds, None for nothing. EOFError."""
        if not select.select([self._keyboard], [], [], wait)[0]:
            return None
        data = os.read(self._keyboard, 1024)
        if not data:
            raise EOFError
        return self._decoder.decode(data).replace("\r\n", "\n")

    def _count(self, line: str) -> None:
        """Tells the countdown in a line when that is due; then `line`, which it interrupts, stands there again."""
        if self._countdown.over:
            self.say(*([""] if line else []), self._countdown.words())
            raise TimeUp
        words, left = self._countdown.words(), self._countdown.left
        due = min((step for step in _TOLD if left <= step), default=0)
        if words and due and due != self._told:
            self.say(*([""] if line else []), words)
            self._write(line)
        self._told = due if words else 0

    def _rub(self, text: str) -> None:
        self._write("\b \b" * len(text))

    def _wrap(self, line: str) -> list[str]:
        line = make_safe(line.encode("utf-8", "replace")).replace("\t", " ")
        # What hangs below a number stands below its text.
        indent = " " * len(re.match(r" *(?:\d+  )?", line)[0])  # type: ignore[index]
        width = max(min(self._width() - 1, _WIDEST), len(indent) + 10)
        return textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [""]

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._screen).columns or 80
        except OSError:
            return 80

    def _write(self, text: str) -> None:
        data = text.encode(self._encoding, "replace")
        while data:
            data = data[os.write(self._screen, data) :]
