"""A recipe file → the resolved recipe, of either dialect. Every mistake in every file at once (errors.RecipeErrors)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from wizard.recipe import chain, lookup
from wizard.recipe.assemble import Steps
from wizard.recipe.chain import Reader, RecipeText
from wizard.recipe.errors import Problems
from wizard.recipe.globals import Globals, fixed_names, outside_values
from wizard.recipe.lookup import StepsPath
from wizard.recipe.model import OutputType, ResolvedRecipe
from wizard.recipe.output import needed_packages, read_output
from wizard.recipe.takes import problems as refused

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
    outputs = _outputs(reader, text, types)
    wanted = {
        "needed_packages": " ".join(_needed_packages(reader, text, outputs)),
        "kernel": "yes" if any(one.kernel for one in outputs) else "",
    }
    values = Globals(text, outside, name, run, output or str(start / "build" / name), start, problems, wanted)
    steps = Steps(reader, text, values, types, outputs)
    macrosteps = steps.macrosteps()
    if not macrosteps and not problems.errors:
        problems.add(text.place, "nothing to do: no macrostep in any section")
    _check_options(reader, values, outputs)
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
        outputs=outputs,
    )


def _outputs(reader: Reader, text: RecipeText, types: Sequence[str]) -> tuple[OutputType, ...]:
    """The headers of the output types asked for, else of the export section's; a name without a file or a header is
    left out here: assembling tells."""
    if text.dialect == "classic":
        return ()
    paths = StepsPath(lookup.current_steps(text.recipes, reader.cwd), ("export",))
    found: list[OutputType] = []
    for name in types or [call.name.value for call in text.calls["export"] if call.arguments is None]:
        path = paths.find(name) if name and "/" not in name and "\0" not in name else None
        read = reader.read(path) if path else None
        output = read_output(name, read[0], reader.problems) if read else None
        if output is not None and output not in found:
            found.append(output)
    return tuple(found)


def _check_options(reader: Reader, values: Globals, outputs: Sequence[OutputType]) -> None:
    """Values that an output type does not take; also of one whose steps a macrostep with another name includes."""
    known = {one.place.file: one for one in outputs}
    for path, read in reader.files.items():
        output = read and (known.get(read[0].file) or read_output(path.stem, read[0], reader.problems))
        for name, told in refused(output.takes, values.texts()) if output else ():
            place = values.place(name)
            reader.problems.add(place, f"{'' if place else f'-g {name}: '}the global {name} {told}")


def _needed_packages(reader: Reader, text: RecipeText, outputs: Sequence[OutputType]) -> list[str]:
    """What the output types and the steps of the setup section, theirs too, need installed; each once."""
    found = [package for one in outputs for package in one.packages]
    paths = StepsPath(lookup.current_steps(text.recipes, reader.cwd), ("setup",))
    called = [call.name.value for call in text.calls.get("setup", ())]
    if "@types" in called:
        called += [name for one in outputs for name in one.setup]
    for name in called:
        path = paths.find(name) if name and "\0" not in name else None
        read = reader.read(path) if path else None
        found += needed_packages(read[0], reader.problems) if read else ()
    return list(dict.fromkeys(found))
