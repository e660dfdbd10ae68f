"""Recipes made in Python and a runner without namespaces: what the engine does, without root."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from wizard.engine import script
from wizard.engine.answers import Outcome
from wizard.engine.events import Event, RunState
from wizard.engine.front import Request
from wizard.engine.journal import Journal
from wizard.engine.plan import Plan
from wizard.engine.runner import Runner
from wizard.recipe.model import Command, Macrostep, Microstep, Place, ResolvedRecipe

PLACE = Place("recipe.yaml", 10, 5)


def command(text: str, context: str = "local", directory: str = "", name: str = "") -> Command:
    return Command(name or f"exec_{context}", text, PLACE, context, text, directory, PLACE)


def step(name: str, *commands: Command | str, clean: bool = False) -> Microstep:
    made = tuple(command(item) if isinstance(item, str) else item for item in commands)
    return Microstep(name, PLACE, made, clean)


def macro(name: str, *steps: Microstep) -> Macrostep:
    return Macrostep("setup", name, PLACE, steps)


def recipe(
    base: Path, *macrosteps: Macrostep, strict: bool = True, extra: dict[str, str] | None = None
) -> ResolvedRecipe:
    values = {
        "workdir": str(base / "work"),
        "chroot": str(base / "work" / "chroot"),
        "output": str(base / "output"),
        "cwd": str(base),
        **(extra or {}),
    }
    (base / "output").mkdir(parents=True, exist_ok=True)
    (base / "work").mkdir(parents=True, exist_ok=True)
    return ResolvedRecipe(
        "test", "recipe.yaml", "current", strict, "", values, values["workdir"], values["chroot"], values["output"],
        macrosteps,
    )  # fmt: skip


class Unboxed:
    """Scripts run as they are, in this machine's namespaces; what they leave is ended by parentage."""

    pid = 0

    def __init__(self) -> None:
        self._before = set(psutil.Process().children(recursive=True))

    def enter(self) -> list[str]:
        # nsenter stays as the script's parent; so does this shell, which has something to do afterwards.
        return ["/bin/sh", "-c", '"$@"; exit $?', "sh"]

    def close(self) -> None:
        for process in set(psutil.Process().children(recursive=True)) - self._before:
            with suppress(psutil.NoSuchProcess):
                process.kill()


class Front:
    """Keeps what it is told; `answers` gives a request for each `waiting` and `note` event, or None."""

    def __init__(self, answers: Callable[[Event], Request | None] = lambda event: None) -> None:
        self.events: list[Event] = []
        self.raw = b""
        self._answers = answers
        self._request: Request | None = None
        self._read, self._write = os.pipe()

    def begin(self, run: Path) -> None:
        self.run = run

    def event(self, event: Event) -> None:
        self.events.append(event)
        if event["event"] in ("waiting", "note"):
            self._request = self._answers(event)
            if self._request is not None:
                os.write(self._write, b"x")

    def output(self, step: int, raw: bytes) -> None:
        self.raw += raw

    def tick(self) -> None:
        pass

    def input_fd(self) -> int:
        return self._read

    def typed(self) -> Request | None:
        os.read(self._read, 1)
        return self._request

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)

    def named(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["event"] == kind]


class Ran:
    """A run that ended: its outcome, what it printed, its events."""

    def __init__(self, outcome: Outcome, front: Front, path: Path) -> None:
        self.outcome, self.front, self.path = outcome, front, path

    @property
    def text(self) -> str:
        return self.front.raw.decode("utf-8", "replace")

    @property
    def states(self) -> list[str]:
        """`number:state` of every step event but begin."""
        return [f"{e['step']}:{e['state']}" for e in self.front.named("step") if e["state"] != "begin"]

    @property
    def failure(self) -> Event:
        return self.front.named("failure")[-1]

    def state(self) -> RunState:
        state = RunState()
        for event in self.front.events:
            state.apply(event)
        return state


def run(
    resolved: ResolvedRecipe,
    base: Path,
    answers: Callable[[Event], Request | None] = lambda event: None,
    *,
    place: Any = Unboxed,
    ask: bool = False,
    **plan: Any,
) -> Ran:
    """Runs the recipe's scripts with a real runner; `plan` holds fields of Plan."""
    path = base / "run"
    for name in ("state", "logs"):
        (path / name).mkdir(parents=True, exist_ok=True)
    script.write_scripts(resolved, path / "scripts")
    front = Front(answers)
    journal = Journal(path, front.event)
    old = signal.getsignal(signal.SIGINT)
    try:
        outcome = Runner(resolved, path, Plan(**plan), journal, front, ask=ask, place=place).run()
    finally:
        journal.close()
        front.close()
    assert signal.getsignal(signal.SIGINT) is old
    return Ran(outcome, front, path)
