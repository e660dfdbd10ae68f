"""A recipe file → the resolved recipe, of either dialect. Every mistake in every file at once (errors.RecipeErrors)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from wizard.recipe import chain
from wizard.recipe.assemble import Steps
from wizard.recipe.chain import Reader
from wizard.recipe.errors import Problems
from wizard.recipe.globals import Globals, fixed_names, outside_values
from wizard.recipe.model import ResolvedRecipe

_NOTHING: Mapping[str, str] = MappingProxyType({})


def recipe_name(path: Path) -> str:
    """The file's name without .yaml, with only characters that are safe in paths, scripts and run ids."""
    stem = re.sub(r"\.ya?ml$", "", path.name)
    return re.sub(r"[^\w.+-]", "_", stem, flags=re.ASCII)[:100]


def resolve(
    path: Path,
    *,
    globals_: Mapping[str, str] = _NOTHING,
    run: str = "run",
    output: str = "",
    cwd: str = "",
    types: Sequence[str] = (),
) -> ResolvedRecipe:
    """The recipe at `path` with nothing left to look up; RecipeErrors with every mistake.

    `globals_`: values from outside (-g), stronger than the recipe's and taken literally. `run`: the run's id, with or
    without the recipe's name: the work directory is `workdir_base/RECIPE-RUN`. `output`: the directory artefacts
    go to (default: build/RECIPE in `cwd`). `cwd`: where kameleon-tui was started (default: here).
    `types`: output types, steps/export/TYPE.yaml, that replace the export section.
    """
    problems = Problems()
    start = Path(os.path.abspath(cwd or os.getcwd()))
    path = Path(os.path.normpath(start / path))
    reader = Reader(start, problems)
    name = recipe_name(path)
    outside = outside_values(globals_, problems)
    text = chain.load(reader, path, {**fixed_names(name, path, start), **outside})
    if text is None:
        problems.raise_any()
    assert text is not None
    values = Globals(text, outside, name, run, output or str(start / "build" / name), start, problems)
    steps = Steps(reader, text, values, types)
    macrosteps = steps.macrosteps()
    if not macrosteps and not problems.errors:
        problems.add(text.place, "nothing to do: no macrostep in any section")
    problems.raise_any()
    return ResolvedRecipe(
        name=name,
        file=str(path),
        dialect=text.dialect,
        strict=values.strict,
        description=text.description,
        globals=values.texts(),
        workdir=values.workdir,
        chroot=values.chroot,
        output=values.output,
        macrosteps=tuple(macrosteps),
        contexts=values.contexts,
        files=tuple(str(file) for file in reader.files),
    )
