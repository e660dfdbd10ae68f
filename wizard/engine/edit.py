"""Edit-and-retry: a failed microstep's commands, written anew by a person, take its place in the running script."""

from __future__ import annotations

import dataclasses
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
    from wizard.recipe.microstep import parse_commands

    macro, micro = recipe.steps()[step]
    path = edited_path(run, step, macro.name, micro.name)
    commands = parse_commands(text, recipe=recipe, file=str(path))
    if not commands:
        raise UserError("no command is left; choose skip to leave the step out")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    micro = dataclasses.replace(micro, commands=commands)
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
