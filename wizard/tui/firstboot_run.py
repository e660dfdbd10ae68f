"""The process that carries the first boot's answers out, as its screen sees it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from wizard.data import program
from wizard.engine.events import make_safe
from wizard.engine.runs import Run
from wizard.tui.follow import Follower
from wizard.tui.launch import COMPLAINT, Started

if TYPE_CHECKING:
    from wizard.firstboot.sitting import Sitting


def _mark(events: Path) -> tuple[int, int]:
    """Tells one state of an events file from another: which file it is, and its size."""
    try:
        found = events.stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_size


@dataclass(slots=True)
class StartedFirstBoot(Started):
    """A first boot's process. Its run directory is always the same one, and may hold what an earlier process said;
    `said` is the nameless file of its stdout, which ends with the lines for consoles; `state` the answers' file;
    `front` what tells it, when it is closed, that nobody watches any more."""

    said: IO[bytes]
    state: Path
    front: IO[bytes]
    mark: tuple[int, int] = field(default=(0, 0))

    @property
    def begun(self) -> bool:
        """It has said something in its run's events."""
        return _mark(self.run.path / "events.jsonl") != self.mark

    @property
    def failed_to_start(self) -> bool:
        return self.process.poll() is not None and not self.begun

    @property
    def last_lines(self) -> list[str]:
        """What consoles are told: one plain line, after a success where OAR's state is."""
        text = make_safe(os.pread(self.said.fileno(), COMPLAINT, 0))
        return [line for line in text.splitlines() if line.startswith("kameleon: ")]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.state.unlink(missing_ok=True)
            self.state.parent.rmdir()
        self.said.close()
        self.front.close()
        Started.close(self)


class FirstBootFollower(Follower):
    """Begins with what this process says: an earlier one may have ended in the same directory."""

    def __init__(self, started: StartedFirstBoot) -> None:
        super().__init__(started.run, starting=True)
        self._started = started

    def poll(self) -> bool:
        return self._started.begun and super().poll()


def start_first_boot(sitting: Sitting, run: Path, *, again: bool = False) -> StartedFirstBoot:
    """Carries out the answers as they are now, in a session of its own. OSError when they cannot be handed over."""
    state = Path(tempfile.mkdtemp(prefix="kameleon-tui-")) / "answers.json"
    sitting.hand_over(state)
    command = [*program(), "firstboot", "-q", "--state", str(state), "--root", str(sitting.root)]
    command += ["--again"] if again else []
    said, stderr = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    mark = _mark(run / "events.jsonl")
    # Its stdin is our terminal, which it does not read: by that it knows which console not to write its last line on.
    watched, front = os.pipe()
    try:
        process = subprocess.Popen(
            [*command, "--front", str(watched)], stdout=said, stderr=stderr, start_new_session=True, pass_fds=(watched,)
        )
    finally:
        os.close(watched)
    return StartedFirstBoot(Run(run), process, stderr, said, state, os.fdopen(front, "wb"), mark)
