"""Runs on disk: where they are, who holds them, what they were asked (docs/events.md has the layout)."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wizard.data import state_directory
from wizard.engine.events import EventReader, RunState
from wizard.errors import HELD, UserError


def runs_directory() -> Path:
    """`$XDG_STATE_HOME/kameleon-tui/runs`; not made here."""
    return state_directory() / "runs"


def composed_directory() -> Path:
    """`$XDG_STATE_HOME/kameleon-tui/composed`: recipes that the wizard built without saving them, RUN/NAME.yaml; not
    made here."""
    return state_directory() / "composed"


def new_run_id(recipe: str) -> str:
    """RECIPE-YYYYMMDD-HHMMSS-xxxx: sorts by time within a recipe, unique with its four random hex digits."""
    import secrets

    return f"{recipe}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


@dataclass(frozen=True, slots=True)
class Run:
    """A run directory, living or past."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def asked(self) -> dict[str, Any]:
        """run.json; {} while it is not written yet or cannot be read."""
        try:
            loaded: dict[str, Any] = json.loads((self.path / "run.json").read_text())
        except (OSError, ValueError):
            return {}
        return loaded

    def resolved(self) -> dict[str, Any]:
        """resolved.json, the recipe as the run has it (recipe/show.py). UserError when it cannot be read."""
        try:
            loaded: dict[str, Any] = json.loads((self.path / "resolved.json").read_text())
        except (OSError, ValueError) as error:
            raise UserError(f"{self.name}: its resolved recipe cannot be read ({error})") from error
        return loaded

    def state(self) -> RunState:
        """The sum of the events so far."""
        state = RunState()
        for event in EventReader(self.path / "events.jsonl").read():
            state.apply(event)
        return state

    def living(self) -> bool:
        """Whether a runner holds it now."""
        try:
            fd = os.open(self.path / "lock", os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno != errno.EWOULDBLOCK:
                raise
            return True
        finally:
            os.close(fd)
        return False


def keep(path: Path, text: str) -> None:
    """`text` becomes the file `path`, its owner's alone, at once and on the disk."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)


@contextlib.contextmanager
def living(path: Path) -> Iterator[None]:
    """Holds the run's lock, by which others see that it lives; it goes with the process. UserError (HELD) when
    another process holds it."""
    fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise UserError(f"{path.name} is running", status=HELD, hint=f"kameleon-tui runs attach {path.name}") from None
    try:
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(fd)


def all_runs() -> list[Run]:
    """Every run, oldest first."""
    directory = runs_directory()
    found = [Run(path) for path in directory.iterdir() if path.is_dir()] if directory.is_dir() else []
    return sorted(found, key=lambda run: (run.path.stat().st_mtime, run.name))


def unused_recipes() -> list[Path]:
    """The directories of unsaved recipes that no run refers to. A wizard that is about to start a build has written its
    recipe before the run is there: those of the last hour are left alone."""
    directory = composed_directory()
    used = {Path(run.asked.get("recipe", "")).parent for run in all_runs()} | {
        directory / run.name for run in all_runs()
    }
    found = [path for path in directory.iterdir() if path.is_dir()] if directory.is_dir() else []
    return sorted(path for path in found if path not in used and time.time() - path.stat().st_mtime > 3600)


def find_run(name: str) -> Run:
    """The run called `name`, the only one that begins with it, or with "last" the newest; UserError otherwise. With a /
    in it, it is the run's directory: a first boot's is not among the others."""
    if "/" in name and (Path(name) / "events.jsonl").exists():
        return Run(Path(name).absolute())
    runs = all_runs()
    if name == "last" and runs:
        return runs[-1]
    exact = [run for run in runs if run.name == name]
    found = exact or [run for run in runs if name and run.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{name}: {len(found)} runs begin so: {', '.join(run.name for run in found)}")
    raise UserError(f"{name}: no such run", hint="kameleon-tui runs list shows them")
