"""A resolved recipe for readers: an outline for people, JSON for programs."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from wizard.recipe.microstep import commands_as_yaml
from wizard.recipe.model import Command, Macrostep, Microstep, ResolvedRecipe


def to_json(recipe: ResolvedRecipe) -> dict[str, Any]:
    """{"name", "file", "dialect", "strict", "description", "globals", "workdir", "chroot", "output", "contexts",
    "files", "outputs", "sections": [{"name", "macrosteps": [{"name", "file", "line", "microsteps": [{"name", "file",
    "line", "clean", "commands": [{KIND: ARGUMENT}, …]}]}]}]}; ARGUMENT is a string or a list of strings; "outputs" are
    the output types' names."""
    return {
        "name": recipe.name,
        "file": recipe.file,
        "dialect": recipe.dialect,
        "strict": recipe.strict,
        "description": recipe.description,
        "globals": recipe.globals,
        "workdir": recipe.workdir,
        "chroot": recipe.chroot,
        "output": recipe.output,
        "contexts": recipe.contexts,
        "files": list(recipe.files),
        "outputs": [output.id for output in recipe.outputs],
        "sections": [
            {"name": name, "macrosteps": [_macrostep(macrostep) for macrostep in macrosteps]}
            for name, macrosteps in groupby(recipe.macrosteps, lambda macrostep: macrostep.section)
        ],
    }


def _macrostep(macrostep: Macrostep) -> dict[str, Any]:
    return {
        "name": macrostep.name,
        "file": macrostep.place.file,
        "line": macrostep.place.line,
        "microsteps": [_microstep(microstep) for microstep in macrostep.microsteps],
    }


def _microstep(microstep: Microstep) -> dict[str, Any]:
    return {
        "name": microstep.name,
        "file": microstep.place.file,
        "line": microstep.place.line,
        "clean": microstep.clean,
        "commands": [_command(command) for command in microstep.commands],
    }


def _command(command: Command) -> dict[str, Any]:
    argument = command.argument
    return {command.name: argument if isinstance(argument, str) else list(argument)}


def outline(recipe: ResolvedRecipe, *, commands: bool = False) -> str:
    """The recipe for people: sections, macrosteps, microsteps (with `commands`: these too, as YAML), globals."""
    lines = [f"{recipe.name}: {recipe.description}" if recipe.description else recipe.name]
    lines += [f"  {recipe.file} ({recipe.dialect} dialect{', strict' if recipe.strict else ''})"]
    for section, macrosteps in groupby(recipe.macrosteps, lambda macrostep: macrostep.section):
        lines += ["", section]
        for macrostep in macrosteps:
            lines.append(f"  {macrostep.name}  ({macrostep.place.file})")
            for microstep in macrostep.microsteps:
                lines.append(f"    {microstep.name}")
                if commands:
                    text = commands_as_yaml(microstep.commands).rstrip("\n")
                    lines += [f"      {line}".rstrip() for line in text.split("\n")]
    lines += ["", "globals"]
    width = max(map(len, recipe.globals))
    for name in sorted(recipe.globals):
        value = recipe.globals[name]
        lines.append(f"  {name.ljust(width)}  {value if value.isprintable() else repr(value)}".rstrip())
    return "\n".join(lines)
