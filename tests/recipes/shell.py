"""Running single microsteps of shipped recipes as they resolve, without the engine and without root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from wizard.data import shipped
from wizard.recipe.find import find_recipe
from wizard.recipe.model import Command
from wizard.recipe.resolve import resolve
from wizard.recipe.variables import environment_name


def scripts(recipe: str, *microsteps: str) -> str:
    """The local commands of those microsteps of the recipe, in order, as one text."""
    found = resolve(find_recipe(recipe)).steps()
    named = {micro.name: micro for _, micro in found}
    return "\n".join(
        command.text for name in microsteps for command in named[name].commands if command.context == "local"
    )


def all_commands() -> list[tuple[str, Command]]:
    """(recipe, command) of every command of every shipped recipe."""
    found = []
    for file in sorted(shipped("recipes").glob("*.yaml")):
        for _, microstep in resolve(file).steps():
            found += [(file.stem, command) for command in microstep.commands]
    return found


def run(
    script: str, workdir: Path, globals_: Mapping[str, str], **environment: str
) -> subprocess.CompletedProcess[str]:
    """bash with hello's globals, changed by `globals_`, as the engine would set them: strict, in a work directory."""
    workdir.mkdir(parents=True, exist_ok=True)
    recipe = resolve(find_recipe("hello"), globals_=globals_)
    values = {**recipe.globals, "workdir": str(workdir), "chroot": str(workdir / "chroot"), "output": str(workdir)}
    return subprocess.run(
        ["bash", "-eE", "-o", "pipefail", "-c", script],
        env={
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            **{environment_name(name): value for name, value in values.items()},
            **environment,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=workdir,
    )
