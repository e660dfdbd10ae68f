"""A front end for a run that is watched from another process: when that is gone, nothing is waited for for ever."""

from __future__ import annotations

import os
from pathlib import Path

from wizard.engine.events import Event
from wizard.engine.front import FrontEnd, Request
from wizard.flow.countdown import Countdown


class LeftAloneFront:
    """As `front`, which nobody types at. `watched` is at its end when who watches is gone: the read end of a pipe whose
    other end only that one holds. From then on a run that waits for a word, and gets none until `countdown` is over,
    is aborted. (Somebody else may give it one: `runs attach`.)"""

    def __init__(self, front: FrontEnd, watched: int, countdown: Countdown) -> None:
        self.front, self.countdown = front, countdown
        self._watched = watched
        self._waiting = False
        # Readable as soon as the time is up: that is how the runner comes to ask us.
        self._over, self._write = os.pipe()

    def begin(self, run: Path) -> None:
        self.front.begin(run)

    def event(self, event: Event) -> None:
        if event["event"] == "waiting":
            self._waiting = True
            self.countdown.key()
        elif event["event"] == "decision":
            self._waiting = False
        self.front.event(event)

    def output(self, step: int, raw: bytes) -> None:
        self.front.output(step, raw)

    def tick(self) -> None:
        self.front.tick()
        if self._waiting and self._watched < 0 <= self._write and self.countdown.over:
            os.close(self._write)
            self._write = -1

    def input_fd(self) -> int:
        return self._over if self._watched < 0 else self._watched

    def typed(self) -> Request | None:
        if self._watched < 0:
            return {"do": "abort"}
        if not os.read(self._watched, 1):  # nothing is ever written there
            os.close(self._watched)
            self._watched = -1
            self.countdown.key()
        return None
