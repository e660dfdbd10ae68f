"""A recipe file → the resolved recipe, of either dialect. Every mistake in every file at once (errors.RecipeErrors)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from wizard.recipe import chain, lookup
from wizard.recipe.assemble import Steps
from wizard.recipe.chain import Reader, RecipeText
from wizard.recipe.errors import Problems, quoted
from wizard.recipe.globals import Globals, fixed_names, outside_values
from wizard.recipe.lookup import StepsPath
from wizard.recipe.model import OutputType, ResolvedRecipe
from wizard.recipe.output import Needs, read_needs, read_output
from wizard.recipe.takes import problems as refused
from wizard.recipe.variables import Value, Variables

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
    outputs = _of_family(text, outside, _outputs(reader, text, types), problems)
    wanted = {
        "needed_packages": " ".join(_needed_packages(reader, text, outputs)),
        "kernel": "yes" if any(one.kernel for one in outputs) else "",
    }
    values = Globals(text, outside, name, run, output or str(start / "build" / name), start, problems, wanted)
    steps = Steps(reader, text, values, types, outputs)
    macrosteps = steps.macrosteps()
    if not macrosteps and not problems.errors:
        problems.add(text.place, "nothing to do: no macrostep in any section")
    needs = {path: read_needs(read[0], problems) for path, read in reader.files.items() if read}
    _check_options(reader, values, outputs, needs)
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
        tools=tuple(dict.fromkeys(tool for one in needs.values() for tool in one.tools)),
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


def _of_family(
    text: RecipeText, outside: Mapping[str, Value], outputs: tuple[OutputType, ...], problems: Problems
) -> tuple[OutputType, ...]:
    """The output types as the appliance's family of packages has them."""
    variables = Variables([outside, *text.layers], problems)
    family = variables.value("package_family").text if "package_family" in variables.names() else "deb"
    if family not in ("deb", "rpm"):
        problems.add(text.keys.get("package_family"), f"package_family takes deb or rpm, not {quoted(family)}")
    if family != "rpm":
        return outputs
    for one in outputs:
        if one.rpm_setup is None:
            problems.add(one.place, f"the output type {one.id} is for Debian's family only: it has no `rpm setup`")
    return tuple(replace(one, setup=one.rpm_setup or (), packages=()) for one in outputs)


def _check_options(reader: Reader, values: Globals, outputs: Sequence[OutputType], needs: Mapping[Path, Needs]) -> None:
    """Values that a step does not take; also those of an output type that a macrostep with another name includes."""
    known = {one.place.file: one for one in outputs}
    for path, read in reader.files.items():
        output = read and (known.get(read[0].file) or read_output(path.stem, read[0], reader.problems))
        takes = {**(needs[path].takes if path in needs else {}), **(output.takes if output else {})}
        for name, told in refused(takes, values.texts()):
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
        found += read_needs(read[0], reader.problems).packages if read else ()
    return list(dict.fromkeys(found))
