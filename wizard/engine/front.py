"""What the runner asks of the front end in its own process (terminal lines, JSON), and what a build is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from wizard.engine.events import Event

Request: TypeAlias = dict[str, Any]  # a control word with its arguments (docs/events.md)


@dataclass(frozen=True, slots=True)
class Build:
    """What `build` was asked. Steps are `macrostep`, `macrostep/microstep` or `section/macrostep/microstep`.

    `on_failure`: ask (wait for a word from a front end), abort, skip, retry:N. `step_timeout`: seconds, 0 for none.
    `resume`: a run's name: its work directory is used again. `run`: the id to give the run ("" makes one).
    """

    recipe: Path | None
    globals: dict[str, str] = field(default_factory=dict)
    output: Path | None = None
    types: tuple[str, ...] = ()
    from_step: str = ""
    until: str = ""
    breakpoints: tuple[str, ...] = ()
    on_failure: str = "abort"
    step_timeout: float = 0.0
    resume: str = ""
    run: str = ""


class FrontEnd(Protocol):
    """An in-process reader of events. Called from the runner's only thread, between its other work: never block,
    but in `typed`, which may hold the run while it waits anyway (a shell, an editor)."""

    def begin(self, run: Path) -> None:
        """The run directory exists; called once, before the first event."""

    def event(self, event: Event) -> None:
        """Each event, as it is written to events.jsonl."""

    def output(self, step: int, raw: bytes) -> None:
        """What the running step printed, as it came."""

    def tick(self) -> None:
        """About ten times a second, whatever happens."""

    def input_fd(self) -> int:
        """The descriptor to watch while the run waits for a word, or -1: nobody will type one."""

    def typed(self) -> Request | None:
        """`input_fd` is readable: read what was typed; a control word to obey, or None."""
