"""A run's written side: events.jsonl, the logs, and the tail of what a step printed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wizard.engine.events import VERSION, Event, make_safe

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder each time


def sync_file_system(descriptor: int) -> None:
    """All that was written to the file system of that file is on its disk, whoever wrote it (syncfs(2)).

    Only fsync of each file would do as well: a file that was renamed to its name, or just written, may otherwise be
    there without its contents after a power cut, although events that came later are there.
    """
    import ctypes  # 5 ms that builds need not wait for

    if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Journal:
    """Writes events whole (one write a line) and output raw, and tells a listener of each event.

    `sync`: an event is on the disk before anything goes on, and what a step wrote before the event that it is done:
    both outlive a power cut.
    """

    def __init__(self, run: Path, listener: Callable[[Event], None], *, sync: bool = False) -> None:
        self._run = run
        self.sync = sync
        self._listener = listener
        self._events = os.open(run / "events.jsonl", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        end = os.fstat(self._events).st_size
        if end and os.pread(self._events, 1, end - 1) != b"\n":  # an earlier process was cut short within a line
            os.write(self._events, b"\n")
        self._log = -1
        self._log_path = Path()
        self._began = time.monotonic()
        self.offset = 0

    def event(self, kind: str, **fields: Any) -> Event:
        """Writes and passes on one event."""
        event: Event = {"v": VERSION, "t": round(time.time(), 6), "event": kind, **fields}
        line = _ENCODE(event).encode("utf-8", "replace") + b"\n"
        if self.sync and kind == "step" and fields["state"] == "done":
            sync_file_system(self._events)
        while line:  # a disk that is almost full takes a part, and says so at the next try
            line = line[os.write(self._events, line) :]
        if self.sync:
            os.fsync(self._events)
        self._listener(event)
        return event

    def open_log(self, name: str) -> None:
        """Goes on in the log `name` (relative to the run), at its end."""
        self.close_log()
        self._log_path = self._run / name
        self._log_path.parent.mkdir(exist_ok=True)
        self._log = os.open(self._log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.offset = os.fstat(self._log).st_size

    def write(self, raw: bytes) -> None:
        """Appends to the open log; before the first log is open the bytes are dropped."""
        if self._log < 0:
            return
        view = memoryview(raw)
        while view:
            written = os.write(self._log, view)
            view = view[written:]
            self.offset += written

    def tail(self, begin: int, lines: int = 15) -> list[str]:
        """The last `lines` lines printed since offset `begin`, made safe, each at most 400 characters."""
        start = max(begin, self.offset - 16384)
        with self._log_path.open("rb") as stream:
            stream.seek(start)
            text = make_safe(stream.read())
        return [line[:400] for line in text.split("\n") if line.strip()][-lines:]

    def seconds(self) -> float:
        """Since the journal was opened."""
        return round(time.monotonic() - self._began, 3)

    def close_log(self) -> None:
        if self._log >= 0:
            os.close(self._log)
            self._log = -1

    def close(self) -> None:
        self.close_log()
        os.close(self._events)
