"""What the wizard offers: recipes/catalog and the headers of recipes/steps/export, read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wizard.compose.entries import Entry, read_entries, read_header
from wizard.data import shipped
from wizard.errors import UserError

DISTRIBUTION = {"id": "text", "title": "text", "text": "text", "recipe": "text", "globals": "map"}
KERNEL = {"id": "text", "title": "text", "text": "text", "size": "text", "distributions": "list"}
PACKAGE_SET = {
    "id": "text",
    "title": "text",
    "text": "text",
    "size": "text",
    "packages": "list",
    "distributions": "list",
}
OUTPUT = {
    "title": "text",
    "makes": "text",
    "kernel": "text",
    "tools": "map",
    "options": "map?",
    "adds": "text",
    "leaves out": "text",
    "use": "text",
}
_KERNEL_WORDS = ("none", "wanted")


@dataclass(frozen=True, slots=True)
class Distribution:
    """`recipe` is the base recipe's name, `globals` what it is told to build this distribution."""

    id: str
    title: str
    text: str
    recipe: str
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
class OutputType:
    """The header of an export step. `id` is the file's name and what --type takes; `kernel` tells whether it wants
    one; `tools` maps each command it needs of the host to the Debian package that has it; `options` maps a global
    to what it does."""

    id: str
    title: str
    makes: str
    kernel: bool
    tools: dict[str, str]
    options: dict[str, str]
    adds: str
    leaves_out: str
    use: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything offered, in the order of the files: the first possible of each kind is its default."""

    distributions: tuple[Distribution, ...]
    kernels: tuple[Kernel, ...]
    outputs: tuple[OutputType, ...]
    package_sets: tuple[PackageSet, ...]

    def distribution(self, distribution: str) -> Distribution:
        """KeyError when there is none."""
        return {one.id: one for one in self.distributions}[distribution]

    def output(self, output: str) -> OutputType:
        """KeyError when there is none."""
        return {one.id: one for one in self.outputs}[output]

    def package_set(self, package_set: str) -> PackageSet:
        """KeyError when there is none."""
        return {one.id: one for one in self.package_sets}[package_set]

    def kernels_of(self, distribution: str) -> tuple[Kernel, ...]:
        """The kernels the distribution has."""
        return tuple(kernel for kernel in self.kernels if distribution in kernel.distributions)

    def package_sets_of(self, distribution: str) -> tuple[PackageSet, ...]:
        """The package sets the distribution has."""
        return tuple(one for one in self.package_sets if distribution in one.distributions)


def load_catalog(recipes: Path | None = None) -> Catalog:
    """The catalog of the folder `recipes` (of what ships when None).

    UserError with every mistake as `file:line:column: message`, one a line.
    """
    folder = recipes or shipped("recipes")
    errors: list[str] = []
    distributions = read_entries(folder / "catalog" / "distributions.yaml", DISTRIBUTION, errors)
    kernels = read_entries(folder / "catalog" / "kernels.yaml", KERNEL, errors)
    package_sets = read_entries(folder / "catalog" / "packages.yaml", PACKAGE_SET, errors)
    headers = list(_headers(folder, errors))
    names = [entry.value["id"] for entry in distributions]
    for entry in kernels + package_sets:
        errors.extend(
            f"{entry.place}: no distribution is called {name!r}; there are {', '.join(names)}"
            for name in entry.value["distributions"]
            if name not in names
        )
    for _, entry in headers:
        if entry.value["kernel"] not in _KERNEL_WORDS:
            errors.append(f"{entry.place}: 'kernel' takes {' or '.join(_KERNEL_WORDS)}")
    if errors:
        raise UserError("\n".join(errors), hint="recipes/README.md says what catalog entries and output headers hold")
    return Catalog(
        tuple(Distribution(**entry.value) for entry in distributions),
        tuple(Kernel(**entry.value) for entry in kernels),
        tuple(OutputType(id=name, **_output_fields(entry.value)) for name, entry in headers),
        tuple(PackageSet(**entry.value) for entry in package_sets),
    )


def _headers(folder: Path, errors: list[str]) -> Iterator[tuple[str, Entry]]:
    """(name, header) of each export step that has one, `tar` first: it needs the least of a host."""
    files = sorted((folder / "steps" / "export").glob("*.yaml"), key=lambda file: (file.stem != "tar", file.stem))
    for file in files:
        header = read_header(file, OUTPUT, errors)
        if header is not None:
            yield file.stem, header


def _output_fields(header: dict[str, Any]) -> dict[str, Any]:
    fields = {key.replace(" ", "_"): value for key, value in header.items()}
    return fields | {"kernel": header["kernel"] == "wanted"}
