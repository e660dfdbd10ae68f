"""The end of one step's output, read from its macrostep's log: bounded however much the step prints."""

from __future__ import annotations

import os
from pathlib import Path

from wizard.engine.events import make_safe

LINES = 2000  # kept; more than anybody scrolls back on a screen, and `runs log` has the rest
BYTES = 256 * 1024  # read at once: a step that prints 100 MB costs one seek and this much
LINE = 8192  # an unfinished line longer than this is broken here


class LogTail:
    """Follows the bytes `start`..`end` of a log (`end` None: to wherever the file ends by then).

    `lines` are the last whole lines, made safe; `partial` is the unfinished one; `cut` says that earlier ones were
    left out; `added` counts lines ever appended, so that a view knows how far its own copy is behind.
    """

    def __init__(self, path: Path, start: int = 0) -> None:
        self.path = path
        self.lines: list[str] = []
        self.cut = False
        self.added = 0
        self._position = start
        self._pending = b""

    @property
    def partial(self) -> str:
        return make_safe(self._pending).expandtabs()

    def read(self, end: int | None = None) -> bool:
        """Take in what was printed since the last call; whether there was anything. A missing file is empty."""
        try:
            with self.path.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                stop = size if end is None else min(end, size)
                if stop <= self._position:
                    return False
                if stop - self._position > BYTES:
                    self._skip_to(stop - BYTES)
                stream.seek(self._position)
                data = stream.read(stop - self._position)
        except FileNotFoundError:
            return False
        if self.cut and not self.lines and not self._pending:
            data = data.partition(b"\n")[2] or data
        self._position = stop
        self._take(data)
        return True

    def _skip_to(self, position: int) -> None:
        self.lines.clear()
        self._pending = b""
        self._position = position
        self.cut = True

    def _take(self, data: bytes) -> None:
        *whole, pending = (self._pending + data).split(b"\n")
        while len(pending) > LINE:
            whole.append(pending[:LINE])
            pending = pending[LINE:]
        self._pending = pending
        self.added += len(whole)
        self.lines.extend(make_safe(line).expandtabs() for line in whole[-LINES:])
        if len(self.lines) > LINES:
            del self.lines[:-LINES]
            self.cut = True
