"""A front end that asks after a failure, and does not wait for ever: where a login prompt comes behind it."""

from __future__ import annotations

import math
import os
from pathlib import Path

from wizard.engine.events import Event
from wizard.engine.front import Request
from wizard.flow.countdown import Countdown
from wizard.plain.front import LineFront


class PatientFront:
    """As `lines` (a front end, engine.front.FrontEnd), but a run that waits for a word, for which nothing is typed
    until `countdown` is over, is aborted. Each line typed counts as a key; the countdown is told, once each time."""

    def __init__(self, lines: LineFront, countdown: Countdown) -> None:
        self.lines = lines
        self.countdown = countdown
        self._waiting = False
        self._told = False
        # Readable as soon as the time is up: that is how the runner comes to ask us.
        self._over, self._write = os.pipe()

    def begin(self, run: Path) -> None:
        self.lines.begin(run)

    def event(self, event: Event) -> None:
        if event["event"] == "waiting":
            self._waiting = True
            self.countdown.key()
        elif event["event"] == "decision":
            self._waiting = False
        self.lines.event(event)

    def output(self, step: int, raw: bytes) -> None:
        self.lines.output(step, raw)

    def tick(self) -> None:
        self.lines.tick()
        if self._waiting and self.countdown.over and self._write >= 0:
            os.close(self._write)
            self._write = -1
        elif self._waiting and self.countdown.returned and not self._told:
            self._told = True
            paper = self.lines.reporter.paper
            paper.line(f"Nothing typed for {self.countdown.idle / 60:.0f} minutes: this is aborted in "
                       f"{math.ceil(self.countdown.left)} s, unless something is.")  # fmt: skip
            if self.lines.prompter is not None:
                self.lines.prompter.ask(self.lines.reporter.state)

    def input_fd(self) -> int:
        return self._over if self._write < 0 else self.lines.input_fd()

    def typed(self) -> Request | None:
        if self._write < 0:
            return {"do": "abort"}
        request = self.lines.typed()
        self.countdown.key()  # afterwards: a shell or an editor may have taken an hour
        self._told = False
        return request

    def close(self) -> None:
        os.close(self._over)
        if self._write >= 0:
            os.close(self._write)
