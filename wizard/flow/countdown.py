"""The one countdown of a flow: until somebody presses a key; and again when nobody has for long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

#: Seconds until the remaining questions take their defaults.
SECONDS = 30.0
#: Seconds without a key after which the countdown returns.
IDLE = 600.0


def since_boot() -> float:
    """Seconds since the machine started, those it slept included: the same in every process, and never set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Countdown:
    """Counts `seconds` from its making, on `clock` (seconds, never going back). A key stops it for `idle` seconds from
    that key on; then it counts `seconds` once more. Infinite `seconds`: it never ends.

    A key that comes late, but before anybody has seen the end, still counts: `over` is what decides, once.
    """

    def __init__(
        self, seconds: float = SECONDS, *, idle: float = IDLE, clock: Callable[[], float] = since_boot
    ) -> None:
        self.seconds, self.idle = seconds, idle
        self._clock = clock
        self._end = clock() + seconds
        self._stopped_until = -math.inf
        self._over = False

    def hold(self) -> None:
        """Count nothing until `begin`: nobody can see it yet."""
        self._end = math.inf

    def begin(self) -> None:
        """Count all of it, from now on; unless a key was pressed, or it is over."""
        if not self._over and self._stopped_until == -math.inf:
            self._end = self._clock() + self.seconds

    def key(self) -> None:
        """Somebody is there."""
        if not self._over:
            self._stopped_until = self._clock() + self.idle
            self._end = self._stopped_until + self.seconds

    @property
    def stopped(self) -> bool:
        """Whether somebody is there: nothing is counted."""
        return not self._over and self._clock() < self._stopped_until

    @property
    def left(self) -> float:
        """Seconds until the end, 0 when it is over; while it is stopped, those it will count."""
        return 0.0 if self._over else max(0.0, min(self._end - self._clock(), self.seconds))

    @property
    def over(self) -> bool:
        """Whether the time is up. Once this has said so it stays so: act on it once, whatever key comes after."""
        self._over = self._over or self._clock() >= self._end
        return self._over

    @property
    def returned(self) -> bool:
        """Whether it counts again, after keys and a long time without one."""
        return self._stopped_until > -math.inf and not self.stopped

    def words(self) -> str:
        """The countdown as a line for people; "" while it is stopped, or never ends."""
        if self.stopped or self._end == math.inf:
            return ""
        if self.over:
            return "The time is up: what was not answered takes its default."
        again = f"No key for {self.idle / 60:.0f} minutes: the " if self.returned else "The "
        return f"{again}defaults are taken in {math.ceil(self.left)} s; a key stops this."

    def state(self) -> dict[str, Any]:
        """As plain data, for another process with the same clock; `restore` takes it back."""
        return {"end": _number(self._end), "stopped_until": _number(self._stopped_until), "over": self._over}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over such data. KeyError, TypeError or ValueError when it is not of this form; then nothing changed."""
        end, stopped, over = _back(state["end"]), _back(state["stopped_until"]), bool(state["over"])
        self._end, self._stopped_until, self._over = end, stopped, over


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)  # JSON has no infinity


def _back(value: Any) -> float:
    number = float(value)
    if math.isnan(number):
        raise ValueError("not a number")
    return number
