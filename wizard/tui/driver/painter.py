"""The thread that writes to a console: always the newest picture, never a queue of old ones."""

from __future__ import annotations

import contextlib
import os
import termios
import threading
from collections.abc import Callable

from wizard.tui.driver.cells import BLANK, Row, Screen, difference

#: Another screen where there is one (a console of Linux 6.1 has none); the usual character set, no line wrap, blank.
ENTER = "\x1b[?1049h\x0f\x1b(B\x1b[m\x1b[?7l\x1b[H\x1b[2J"
#: What was there comes back; where there is no other screen, a blank one, for what is said in the end.
LEAVE = "\x1b[m\x1b[H\x1b[2J\x1b[?7h\x1b[?1049l\x1b[?25h"
#: Bytes a turn: what a serial line of 9600 baud takes in half a second, and what is given up when it must end.
_CHUNK = 512
_PATIENCE = 1.0  # seconds for a line that takes nothing (flow control, nobody there)
#: Seconds to wait for more of one change: Textual writes a screen in several pieces.
_SETTLE = 0.004


class Painter(threading.Thread):
    """Shows `screen` on a descriptor. While a slow line takes one picture, the next ones become one.

    `lock` is to be held by who changes the screen; `lost` is called (in this thread) when the terminal is gone.
    """

    def __init__(
        self, descriptor: int, screen: Screen, encode: Callable[[str], bytes], lost: Callable[[], None]
    ) -> None:
        super().__init__(daemon=True, name="console-output")
        self.lock = threading.RLock()
        self._descriptor, self._screen, self._encode, self._lost = descriptor, screen, encode, lost
        self._changed = threading.Condition(self.lock)
        self._shown: list[Row] = []
        self._cursor = (-1, -1)
        self._visible = (0, 0)
        self._fresh = True
        self._ending = False
        self._broken = False

    def changed(self) -> None:
        """The screen is another one."""
        with self.lock:
            self._changed.notify()

    def again(self, columns: int, lines: int) -> None:
        """All of it anew: something else wrote on the terminal, or it has another size: `columns` and `lines` are how
        much of the screen can be seen."""
        with self.lock:
            self._visible = (columns, lines)
            self._fresh = True
            self._changed.notify()

    def finish(self) -> None:
        """Give the terminal back; at most twice _PATIENCE when it takes nothing."""
        with self.lock:
            self._ending = True
            self._changed.notify()
        self.join(_PATIENCE)
        if self.is_alive():
            with contextlib.suppress(termios.error):
                termios.tcflush(self._descriptor, termios.TCOFLUSH)
            self.join(_PATIENCE)

    def run(self) -> None:
        while True:
            with self.lock:
                self._changed.wait_for(lambda: self._ending or self._fresh or self._behind)
                ending = self._ending
            if ending:
                return self._write(LEAVE)
            threading.Event().wait(_SETTLE)
            self._write(self._next())

    @property
    def _behind(self) -> bool:
        return bool(self._screen.touched) or self._screen.bell or self._screen.cursor != self._cursor

    def _next(self) -> str:
        """What makes the terminal show the screen as it is now."""
        with self.lock:
            screen, (columns, lines) = self._screen, self._visible
            begin = ""
            if self._fresh:
                self._fresh = False
                begin, self._cursor = ENTER, (0, 0)
                self._shown = [(BLANK,) * columns] * lines
                screen.touched.update(range(screen.lines))
            touched = [y for y in screen.touched if y < lines]
            new = list(self._shown)
            for y in touched:
                new[y] = tuple(screen.rows[y][:columns])
            screen.touched.clear()
            bell, screen.bell = screen.bell, False
            cursor = screen.cursor
        changes = difference(self._shown, new, touched)
        self._shown = new
        x, y = min(cursor[0], columns - 1), min(cursor[1], lines - 1)
        if changes or cursor != self._cursor:
            changes += f"\x1b[{y + 1};{x + 1}H"
        self._cursor = cursor
        if len(changes) > _CHUNK // 2:
            # A cursor that runs over the screen is in the way; for a few bytes hiding it costs more than it hides.
            changes = f"\x1b[?25l{changes}\x1b[?25h"
        return begin + changes + ("\a" if bell else "")

    def _write(self, text: str) -> None:
        data = self._encode(text)
        while data and not self._broken:
            chunk, data = data[:_CHUNK], data[_CHUNK:]
            try:
                while chunk:
                    chunk = chunk[os.write(self._descriptor, chunk) :]
            except OSError:
                self._broken = True
                self._lost()
            if self._ending and not text.startswith(LEAVE):
                return
