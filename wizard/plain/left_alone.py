"""A front end for a run that is watched from another process: when that is gone, nothing is waited for for ever."""

from __future__ import annotations

import os

from wizard.engine.front import FrontEnd, Request
from wizard.flow.countdown import Countdown
from wizard.plain.limited import LimitedFront


class LeftAloneFront(LimitedFront):
    """As `front`, which nobody types at. `watched` is at its end when who watches is gone: the read end of a pipe whose
    other end only that one holds. From then on a run that waits for a word, and gets none until `countdown` is over,
    is aborted. (Somebody else may give it one: `runs attach`.)"""

    def __init__(self, front: FrontEnd, watched: int, countdown: Countdown) -> None:
        super().__init__(front, countdown)
        self._watched = watched

    def tick(self) -> None:
        self.front.tick()
        if self.waiting and self._watched < 0 and self.countdown.over:
            self.give_up()

    def input_fd(self) -> int:
        return self.over if self._watched < 0 else self._watched

    def typed(self) -> Request | None:
        if self._watched < 0:
            return {"do": "abort"}
        if not os.read(self._watched, 1):  # nothing is ever written there
            os.close(self._watched)
            self._watched = -1
            self.countdown.key()
        return None
