"""What front ends have in common that do not let a run wait for a word for ever."""

from __future__ import annotations

import os
from pathlib import Path

from wizard.engine.events import Event
from wizard.engine.front import FrontEnd
from wizard.flow.countdown import Countdown


class LimitedFront:
    """Hands all to `front`. Subclasses say when it has been `waiting` too long (`give_up`): then `over` is readable,
    which is how the runner comes to ask `typed`. The countdown begins as the run begins to wait."""

    def __init__(self, front: FrontEnd, countdown: Countdown) -> None:
        self.front, self.countdown = front, countdown
        self.waiting = False
        self.over, self._write = os.pipe()

    @property
    def given_up(self) -> bool:
        return self._write < 0

    def give_up(self) -> None:
        if not self.given_up:
            os.close(self._write)
            self._write = -1

    def begin(self, run: Path) -> None:
        self.front.begin(run)

    def event(self, event: Event) -> None:
        if event["event"] == "waiting":
            self.waiting = True
            self.countdown.key()
        elif event["event"] == "decision":
            self.waiting = False
        self.front.event(event)

    def output(self, step: int, raw: bytes) -> None:
        self.front.output(step, raw)

    def close(self) -> None:
        os.close(self.over)
        self.give_up()
