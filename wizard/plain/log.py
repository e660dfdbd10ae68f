"""`runs log`: what the steps of a run printed, made safe, or the raw bytes."""

from __future__ import annotations

import os
import sys
import time

from wizard.engine.events import RunState
from wizard.engine.runs import Run
from wizard.errors import UserError
from wizard.plain.follow import POLL, Follower
from wizard.plain.output import Lines
from wizard.plain.words import step_name


def print_log(run: Run, wanted: str, *, follow: bool, raw: bool) -> int:
    """Print the output of `wanted` (a macrostep, macrostep/microstep, "" for all) to stdout; with `follow` until the
    run ends. Safe text has a heading for each step where several are printed."""
    steps = chosen_steps(run.state(), wanted)
    follower = Follower(run)
    printer = _Raw() if raw else _Safe(headings=steps is None or len(steps) > 1)
    while True:
        living = run.living()
        for item in follower.poll():
            if isinstance(item, tuple) and (steps is None or item[0] in steps):
                printer.output(follower.state, *item)
        if not living or not follow:
            printer.close()
            return 0
        printer.pause()
        time.sleep(POLL)


def chosen_steps(state: RunState, wanted: str) -> set[int] | None:
    """The numbers of the steps that `wanted` names, None for all; UserError when it names nothing."""
    if not wanted:
        return None
    found = set()
    for step in state.steps:
        macro = state.macrosteps[step.macrostep]
        names = {macro.name, f"{macro.name}/{step.name}"}
        if wanted in names or wanted in {f"{macro.section}/{name}" for name in names}:
            found.add(step.number)
    if not found:
        raise UserError(f"{wanted}: no step of {state.run} is called so", hint=f"kameleon-tui runs show {state.run}")
    return found


class _Raw:
    def output(self, state: RunState, step: int, raw: bytes) -> None:
        sys.stdout.flush()
        view = memoryview(raw)
        while view:
            view = view[os.write(1, view) :]

    def pause(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held back."""


class _Safe:
    def __init__(self, *, headings: bool) -> None:
        self._headings = headings
        self._lines = Lines()
        self._step = -1
        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")

    def output(self, state: RunState, step: int, raw: bytes) -> None:
        if step != self._step:
            self.close()
            self._step = step
            if self._headings:
                print(f"--- {step_name(state, state.steps[step])}")
        for line in self._lines.feed(raw):
            print(line)

    def pause(self) -> None:
        sys.stdout.flush()

    def close(self) -> None:
        for line in self._lines.flush():
            print(line)
        sys.stdout.flush()
