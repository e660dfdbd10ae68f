"""Edit-and-retry: a failed microstep's commands, written anew by a person, take its place in the running script."""

from __future__ import annotations

import dataclasses
from collections.abc import Container
from pathlib import Path

from wizard.engine.script import compile_microstep
from wizard.errors import UserError
from wizard.recipe.model import Microstep, ResolvedRecipe


def edited_path(run: Path, step: int, macrostep: str, microstep: str) -> Path:
    """Where the edited commands of a step are: RUN/edited/NN.MACROSTEP.MICROSTEP.yaml."""
    name = f"{step:02}.{macrostep}.{microstep}"[:200]  # a file name may have 255 bytes
    safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in name)
    return run / "edited" / f"{safe}.yaml"


def compile_edited(recipe: ResolvedRecipe, step: int, text: str, run: Path) -> tuple[Path, ResolvedRecipe]:
    """Keeps `text` (a YAML list of commands) in the run and compiles it; the bash file to `replace` the step with, and
    the recipe with those commands: where a later failure is, is then told by the lines of `text`.

    RecipeErrors (a UserError) with the lines of `text` when it is no list of commands.
    """
    macro, micro = recipe.steps()[step]
    path = edited_path(run, step, macro.name, micro.name)
    micro = _edited(recipe, micro, text, path)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    _taken(path).write_text(text)
    compiled = path.with_suffix(".sh")
    compiled.write_text(compile_microstep(step, micro))
    return compiled, _with_step(recipe, step, micro)


def _edited(recipe: ResolvedRecipe, micro: Microstep, text: str, path: Path) -> Microstep:
    from wizard.recipe.microstep import parse_commands

    commands = parse_commands(text, recipe=recipe, file=str(path))
    if not commands:
        raise UserError("no command is left; choose skip to leave the step out")
    return dataclasses.replace(micro, commands=commands)


def _taken(path: Path) -> Path:
    # What stands in the file itself may be an edit that was refused since.
    return path.with_suffix(".taken")


def with_edits(
    recipe: ResolvedRecipe, run: Path, changed: Container[int]
) -> tuple[ResolvedRecipe, list[tuple[int, str]]]:
    """For a run that is taken up again: the recipe with the commands that were edited in it, and for each such step its
    number and what is to be told. Of the steps `changed`, whose commands in the recipe are other ones since, the edit
    is forgotten."""
    told = []
    for step, (macro, micro) in enumerate(recipe.steps()):
        path = edited_path(run, step, macro.name, micro.name)
        if not _taken(path).is_file():
            continue
        name = f"{macro.name}/{micro.name}"
        if step in changed:
            _taken(path).unlink()
            told.append((step, f"{name}: the recipe has other commands now; those edited in this run are left aside"))
        else:
            recipe = _with_step(recipe, step, _edited(recipe, micro, _taken(path).read_text(), path))
            told.append((step, f"{name}: with the commands edited in this run ({path})"))
    return recipe, told


def _with_step(recipe: ResolvedRecipe, step: int, micro: Microstep) -> ResolvedRecipe:
    macrosteps, first = [], 0
    for macro in recipe.macrosteps:
        at, first = step - first, first + len(macro.microsteps)
        if 0 <= at < len(macro.microsteps):
            macro = dataclasses.replace(macro, microsteps=(*macro.microsteps[:at], micro, *macro.microsteps[at + 1 :]))
        macrosteps.append(macro)
    return dataclasses.replace(recipe, macrosteps=tuple(macrosteps))
