"""Where step files are looked for (docs/recipes.md has the order). Directories that do not exist are left out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wizard.data import shipped, user_data_directory


def recipe_path() -> list[Path]:
    """The directories a bare recipe name is looked for in: KAMELEON_PATH, the user's data directory, what ships."""
    entries = [Path(entry) for entry in os.environ.get("KAMELEON_PATH", "").split(":") if entry]
    beside = [directory for entry in entries for directory in (entry, entry / "recipes")]
    return [*beside, user_data_directory() / "recipes", shipped("recipes")]


def _existing(directories: Iterable[Path]) -> list[Path]:
    absolute = (Path(os.path.abspath(directory)) for directory in directories)
    return [directory for directory in dict.fromkeys(absolute) if os.path.isdir(directory)]


def _everywhere() -> list[Path]:
    return [steps for directory in recipe_path() for steps in (directory / "steps", directory.parent / "steps")]


def classic_steps(recipe: Path) -> list[Path]:
    """steps/ beside the recipe, beside its parent directory, on KAMELEON_PATH, then shipped."""
    return _existing([recipe.parent / "steps", recipe.parent.parent / "steps", *_everywhere()])


def current_steps(recipes: Iterable[Path], cwd: Path) -> list[Path]:
    """For the recipe and each it extends: steps/ and .steps/ in its directory and those above it up to `cwd`
    (its own directory only when it is not below `cwd`); then on KAMELEON_PATH and shipped."""
    found: list[Path] = []
    for recipe in recipes:
        directory = recipe.parent
        above = [directory, *directory.parents]
        within = above[: above.index(cwd) + 1] if cwd in above else above[:1]
        found += [path / name for path in within for name in ("steps", ".steps")]
    return _existing([*found, *_everywhere()])


@dataclass(frozen=True, slots=True)
class StepsPath:
    """`steps`: steps directories, the strongest first. `folders`: what is tried in each of them, in this order:
    the distribution, common and default (classic) or the section and include_steps (current)."""

    steps: list[Path]
    folders: tuple[str, ...]

    def find(self, name: str) -> Path | None:
        """The step file called `name`."""
        return next((path for path in self._candidates(f"{name}.yaml") if os.path.isfile(path)), None)

    def _candidates(self, file: str) -> list[Path]:
        return [Path(os.path.normpath(steps / folder / file)) for steps in self.steps for folder in self.folders]

    def names(self) -> list[str]:
        """Every step file's name that could be found, for hints."""
        return sorted({path.stem for folder in self._candidates(".") for path in folder.glob("*.yaml")})

    def data(self, file: str, folder: str) -> Path | None:
        """steps/FOLDER/FILE: data, aliases, global …"""
        found = (Path(os.path.normpath(steps / folder / file)) for steps in self.steps)
        return next((path for path in found if os.path.exists(path)), None)


def classic_folders(distrib: str) -> tuple[str, ...]:
    return (distrib, "common", "default")


def current_folders(section: str, include_steps: Iterable[str]) -> tuple[str, ...]:
    return tuple(folder for entry in [*include_steps, ""] for folder in (f"{section}/{entry}", entry or "."))
