"""Following a run from outside its process: its events, and whether anybody still holds it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from wizard.engine.events import EventReader, RunState
from wizard.engine.runs import Run

LIVING_EVERY = 1.0  # seconds between two looks at the lock: two system calls


class Follower:
    """`poll` a few times a second; `state` is then what the run's events add up to.

    `living` is None until it was looked at; a runner takes its lock before its first event. With `starting`, that the
    run is not there yet means nothing.
    """

    def __init__(self, run: Run, clock: Callable[[], float] = time.time, *, starting: bool = False) -> None:
        self.run = run
        self.starting = starting
        self.clock = clock
        self.state = RunState()
        self.living: bool | None = None
        self._reader = EventReader(run.path / "events.jsonl")
        self._looked = 0.0

    @property
    def died(self) -> bool:
        """The runner is gone and did not say how it ended (killed, power cut)."""
        there = bool(self.state.run) or not self.starting
        return self.state.end is None and there and self.living is False

    def poll(self) -> bool:
        """Take in new events; whether anything a screen shows may have changed, the passing of time aside."""
        before = self.living
        if self.state.end is None and time.monotonic() - self._looked >= LIVING_EVERY:
            self._looked = time.monotonic()
            # Before reading: a runner writes its end, then lets go of the lock, so `died` is never said too early.
            self.living = self.run.living()
        events = self._reader.read()
        for event in events:
            self.state.apply(event)
        return bool(events) or self.living != before

    def log_path(self, macrostep: int) -> Path:
        return self.run.path / self.state.macrosteps[macrostep].log
