"""Starting the process that builds: `kameleon-tui build`, in a session of its own, which outlives the screen."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from wizard.data import state_directory
from wizard.engine.runs import Run, new_run_id, runs_directory

COMPLAINT = 16 * 1024  # bytes of its stderr that a screen may show


@dataclass(slots=True)
class Started:
    """A build process: its run (whose directory the process makes), and where its stderr goes."""

    run: Run
    process: subprocess.Popen[bytes]
    stderr: Path

    @property
    def failed_to_start(self) -> bool:
        """It ended before it said anything in its run's events."""
        return self.process.poll() is not None and not (self.run.path / "events.jsonl").exists()

    @property
    def complaint(self) -> str:
        """What it said on stderr, at most COMPLAINT bytes."""
        from wizard.engine.events import make_safe

        with self.stderr.open("rb") as stream:
            return make_safe(stream.read(COMPLAINT)).strip()

    def forget(self) -> None:
        """Remove the stderr file when it says nothing that the run does not."""
        if self.process.poll() is not None:
            self.stderr.unlink(missing_ok=True)


def start_build(recipe: str, name: str, output: Path, saved: Path | None) -> Started:
    """Build the recipe text `recipe` into `output`; from the file `saved` when it was saved, so that the run names it.

    OSError when the state directory cannot be written.
    """
    runs = runs_directory()
    run_id = new_run_id(saved.stem if saved else name)
    if saved is None:
        saved = state_directory() / "composed" / run_id / f"{name}.yaml"
        saved.parent.mkdir(parents=True, mode=0o700)
        saved.write_text(recipe)
    runs.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Beside the run, not in it: the directory is the runner's to make, and a recipe error comes before it.
    stderr = runs / f"{run_id}.stderr"
    command = [sys.executable, "-m", "wizard", "build", str(saved), "--run-id", run_id]
    command += ["--output", str(output), "--on-failure", "ask"]
    with stderr.open("wb") as stream:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stream, start_new_session=True
        )
    return Started(Run(runs / run_id), process, stderr)
