"""Starting the process that builds: `kameleon-tui build`, in a session of its own, which outlives the screen."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from wizard.data import program
from wizard.engine.events import make_safe
from wizard.engine.runs import Run, composed_directory, new_run_id, runs_directory

COMPLAINT = 16 * 1024  # bytes of its stderr that a screen may show


@dataclass(slots=True)
class Started:
    """A build process: its run (whose directory the process makes), and the nameless file its stderr goes to."""

    run: Run
    process: subprocess.Popen[bytes]
    stderr: IO[bytes]

    @property
    def failed_to_start(self) -> bool:
        """It ended before it said anything in its run's events."""
        return self.process.poll() is not None and not (self.run.path / "events.jsonl").exists()

    def close(self) -> None:
        """Nobody will ask for the complaint any more; the process goes on."""
        self.stderr.close()

    @property
    def complaint(self) -> str:
        """What it said on stderr, at most COMPLAINT bytes."""
        return make_safe(os.pread(self.stderr.fileno(), COMPLAINT, 0)).strip()


def start_build(recipe: str, name: str, output: Path, saved: Path | None) -> Started:
    """Build the recipe text `recipe` into `output`; from the file `saved` when it was saved, so that the run names it.

    OSError when the state directory cannot be written.
    """
    runs = runs_directory()
    run_id = new_run_id(saved.stem if saved else name)
    if saved is None:
        saved = composed_directory() / run_id / f"{name}.yaml"
        saved.parent.mkdir(parents=True, mode=0o700)
        saved.write_text(recipe)
    command = [*program(), "build", str(saved), "--run-id", run_id]
    command += ["--output", str(output), "--on-failure", "ask"]
    # Not a file of the run: the directory is the runner's to make, and an error in the recipe comes before it.
    stderr = tempfile.TemporaryFile()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
    )
    return Started(Run(runs / run_id), process, stderr)
