"""A front end that asks after a failure, and does not wait for ever: where a login prompt comes behind it."""

from __future__ import annotations

import math

from wizard.engine.front import Request
from wizard.flow.countdown import Countdown
from wizard.plain.front import LineFront
from wizard.plain.limited import LimitedFront


class PatientFront(LimitedFront):
    """As `lines` (a front end, engine.front.FrontEnd), but a run that waits for a word, for which nothing is typed
    until `countdown` is over, is aborted. Each line typed counts as a key; the countdown is told, once each time."""

    def __init__(self, lines: LineFront, countdown: Countdown) -> None:
        super().__init__(lines, countdown)
        self.lines = lines
        self._told = False

    def tick(self) -> None:
        self.lines.tick()
        if self.waiting and self.countdown.over:
            self.give_up()
        elif self.waiting and self.countdown.returned and not self._told:
            self._told = True
            paper = self.lines.reporter.paper
            paper.line(f"Nothing typed for {self.countdown.idle / 60:.0f} minutes: this is aborted in "
                       f"{math.ceil(self.countdown.left)} s, unless something is.")  # fmt: skip
            if self.lines.prompter is not None:
                self.lines.prompter.ask(self.lines.reporter.state)

    def input_fd(self) -> int:
        return self.over if self.given_up else self.lines.input_fd()

    def typed(self) -> Request | None:
        if self.given_up:
            return {"do": "abort"}
        request = self.lines.typed()
        self.countdown.key()  # afterwards: a shell or an editor may have taken an hour
        self._told = False
        return request
