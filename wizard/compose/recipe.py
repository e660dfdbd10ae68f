"""From answers to a recipe: the globals an answer stands for, the recipe as YAML, the command that repeats it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

import yaml

from wizard.compose.base import Base
from wizard.compose.catalog import Catalog
from wizard.errors import UserError
from wizard.flow.question import Value
from wizard.recipe.variables import literal

PROGRAM = "kameleon-tui"
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/+-]*[A-Za-z0-9._/+-])?")


def base_of(catalog: Catalog, answers: Mapping[str, Value]) -> Base:
    """The recipe that the composed one extends."""
    return catalog.base(catalog.appliance(str(answers["appliance"])).recipes[str(answers["distribution"])])


def answers_to_globals(catalog: Catalog, answers: Mapping[str, Value]) -> dict[str, str]:
    """The globals of the composed recipe: the one place that says which answer becomes which. What the recipe that is
    extended says anyway is not said again.

    `answers` are the values of a workstation flow. UserError for a value no recipe can hold.
    """
    own = base_of(catalog, answers).globals
    found = dict(catalog.distribution(str(answers["distribution"])).globals)
    if "kernel" in answers:
        found["kernel"] = str(answers["kernel"])
    for one in catalog.globals:
        if one.id in answers:
            value = answers[one.id]
            found[one.id] = value if isinstance(value, str) else "\n".join(value)
    sets = [catalog.package_set(name) for name in answers["package_sets"]]
    if sets:
        names = [package for one in sets for package in one.packages]
        names += found.get("packages", own.get("packages", "")).split()
        found["packages"] = " ".join(dict.fromkeys(names))
    for name, value in found.items():
        if "\0" in value:
            raise UserError(f"{name}: {value!r} holds a NUL character, which no shell can take")
    return {name: value for name, value in found.items() if value != own.get(name, "")}


def compose(catalog: Catalog, answers: Mapping[str, Value]) -> str:
    """The recipe for these answers as YAML text, in the current dialect: it extends the appliance's recipe.

    UserError for a value no recipe can hold.
    """
    appliance = catalog.appliance(str(answers["appliance"]))
    distribution = catalog.distribution(str(answers["distribution"]))
    described = f"{appliance.title}, {distribution.title}, as {' and '.join(answers['types'])}"
    globals_ = answers_to_globals(catalog, answers)
    lines = [
        f"# DESCRIPTION: {' '.join(described.split())}",
        "#",
        "# Composed by kameleon-tui.",
        f"extend: {appliance.recipes[distribution.id]}",
        "",
    ]
    if globals_:
        lines += ["global:", *(f"  {name}: {_scalar(literal(value))}" for name, value in globals_.items()), ""]
    for section in ("bootstrap", "setup"):
        lines += [f"{section}:", '  - "@base"', ""]
    lines += ["export:", *(f"  - {name}" for name in answers["types"])]
    return "\n".join(lines) + "\n"


def repeat_command(catalog: Catalog, answers: Mapping[str, Value]) -> str:
    """The shell command that builds the same recipe without questions or a recipe file, quoted for any shell."""
    base = base_of(catalog, answers)
    words = [PROGRAM, "build", base.recipe]
    for name, value in answers_to_globals(catalog, answers).items():
        words += ["-g", f"{name}:{value}"]
    if tuple(answers["types"]) != base.types:
        words += ["--type", *answers["types"]]
    return shlex.join(words)


def _scalar(value: str) -> str:
    """A YAML scalar on one line whose value is exactly `value`, whatever YAML's reader takes plain words for."""
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    quoted: str = yaml.safe_dump(value, allow_unicode=True, width=float("inf"), default_style='"')
    return quoted.removesuffix("\n")
