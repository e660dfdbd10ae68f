"""`build --json`: every event as a line on stdout, output included."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from wizard.engine.events import VERSION, Event, EventReader
from wizard.engine.front import Request
from wizard.plain.output import LINE, Lines
from wizard.plain.paper import Paper
from wizard.plain.reporter import Reporter

_FLUSH_AFTER = 0.5  # seconds an unfinished line is held back


class JsonFront:
    """A front end of `build` (engine.front.FrontEnd): events to `stream`, what people read to `people`."""

    def __init__(self, stream: Paper, people: Reporter) -> None:
        self._stream = stream
        self._people = people
        self._lines = Lines()
        self._step = 0
        self._held_since = 0.0

    def begin(self, run: Path) -> None:
        self._people.begin(run)
        self._people.past(EventReader(run / "events.jsonl").read())

    def event(self, event: Event) -> None:
        self._flush()
        self._write(event)
        self._people.event(event)

    def output(self, step: int, raw: bytes) -> None:
        if step != self._step:
            self._flush()
            self._step = step
        self._say(self._lines.feed(raw), "\n")
        self._held_since = time.monotonic()
        self._people.output(step, raw)

    def tick(self) -> None:
        if time.monotonic() - self._held_since >= _FLUSH_AFTER:
            self._flush()
        self._people.tick()

    def input_fd(self) -> int:
        return -1

    def typed(self) -> Request | None:
        return None

    def _flush(self) -> None:
        self._say(self._lines.flush(), "")

    def _say(self, lines: list[str], end: str) -> None:
        """As few events as possible, each of `LINE` bytes at most."""
        held: list[str] = []
        size = 0
        for line in lines:
            for piece in _pieces(line + end):
                count = len(piece.encode())
                if size + count > LINE:
                    self._write_output("".join(held))
                    held, size = [], 0
                held.append(piece)
                size += count
        if held:
            self._write_output("".join(held))

    def _write_output(self, text: str) -> None:
        steps = self._people.state.steps
        macrostep = steps[self._step].macrostep if self._step < len(steps) else 0
        event = {"v": VERSION, "t": time.time(), "event": "output", "step": self._step}
        self._write({**event, "macrostep": macrostep, "text": text})

    def _write(self, event: Event) -> None:
        self._stream.line(json.dumps(event))


def _pieces(line: str) -> list[str]:
    if len(line) * 4 <= LINE or len(line.encode()) <= LINE:
        return [line]
    return [line[at : at + LINE // 4] for at in range(0, len(line), LINE // 4)]  # 4 bytes a character at most


def json_front(quiet: bool, verbose: int) -> JsonFront:
    """Events on stdout, lines for people on stderr: without a line that is rewritten, since what reads the events
    may well write to the same terminal."""
    people = Paper.on(sys.stderr)
    people.live = False
    return JsonFront(Paper.on(sys.stdout), Reporter(people, quiet=quiet, verbose=verbose))
