"""Following a run from its directory: its events and output in the order they came, told by a Reporter."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

from wizard.engine import control
from wizard.engine.events import Event, EventReader, RunState
from wizard.engine.runs import Run
from wizard.errors import FAILED
from wizard.plain.front import Prompter
from wizard.plain.reporter import Reporter

POLL = 0.2  # seconds
_CHUNK = 1 << 20


class Follower:
    """`poll` gives what is new: events, and (step, bytes) of output, in the order they came.

    `backlog`: bytes of output given of each step at most, from its end; None for all.
    """

    def __init__(self, run: Run, backlog: int | None = None) -> None:
        self.run = run
        self.state = RunState()
        self._reader = EventReader(run.path / "events.jsonl")
        self._backlog = backlog
        self._read = 0  # how far in the log of the running step's macrostep

    def poll(self) -> Iterator[Event | tuple[int, bytes]]:
        for event in self._reader.read():
            step = self.state.current
            if event["event"] == "step" and event["state"] != "begin" and step and step.number == event["step"]:
                yield from self._output(event["offset"])
            self.state.apply(event)
            if event["event"] == "step" and event["state"] == "begin":
                self._read = event["offset"]
            yield event
        step = self.state.current
        if step is not None and step.state == "running":
            yield from self._output(None)

    def _output(self, until: int | None) -> Iterator[tuple[int, bytes]]:
        step = self.state.current
        assert step is not None
        path = self.run.path / self.state.macrosteps[step.macrostep].log
        try:
            with path.open("rb") as stream:
                end = os.fstat(stream.fileno()).st_size if until is None else until
                if self._backlog is not None:
                    self._read = max(self._read, end - self._backlog)
                stream.seek(self._read)
                while self._read < end:
                    raw = stream.read(min(_CHUNK, end - self._read))
                    if not raw:
                        return
                    self._read += len(raw)
                    yield step.number, raw
        except FileNotFoundError:
            return


def follow(run: Run, reporter: Reporter, prompter: Prompter | None) -> int:
    """Tell a run until it ends; its exit status. A runner that died without a word: status 1, and it is said.

    With a prompter the run's questions are put, and the answers sent to it. Ctrl-C is the caller's.
    """
    reporter.begin(run.path)
    follower = Follower(run, backlog=None if reporter.verbose else 8192)
    asked: Event | None = None
    while True:
        living = run.living()  # before reading: a runner writes its end first, then lets go
        for item in follower.poll():
            if isinstance(item, tuple):
                reporter.output(*item)
            else:
                reporter.event(item)
        end = follower.state.end
        if end is not None and not living:
            return int(end["exit"])
        if not living:
            _tell_death(run, reporter)
            return FAILED
        waiting = follower.state.waiting
        if prompter is not None and waiting is not None and waiting is not asked:
            prompter.ask(reporter.state)
        asked = waiting
        _wait(run.path, reporter, prompter)


def _wait(run: Path, reporter: Reporter, prompter: Prompter | None) -> None:
    reporter.tick()
    if prompter is None or reporter.state.waiting is None:
        time.sleep(POLL)
        return
    keyboard = prompter.descriptor()
    readable, _, _ = select.select([keyboard] if keyboard >= 0 else [], [], [], POLL)
    if readable:
        request = prompter.typed(reporter.state, run)
        if request is not None:
            error = control.ask(run, request)
            if error and reporter.state.waiting is not None:
                prompter.refused(reporter.state, error)


def _tell_death(run: Run, reporter: Reporter) -> None:
    paper, state = reporter.paper, reporter.state
    paper.status("")
    step = state.current
    where = f" at {state.macrosteps[step.macrostep].name}/{step.name}" if step is not None else ""
    paper.line(f"kameleon-tui: {state.recipe or run.name}: its runner was killed{where}")
