"""Edit-and-retry: a failed microstep's commands, written anew by a person, take its place in the running script."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from wizard.engine.script import compile_microstep
from wizard.errors import UserError
from wizard.recipe.model import Microstep, ResolvedRecipe


def edited_path(run: Path, recipe: ResolvedRecipe, step: int) -> Path:
    """Where the edited commands of a step are: RUN/edited/NN.MACROSTEP.MICROSTEP.yaml."""
    macro, micro = recipe.steps()[step]
    name = f"{step:02}.{macro.name}.{micro.name}.yaml"
    return (
        run / "edited" / "".join(character if character.isalnum() or character in "._-" else "_" for character in name)
    )


def compile_edited(recipe: ResolvedRecipe, step: int, text: str, run: Path) -> tuple[Path, ResolvedRecipe]:
    """Keeps `text` (a YAML list of commands) in the run and compiles it; the bash file to `replace` the step with, and
    the recipe with those commands: where a later failure is, is then told by the lines of `text`.

    RecipeErrors (a UserError) with the lines of `text` when it is no list of commands.
    """
    from wizard.recipe.microstep import parse_commands

    path = edited_path(run, recipe, step)
    commands = parse_commands(text, recipe=recipe, file=str(path))
    if not commands:
        raise UserError("no command is left; choose skip to leave the step out")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    micro = dataclasses.replace(recipe.steps()[step][1], commands=commands)
    compiled = path.with_suffix(".sh")
    compiled.write_text(compile_microstep(step, micro))
    return compiled, _with_step(recipe, step, micro)


def _with_step(recipe: ResolvedRecipe, step: int, micro: Microstep) -> ResolvedRecipe:
    macrosteps, first = [], 0
    for macro in recipe.macrosteps:
        at, first = step - first, first + len(macro.microsteps)
        if 0 <= at < len(macro.microsteps):
            macro = dataclasses.replace(macro, microsteps=(*macro.microsteps[:at], micro, *macro.microsteps[at + 1 :]))
        macrosteps.append(macro)
    return dataclasses.replace(recipe, macrosteps=tuple(macrosteps))
