"""Running single microsteps of shipped recipes as they resolve, without the engine and without root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from wizard.data import shipped
from wizard.recipe.find import find_recipe
from wizard.recipe.model import Command, Place, ResolvedRecipe
from wizard.recipe.resolve import resolve
from wizard.recipe.variables import environment_name


def scripts(recipe: str, *microsteps: str) -> str:
    """The local commands of those microsteps of the recipe, in order, as one text."""
    found = resolve(find_recipe(recipe)).steps()
    named = {micro.name: micro for _, micro in found}
    return "\n".join(
        command.text for name in microsteps for command in named[name].commands if command.context == "local"
    )


def all_resolved() -> list[ResolvedRecipe]:
    """Every shipped recipe, hello as every output type, and the one of the RPM family as one that needs most of it."""
    recipes = shipped("recipes")
    types = sorted(file.stem for file in (recipes / "steps" / "export").glob("*.yaml"))
    found = [resolve(file) for file in sorted(recipes.glob("*.yaml"))]
    found += [resolve(recipes / "hello.yaml", types=(one,)) for one in types]
    return [*found, resolve(recipes / "rocky-9-x86_64.yaml", types=("lxc",))]


def all_commands() -> list[tuple[str, Command]]:
    """(recipe, command) of every command of every shipped recipe and output type, each once."""
    found: dict[tuple[Place, str, str], tuple[str, Command]] = {}
    for recipe in all_resolved():
        for _, microstep in recipe.steps():
            for command in microstep.commands:
                found.setdefault((command.place, command.context, command.text), (recipe.name, command))
    return list(found.values())


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
