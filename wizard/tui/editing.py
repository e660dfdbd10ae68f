"""Edit-and-retry: which editor, and the file it opens."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

from wizard.engine.events import StepState
from wizard.engine.runs import Run


def editor() -> list[str]:
    """The person's editor as words of a command: VISUAL, EDITOR, else the first that is here; [] when none is."""
    for variable in ("VISUAL", "EDITOR"):
        words = shlex.split(os.environ.get(variable, ""))
        if words and shutil.which(words[0]):
            return words
    return next(([name] for name in ("sensible-editor", "nano", "vi") if shutil.which(name)), [])


def draft(run: Run, step: StepState) -> Path:
    """The file to edit: RUN/edited/NN.draft.yaml, holding the step's commands unless an earlier edit left it."""
    path = run.path / "edited" / f"{step.number:02}.draft.yaml"
    if not path.exists():
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.write_text(commands_of(run, step.number))
    return path


def commands_of(run: Run, step: int) -> str:
    """The commands of a step as the YAML list that `replace` takes, from the run's resolved recipe."""
    from wizard.recipe.resolved import commands_as_yaml, from_json

    recipe = from_json((run.path / "resolved.json").read_text())
    return commands_as_yaml(recipe.steps()[step][1].commands)
