"""Globals that are others when a run is taken up again: given anew with -g, or changed in the recipe.

What a context leaves to the next holds all of its variables, the globals among them as they were.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from wizard.engine.runs import Run
from wizard.engine.steps import step_names
from wizard.recipe.globals import OURS
from wizard.recipe.model import ResolvedRecipe
from wizard.recipe.variables import environment_name

_NAMED = 3


def changed_globals(recipe: ResolvedRecipe, resumed: Run) -> dict[str, str | None]:
    """Globals and their new values, None for one that is gone; but those that kameleon-tui alone sets."""
    before = resumed.resolved()["globals"]
    now = recipe.globals
    names = sorted({*before, *now} - OURS.keys())
    return {name: now.get(name) for name in names if before.get(name) != now.get(name)}


def tell_contexts(state: Path, changed: Mapping[str, str | None]) -> None:
    """Put the new values behind what the contexts left in the directory `state`."""
    lines = [
        f"unset {environment_name(name)}\n"
        if value is None
        else f"export {environment_name(name)}={shlex.quote(value)}\n"
        for name, value in changed.items()
    ]
    for context in ("local", "out", "in"):
        left = state / context
        if left.exists() and left.stat().st_size:
            with left.open("ab") as file:
                file.write(os.fsencode("".join(lines)))


def read_before(recipe: ResolvedRecipe, changed: Iterable[str], done: frozenset[int]) -> list[str]:
    """A sentence for each changed global that steps name which are done."""
    names = step_names(recipe)
    told = []
    for name in changed:
        variable = re.compile(rf"\b{environment_name(name)}\b")
        found = [
            names[number]
            for number, (_, micro) in enumerate(recipe.steps())
            if number in done and any(variable.search(command.text) for command in micro.commands)
        ]
        if found:
            more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            were = "was" if len(found) == 1 else "were"
            steps = f"{', '.join(found[:_NAMED])}{more} {were} done"
            told.append(f"the global {name} is another since {steps}; --from {found[0]} goes back to there")
    return told
