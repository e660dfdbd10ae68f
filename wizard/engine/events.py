"""What a run says: events.jsonl, how to follow it, the state it adds up to (docs/events.md). Imports nothing here."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

VERSION = 1
Event: TypeAlias = dict[str, Any]

# Escape sequences (CSI, OSC with BEL or ST, DCS and friends, two-byte ones), then every other control character.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def make_safe(raw: bytes) -> str:
    """Bytes a step printed as text that no terminal can be harmed by.

    Escape sequences go, a line overwritten with carriage returns keeps its last state, other control characters and
    bytes that are not UTF-8 become U+FFFD. Newlines and tabs stay.
    """
    text = _ESCAPES.sub("", raw.decode("utf-8", "replace"))
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return _CONTROLS.sub("\ufffd", text)


class EventReader:
    """Follows an events.jsonl: `read()` gives the events that were completed since the last call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def read(self) -> list[Event]:
        """New whole lines as events; an unfinished last line waits. A missing file is no events yet.

        A line that a full disk or a kill cut short, and whatever a later process wrote behind it, is passed over.
        """
        try:
            with self.path.open("rb") as stream:
                stream.seek(self._offset)
                data = stream.read()
        except FileNotFoundError:
            return []
        whole, newline, _ = data.rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        events = []
        for line in whole.split(b"\n"):
            with suppress(ValueError):
                events.append(json.loads(line))
        return [event for event in events if isinstance(event, dict)]


@dataclass(slots=True)
class StepState:
    """A microstep as a reader sees it. `state`: waiting, running, done, failed, skipped."""

    number: int
    macrostep: int
    name: str
    commands: int = 0
    clean: bool = False
    file: str = ""
    line: int = 0
    state: str = "waiting"
    began: float = 0.0
    seconds: float = 0.0
    attempt: int = 1
    offset: int = 0
    end_offset: int | None = None
    breakpoint: bool = False


@dataclass(slots=True)
class MacrostepState:
    """A macrostep as a reader sees it. `state`: waiting, running, done, failed, stopped."""

    number: int
    section: str
    name: str
    log: str
    steps: list[StepState] = field(default_factory=list)
    state: str = "waiting"
    began: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class RunState:
    """The sum of a run's events. `apply` each event in order; every front end draws from this."""

    run: str = ""
    recipe: str = ""
    file: str = ""
    output: str = ""
    workdir: str = ""
    pid: int = 0
    began: float = 0.0
    macrosteps: list[MacrostepState] = field(default_factory=list)
    steps: list[StepState] = field(default_factory=list)
    current: StepState | None = None
    failure: Event | None = None
    waiting: Event | None = None  # the `waiting` event while the run waits for a word, else None
    pausing: bool = False
    artefacts: list[Event] = field(default_factory=list)
    notes: list[Event] = field(default_factory=list)
    end: Event | None = None

    @property
    def finished_steps(self) -> int:
        return sum(step.state in ("done", "skipped") for step in self.steps)

    @property
    def skipped_steps(self) -> int:
        return sum(step.state == "skipped" for step in self.steps)

    def apply(self, event: Event) -> None:
        """Take one event in; events of unknown kind are ignored."""
        handler = getattr(self, f"_on_{event.get('event')}", None)
        if handler is not None:
            handler(event)

    def _on_run(self, event: Event) -> None:
        # A resumed run says `run` again, and which steps an earlier process has done: what is known of them stays.
        known = {(step.macrostep, step.number, step.name): step for step in self.steps}
        done = set(event.get("done", ()))
        self.run, self.recipe, self.file = event["run"], event["recipe"], event["file"]
        self.output, self.workdir, self.pid, self.began = event["output"], event["workdir"], event["pid"], event["t"]
        self.macrosteps, self.steps, self.artefacts = [], [], []
        self.current = self.failure = self.waiting = self.end = None
        self.pausing = False
        for number, macro in enumerate(event["macrosteps"]):
            macrostep = MacrostepState(number, macro["section"], macro["name"], macro["log"])
            for item in macro["steps"]:
                step = StepState(
                    item["step"], number, item["name"], item["commands"], item["clean"], item["file"], item["line"]
                )
                if step.number in done:
                    step = known.get((number, step.number, step.name), step)
                    step.state = step.state if step.state == "skipped" else "done"
                macrostep.steps.append(step)
                self.steps.append(step)
            if macrostep.steps and all(step.number in done for step in macrostep.steps):
                macrostep.state = "done"
            self.macrosteps.append(macrostep)

    def _on_macrostep(self, event: Event) -> None:
        macro = self.macrosteps[event["macrostep"]]
        if event["state"] == "begin":
            macro.state, macro.began = "running", event["t"]
        else:
            macro.state, macro.seconds = event["state"], event["seconds"]

    def _on_step(self, event: Event) -> None:
        step = self.steps[event["step"]]
        self.waiting = None
        if event["state"] == "begin":
            step.state, step.began, step.offset, step.end_offset = "running", event["t"], event["offset"], None
            step.attempt = event.get("attempt", 1)
            self.current = step
        else:
            step.state, step.seconds, step.end_offset = event["state"], event["seconds"], event["offset"]

    def _on_failure(self, event: Event) -> None:
        self.failure = event

    def _on_note(self, event: Event) -> None:
        self.notes.append(event)

    def _on_waiting(self, event: Event) -> None:
        self.waiting = event

    def _on_decision(self, event: Event) -> None:
        self.waiting = None

    def _on_breakpoints(self, event: Event) -> None:
        chosen = set(event["steps"])
        for step in self.steps:
            step.breakpoint = step.number in chosen

    def _on_pausing(self, event: Event) -> None:
        self.pausing = bool(event["on"])

    def _on_artefact(self, event: Event) -> None:
        self.artefacts.append(event)

    def _on_end(self, event: Event) -> None:
        self.end, self.waiting = event, None
