"""Events as an engine writes them (docs/events.md), at a clock of our own, and a run directory that holds them."""

from __future__ import annotations

import fcntl
import io
import json
import os
from pathlib import Path
from typing import Any

import pyte

from wizard.engine.events import Event

BEGAN = 1_790_000_000.0  # seconds since the epoch
NAME = "toy-20260921-101320-3f2a"
SHAPE = [("bootstrap", "debian", ["tools", "root"]), ("setup", "identity", ["hostname", "motd"])]
FAILURE: dict[str, Any] = {
    "macrostep": "identity",
    "microstep": "hostname",
    "command": 2,
    "commands": 3,
    "name": "exec_in",
    "context": "in",
    "file": "steps/setup/identity.yaml",
    "line": 14,
    "column": 7,
    "shell_line": 3,
    "shell_text": "false",
    "status": 1,
    "reason": "exit status 1",
    "output": ["one", "two"],
}


class Teller:
    """Makes a run's events one by one; they are in `events`, and in `path` when there is one."""

    def __init__(self, path: Path | None = None) -> None:
        self.now = BEGAN
        self.events: list[Event] = []
        self.path = path
        self._offsets = [0] * len(SHAPE)
        self._lock = -1
        self.steps = [(number, name) for number, (_, _, names) in enumerate(SHAPE) for name in names]
        if path is not None:
            (path / "logs").mkdir(parents=True)

    def event(self, kind: str, **fields: Any) -> Event:
        event = {"v": 1, "t": self.now, "event": kind, **fields}
        self.events.append(event)
        if self.path is not None:
            with (self.path / "events.jsonl").open("a") as stream:
                stream.write(json.dumps(event) + "\n")
        return event

    def run(self, **more: Any) -> Event:
        numbers = iter(range(len(self.steps)))
        macrosteps = [
            {
                "section": section,
                "name": name,
                "log": f"logs/{number}.log",
                "steps": [
                    {"name": step, "step": next(numbers), "commands": 3, "clean": False, "file": "x.yaml", "line": 1}
                    for step in names
                ],
            }
            for number, (section, name, names) in enumerate(SHAPE)
        ]
        facts = {"run": NAME, "recipe": "toy", "file": "toy.yaml", "dialect": "current", "pid": 1, "output": "/out/toy"}
        return self.event("run", **facts, workdir="/work/toy", cwd="/", macrosteps=macrosteps, **more)

    def printed(self, step: int, raw: bytes) -> None:
        macrostep = self.steps[step][0]
        self._offsets[macrostep] += len(raw)
        if self.path is not None:
            with (self.path / "logs" / f"{macrostep}.log").open("ab") as stream:
                stream.write(raw)

    def begin(self, step: int, attempt: int = 1) -> Event:
        macrostep = self.steps[step][0]
        return self.event(
            "step", step=step, macrostep=macrostep, state="begin", offset=self._offsets[macrostep], attempt=attempt
        )

    def finish(self, step: int, state: str = "done", seconds: float = 1.5) -> Event:
        self.now += seconds
        macrostep = self.steps[step][0]
        return self.event(
            "step", step=step, macrostep=macrostep, state=state, offset=self._offsets[macrostep], seconds=seconds
        )

    def failure(self, step: int = 2, **more: Any) -> Event:
        return self.event("failure", step=step, **{**FAILURE, **more})

    def waiting(self, why: str = "failure", step: int = 2) -> Event:
        choices = (
            ["retry", "replace", "skip", "abort", "stop"] if why == "failure" else ["continue", "skip", "stop", "abort"]
        )
        return self.event("waiting", why=why, step=step, choices=choices)

    def end(self, result: str = "done", **more: Any) -> Event:
        fields = {"exit": {"done": 0, "failed": 1, "stopped": 4}.get(result, 130), "skipped": 0, "seconds": 65.0}
        rest = {"message": "", "kept": "" if result in ("done", "interrupted") else "/work/toy", "step": None}
        return self.event("end", result=result, **{**fields, **rest, **more})

    def failed_run(self) -> list[Event]:
        """A whole run whose third step fails."""
        self.run()
        for step in (0, 1):
            self.begin(step)
            self.finish(step)
        self.begin(2)
        self.finish(2, "failed")
        self.failure()
        self.event("decision", step=2, do="abort", by="policy")
        self.end("failed", step=2, message="failed at identity/hostname: exit status 1")
        return self.events

    def hold(self) -> None:
        """Live, as a runner does."""
        assert self.path is not None
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def let_go(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def screen_of(text: str, columns: int = 60, lines: int = 20) -> list[str]:
    """What a terminal shows after this text; trailing empty lines are left out."""
    screen = pyte.Screen(columns, lines)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    shown = [line.rstrip() for line in screen.display]
    while shown and not shown[-1]:
        shown.pop()
    return shown


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True
