"""Recipes by name: a name with / or .yaml is that file, a bare one is looked for along the recipe path."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from wizard.errors import UserError
from wizard.recipe import lookup, yamltext
from wizard.recipe.chain import description, dialect_of
from wizard.recipe.errors import Problems, nearest, quoted


@dataclass(frozen=True, slots=True)
class Found:
    """A recipe file. `dialect`: classic or current."""

    name: str
    path: Path
    description: str
    dialect: str


def directories() -> list[Path]:
    """Where a bare name is looked for: ./recipes, KAMELEON_PATH, the user's data directory, what ships."""
    return list(dict.fromkeys([Path("recipes"), *lookup.recipe_path()]))


def find_recipe(name: str) -> Path:
    """The file of a recipe; UserError when a bare name is found nowhere. A given file is not looked at."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        return Path(name)
    for directory in directories():
        path = directory / f"{name}.yaml"
        if name and os.path.isfile(path):
            return path
    hint = nearest(name, (found.name for found in all_recipes()))
    where = ", ".join(str(directory) for directory in directories())
    raise UserError(
        f"no recipe {quoted(name)} in {where}",
        hint=hint or "kameleon-tui recipe list shows them; a file is given as ./FILE",
    )


def all_recipes() -> list[Found]:
    """Every recipe a bare name can mean, by name; a stronger directory hides a weaker one's. Files that are no
    recipes, or cannot be read, are left out."""
    found: dict[str, Found] = {}
    for directory in directories():
        if not os.path.isdir(directory):
            continue
        for path in directory.glob("*.yaml"):
            recipe = _look_at(path) if path.stem not in found else None
            if recipe is not None:
                found[path.stem] = recipe
    return [found[name] for name in sorted(found)]


def _look_at(path: Path) -> Found | None:
    read = yamltext.read(path, str(path), Problems())
    if read is None:
        return None
    source, root = read
    dialect = dialect_of(root)
    return Found(path.stem, path, description(source, root), dialect) if dialect else None
