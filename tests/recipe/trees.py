"""Trees of recipe files written for a test, and what resolving them gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wizard.recipe.errors import RecipeErrors
from wizard.recipe.model import Command, Microstep, ResolvedRecipe
from wizard.recipe.resolve import resolve


def write(directory: Path, files: dict[str, str]) -> Path:
    """Writes the files below `directory`; the path of the first."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory / next(iter(files))


def resolved(directory: Path, files: dict[str, str], **options: Any) -> ResolvedRecipe:
    """The first file resolved, as if kameleon-tui had been started in `directory`."""
    return resolve(write(directory, files), cwd=str(directory), **options)


def mistakes(directory: Path, files: dict[str, str], **options: Any) -> list[str]:
    """The lines of the error that resolving the first file gives; without one the test fails."""
    with pytest.raises(RecipeErrors) as caught:
        resolved(directory, files, **options)
    assert caught.value.status == 2
    assert [str(error) for error in caught.value.errors] == caught.value.message.split("\n")
    return caught.value.message.split("\n")


def outline(recipe: ResolvedRecipe) -> list[str]:
    """SECTION/MACROSTEP/MICROSTEP, in order."""
    return [f"{macro.section}/{macro.name}/{micro.name}" for macro, micro in recipe.steps()]


def microstep(recipe: ResolvedRecipe, name: str) -> Microstep:
    return next(micro for _, micro in recipe.steps() if micro.name == name)


def command(recipe: ResolvedRecipe, name: str, number: int = 0) -> Command:
    """A command of the microstep called `name`."""
    return microstep(recipe, name).commands[number]


def current(commands: str, **global_: str) -> dict[str, str]:
    """A recipe of the current dialect: one embedded macrostep with one microstep, whose commands are the YAML list
    `commands`."""
    values = "".join(f"  {name}: {value}\n" for name, value in {"strict": "true", **global_}.items())
    body = "".join(f"        {line}\n" if line else "\n" for line in commands.rstrip("\n").split("\n"))
    return {"r.yaml": f"global:\n{values}setup:\n  - macro:\n      - micro:\n{body}"}


def classic(commands: str, **global_: str) -> dict[str, str]:
    """The same in the classic dialect: a recipe and a step file."""
    values = "".join(f"  {name}: {value}\n" for name, value in {"distrib": "debian", **global_}.items())
    body = "".join(f"      {line}\n" if line else "\n" for line in commands.rstrip("\n").split("\n"))
    return {
        "r.yaml": f"global:\n{values}steps:\n  - macro\n",
        "steps/debian/macro.yaml": f"macro:\n  - micro:\n{body}",
    }
