"""What the wizard offers: recipes/catalog and the headers of recipes/steps/export, read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wizard.compose.base import Base, read_base
from wizard.data import shipped
from wizard.recipe import yamltext
from wizard.recipe.entries import Entry, read_entries
from wizard.recipe.errors import Problems, nearest, quoted
from wizard.recipe.model import OutputType
from wizard.recipe.output import read_output

_NAMED = {"id": "text", "title": "text", "text": "text"}
APPLIANCE = {**_NAMED, "recipes": "map", "types": "list?", "globals": "list?"}
GLOBAL = {
    **_NAMED,
    "kind": "text?",
    "choices": "list?",
    "pattern": "text?",
    "form": "text?",
    "below": "text?",
    "step": "text?",
}
DISTRIBUTION = {**_NAMED, "globals": "map?"}
KERNEL = {**_NAMED, "size": "text", "distributions": "list"}
PACKAGE_SET = {**_NAMED, "size": "text", "packages": "list", "distributions": "list"}
#: The questions that are no settings: no global of the catalog may have such a name.
QUESTIONS = ("appliance", "distribution", "types", "kernel", "package_sets")
#: What a global may be: a line of text, one of its choices, a file or directory here, lines of authorized_keys.
KINDS = ("text", "one", "path", "keys")


@dataclass(frozen=True, slots=True)
class Appliance:
    """`recipes` maps each distribution it exists for to the recipe's name; `types` are the output types it makes sense
    for; `globals` what is asked for it, by the ids of globals."""

    id: str
    title: str
    text: str
    recipes: dict[str, str]
    types: tuple[str, ...]
    globals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Global:
    """How a global is asked for. `id` is its name; `kind` is one of KINDS; `choices` are those of the kind one.

    A value must match the whole of `pattern` ("" for none), else `form` says what was expected; a path need not when it
    is there. `below`: a directory; where it is there, the value names a file in it. `step`: the macrostep of the setup
    section that reads it ("" for any): it is asked for where that is done.
    """

    id: str
    title: str
    text: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    pattern: str = ""
    form: str = ""
    below: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Distribution:
    """`globals` is what a recipe that exists for several distributions is told, to build this one."""

    id: str
    title: str
    text: str
    globals: dict[str, str]


@dataclass(frozen=True, slots=True)
class Kernel:
    """`id` is the package; `distributions` are the ids of those that have it; `size` is a human's hint."""

    id: str
    title: str
    text: str
    size: str
    distributions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackageSet:
    """`size` is a human's hint of what the set adds when installed."""

    id: str
    title: str
    text: str
    size: str
    packages: tuple[str, ...]
    distributions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything offered, in the order of the files: the first possible of each kind is its default.

    `globals` are those of globals.yaml, then the other options of output types.
    """

    appliances: tuple[Appliance, ...]
    distributions: tuple[Distribution, ...]
    outputs: tuple[OutputType, ...]
    kernels: tuple[Kernel, ...]
    package_sets: tuple[PackageSet, ...]
    globals: tuple[Global, ...]
    _bases: dict[str, Base] = field(default_factory=dict, compare=False, repr=False)

    def appliance(self, appliance: str) -> Appliance:
        """KeyError when there is none."""
        return {one.id: one for one in self.appliances}[appliance]

    def distribution(self, distribution: str) -> Distribution:
        """KeyError when there is none."""
        return {one.id: one for one in self.distributions}[distribution]

    def output(self, output: str) -> OutputType:
        """KeyError when there is none."""
        return {one.id: one for one in self.outputs}[output]

    def package_set(self, package_set: str) -> PackageSet:
        """KeyError when there is none."""
        return {one.id: one for one in self.package_sets}[package_set]

    def base(self, recipe: str) -> Base:
        """What the recipe called so says by itself; it is read once. UserError when it cannot be read."""
        if recipe not in self._bases:
            self._bases[recipe] = read_base(recipe)
        return self._bases[recipe]

    def distributions_of(self, appliance: str) -> tuple[Distribution, ...]:
        """The distributions the appliance exists for."""
        return tuple(one for one in self.distributions if one.id in self.appliance(appliance).recipes)

    def outputs_of(self, appliance: str) -> tuple[OutputType, ...]:
        """The output types the appliance makes sense for."""
        return tuple(one for one in self.outputs if one.id in self.appliance(appliance).types)

    def kernels_of(self, distribution: str) -> tuple[Kernel, ...]:
        """The kernels the distribution has."""
        return tuple(kernel for kernel in self.kernels if distribution in kernel.distributions)

    def package_sets_of(self, distribution: str) -> tuple[PackageSet, ...]:
        """The package sets the distribution has."""
        return tuple(one for one in self.package_sets if distribution in one.distributions)


def load_catalog(recipes: Path | None = None) -> Catalog:
    """The catalog of the folder `recipes` (of what ships when None).

    RecipeErrors with every mistake as `file:line:column: message`, one a line.
    """
    folder = recipes or shipped("recipes")
    problems = Problems()

    def entries(name: str, schema: dict[str, str]) -> list[Entry]:
        return read_entries(folder / "catalog" / f"{name}.yaml", schema, problems)

    appliances, globals_ = entries("appliances", APPLIANCE), entries("globals", GLOBAL)
    distributions = entries("distributions", DISTRIBUTION)
    kernels, package_sets = entries("kernels", KERNEL), entries("packages", PACKAGE_SET)
    told = len(problems.errors)
    outputs = tuple(_outputs(folder, problems))
    whole = len(problems.errors) == told  # else a type may be missing only because of its own mistake
    for entry in kernels + package_sets:
        _known(entry, "distributions", "distribution", distributions, problems)
    for entry in appliances:
        _known(entry, "recipes", "distribution", distributions, problems)
        if whole:
            _known(entry, "types", "output type", outputs, problems)
        _known(entry, "globals", "global", globals_, problems)
        entry.value["types"] = entry.value["types"] or tuple(one.id for one in outputs)
    options = {name for one in outputs for name in one.options}
    for entry in globals_:
        if entry.value["id"] in options and not entry.value["kind"]:
            entry.value["kind"], entry.value["choices"] = _kind(outputs, entry.value["id"])
        elif whole:
            _check_global(entry, problems)
    for one in outputs:
        for name in set(QUESTIONS) & one.options.keys():
            problems.add(one.place, f"an option cannot be called {name}: the wizard asks for something else so")
    if not appliances and not problems.errors:
        problems.add(None, f"{folder}/catalog/appliances.yaml offers nothing")
    problems.raise_any()
    known = tuple(Global(**entry.value) for entry in globals_)
    return Catalog(
        tuple(Appliance(**entry.value) for entry in appliances),
        tuple(Distribution(**entry.value) for entry in distributions),
        outputs,
        tuple(Kernel(**entry.value) for entry in kernels),
        tuple(PackageSet(**entry.value) for entry in package_sets),
        (*known, *_options(outputs, {one.id for one in known})),
    )


def load_outputs(recipes: Path | None = None) -> tuple[OutputType, ...]:
    """The output types alone. RecipeErrors when a header has a mistake."""
    problems = Problems()
    outputs = tuple(_outputs(recipes or shipped("recipes"), problems))
    problems.raise_any()
    return outputs


def _outputs(folder: Path, problems: Problems) -> Iterator[OutputType]:
    """The header of each export step that has one, `tar` first: it needs the least of a host."""
    files = sorted((folder / "steps" / "export").glob("*.yaml"), key=lambda file: (file.stem != "tar", file.stem))
    for file in files:
        # The header alone: whoever builds reads the steps.
        source = yamltext.read_lines(file, str(file), problems)
        output = read_output(file.stem, source, problems) if source else None
        if output is not None:
            yield output


def _options(outputs: tuple[OutputType, ...], known: set[str]) -> Iterator[Global]:
    """The options that globals.yaml says nothing about are asked for by their names."""
    for name in dict.fromkeys(name for one in outputs for name in one.options):
        if name not in known:
            yield Global(name, name, "", *_kind(outputs, name))


def _kind(outputs: tuple[OutputType, ...], name: str) -> tuple[str, tuple[str, ...]]:
    """How an option is asked for: as a text, or as one of the choices that all output types take together."""
    shapes = [shape for one in outputs for shape in one.takes.get(name, ())]
    if not all(shape.choices for shape in shapes):
        return "text", ()
    return "one", tuple(dict.fromkeys(choice for shape in shapes for choice in shape.choices))


def _known(entry: Entry, key: str, what: str, known: Any, problems: Problems) -> None:
    """Each id that an entry refers to must be one."""
    ids = [one.value["id"] if isinstance(one, Entry) else one.id for one in known]
    for name in entry.value[key]:
        if name not in ids:
            hint = nearest(name, ids) or f"there are {', '.join(ids)}"
            problems.add(entry.places[key], f"no {what} is called {quoted(name)}", hint)


def _check_global(entry: Entry, problems: Problems) -> None:
    value, places = entry.value, entry.places
    if value["id"] in QUESTIONS:
        problems.add(places["id"], f"{value['id']} is asked for by a question of its own")
    if not value["kind"]:
        problems.add(entry.place, "the key kind is missing: only output types say it of their options")
        return
    if value["kind"] not in KINDS:
        problems.add(places["kind"], f"kind: takes {', '.join(KINDS)}")
    if (value["kind"] == "one") != bool(value["choices"]):
        problems.add(entry.place, "choices go with kind: one")
    if value["pattern"] and not value["form"]:
        problems.add(places["pattern"], "a pattern wants a form: what is said of a value that does not match")
