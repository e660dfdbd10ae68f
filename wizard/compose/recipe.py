"""From answers to a recipe: the globals an answer stands for, the recipe as YAML, the command that repeats it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

import yaml

from wizard.compose.catalog import Catalog
from wizard.errors import UserError
from wizard.flow.question import Value
from wizard.recipe.variables import literal

PROGRAM = "kameleon-tui"
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/+-]*[A-Za-z0-9._/+-])?")


def answers_to_globals(catalog: Catalog, answers: Mapping[str, Value]) -> dict[str, str]:
    """The globals of the composed recipe: the one place that says which answer becomes which.

    `answers` are the values of a workstation flow. UserError for a value no recipe can hold.
    """
    found = dict(catalog.distribution(str(answers["distribution"])).globals)
    sets = [catalog.package_set(name) for name in answers["packages"]]
    found["packages"] = " ".join(dict.fromkeys(package for one in sets for package in one.packages))
    found["kernel"] = str(answers.get("kernel", ""))
    found["hostname"] = str(answers["hostname"])
    for name, value in found.items():
        if "\0" in value:
            raise UserError(f"{name}: {value!r} holds a NUL character, which no shell can take")
    return found


def compose(catalog: Catalog, answers: Mapping[str, Value]) -> str:
    """The recipe for these answers as YAML text, in the current dialect: it extends the distribution's base recipe.

    UserError for a value no recipe can hold.
    """
    distribution, output = catalog.distribution(str(answers["distribution"])), catalog.output(str(answers["output"]))
    lines = [
        f"# DESCRIPTION: {' '.join(f'{distribution.title}, {output.title}'.split())}",
        "#",
        "# Composed by kameleon-tui.",
        f"extend: {distribution.recipe}",
        "",
        "global:",
        *(f"  {name}: {_scalar(literal(value))}" for name, value in answers_to_globals(catalog, answers).items()),
        "",
        "bootstrap:",
        '  - "@base"',
        "",
        "setup:",
        '  - "@base"',
        "",
        "export:",
        f"  - {output.id}",
    ]
    return "\n".join(lines) + "\n"


def repeat_command(catalog: Catalog, answers: Mapping[str, Value]) -> str:
    """The shell command that builds the same recipe without questions or a recipe file, quoted for any shell."""
    base = catalog.distribution(str(answers["distribution"])).recipe
    words = [PROGRAM, "build", base]
    for name, value in answers_to_globals(catalog, answers).items():
        words += ["-g", f"{name}:{value}"]
    return shlex.join([*words, "--type", str(answers["output"])])


def _scalar(value: str) -> str:
    """A YAML scalar on one line whose value is exactly `value`, whatever YAML's reader takes plain words for."""
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    quoted: str = yaml.safe_dump(value, allow_unicode=True, width=float("inf"), default_style='"')
    return quoted.removesuffix("\n")
