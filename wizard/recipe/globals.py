"""The globals of a recipe, filled in: what was given, what the recipe and those it extends say, what is built in."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

from wizard.data import package
from wizard.recipe import lookup
from wizard.recipe.chain import RecipeText
from wizard.recipe.errors import Problems, quoted
from wizard.recipe.lookup import StepsPath
from wizard.recipe.model import Place
from wizard.recipe.nodes import TextNode
from wizard.recipe.variables import NAME, Expanded, Value, Variables, environment_name, given

WORKDIR_BASE = "/var/tmp/kameleon-tui"
#: Built-in variables that only kameleon-tui sets, and how to set what they tell.
OURS = {
    "workdir": "set workdir_base",
    "chroot": "set workdir_base",
    "output": "give --output",
    "recipe": "it is the file's name",
    "recipe_dir": "it is where the file is",
    "cwd": "it is where kameleon-tui was started",
}
#: Recipes of the current dialect written for Kameleon use some of these for themselves. One that is not strict may:
#: only `chroot` and `cwd` are what commands run by.
_ALWAYS_OURS = ("chroot", "cwd")
#: Bytes of a global, and of all: an environment variable takes 128 KiB, all of them with the arguments 2 MiB or more.
MAX_GLOBAL = 100_000
MAX_GLOBALS = 1_000_000


def outside_values(globals_: Mapping[str, str], problems: Problems) -> dict[str, Value]:
    """The -g values, checked."""
    for name in globals_:
        if not NAME.fullmatch(name):
            problems.add(None, f"{quoted(name)} is no name of a variable", "letters, digits, _ and - make one")
        elif name in OURS:
            problems.add(None, f"{name} is set by kameleon-tui itself", OURS[name])
        elif "\0" in globals_[name]:
            problems.add(None, f"the value of {name} holds a NUL character")
    return {name: given(name, value) for name, value in globals_.items()}


def fixed_names(name: str, path: Path, cwd: Path) -> dict[str, Value]:
    """The built-in variables that are known before the recipe is read.

    kameleon_python and kameleon_package are the interpreter and the directory of the program that runs: a recipe that
    copies it into an appliance asks it for its files (wizard.host.installation)."""
    paths = {
        "recipe_dir": str(path.parent),
        "kameleon_recipe_dir": str(path.parent),
        "cwd": str(cwd),
        "kameleon_python": sys.executable,
        "kameleon_package": str(package()),
    }
    return {
        "recipe": Expanded(name),
        "kameleon_recipe_name": Expanded(name),
        **{key: given(key, value, path=True) for key, value in paths.items()},
        "dollar": Expanded("$"),
    }


def _want_kernel(layers: list[Mapping[str, Value]], problems: Problems) -> None:
    """An output type wants a kernel: a recipe that leaves its global `kernel` empty gets its `default_kernel`."""
    variables = Variables(layers, problems)
    if {"kernel", "default_kernel"} <= set(variables.names()) and not variables.value("kernel").text.strip():
        layers.insert(0, {"kernel": variables.value("default_kernel")})


class Globals:
    """Every global, filled in: what is given, the recipe's layers, the built-in ones.

    `wanted` tells what steps and output types ask for: `needed_packages`, words; `kernel`, "" for none."""

    def __init__(
        self,
        text: RecipeText,
        outside: Mapping[str, Value],
        name: str,
        run: str,
        output: str,
        cwd: Path,
        problems: Problems,
        wanted: Mapping[str, str],
    ) -> None:
        self.problems = problems
        self.steps = (
            lookup.current_steps(text.recipes, cwd) if text.dialect == "current" else lookup.classic_steps(text.path)
        )
        paths = StepsPath(self.steps, ())
        self.data = lambda file: paths.data(file, "data")
        if "distrib" not in {*outside, *text.keys} and text.dialect == "classic":
            problems.add(text.place, "the mandatory global distrib is missing", "write global: {distrib: …}")
        built_in: dict[str, Value] = {**fixed_names(name, text.path, cwd), "workdir_base": Expanded(WORKDIR_BASE)}
        layers: list[Mapping[str, Value]] = [outside, *text.layers, built_in]
        base = Variables(layers, problems, self.data).value("workdir_base").text
        identifier = run if run.startswith(f"{name}-") else f"{name}-{run}"
        workdir = os.path.normpath(os.path.join(cwd, base or WORKDIR_BASE, identifier))
        built_in["workdir"] = built_in["kameleon_cwd"] = given("workdir", workdir, path=True)
        built_in["chroot"] = given("chroot", f"{workdir}/chroot", path=True)
        built_in["output"] = given("output", output, path=True)
        fixed = outside.get("kameleon_uuid")
        unique = fixed.text if isinstance(fixed, Expanded) else str(uuid.uuid5(uuid.NAMESPACE_URL, workdir))
        built_in["kameleon_uuid"] = Expanded(unique)
        built_in["kameleon_short_uuid"] = Expanded(unique.rpartition("-")[2])
        if text.dialect == "current":
            built_in |= {name: Expanded("") for name in ("proxy_local", "proxy_out", "proxy_in")}
            built_in |= {name: Expanded("false") for name in ("checkpointing_enabled", "persistent_cache")}
        built_in["needed_packages"] = Expanded(wanted["needed_packages"])
        if wanted["kernel"]:
            _want_kernel(layers, problems)
        variables = Variables(layers, problems, self.data)
        self.values: dict[str, Value] = {key: variables.value(key) for key in variables.names()}
        self._layers = layers
        self.workdir, self.chroot, self.output = workdir, f"{workdir}/chroot", output
        self.contexts = {"local": "", "out": "", "in": ""}
        for context, keys in text.contexts.items():
            for key, node in keys.items():
                value = variables.expand(node)
                if key == "cmd":
                    self._no_given(node, value)
                    self.contexts[context] = value.text
        self.include_steps = [variables.expand(node).text for node in text.include_steps]
        self.strict = self._strict(text)
        self._check_ours(text)
        self._check_environment(text)

    def _no_given(self, node: TextNode, value: Expanded) -> None:
        for name in sorted(value.given):
            self.problems.add(
                node.place, f"$${name} was given from outside and would act in the shell that opens the context"
            )

    def _strict(self, text: RecipeText) -> bool:
        value = self.texts().get("strict", "true" if text.dialect == "classic" else "false").lower()
        place = text.keys.get("strict")
        if value not in ("true", "false", "yes", "no"):
            self.problems.add(place, f"strict is true or false, found {quoted(value)}")
        elif text.dialect == "classic" and value in ("false", "no"):
            self.problems.add(place, "the classic dialect is always strict: a failing command ends its step")
        return value in ("true", "yes")

    def _check_ours(self, text: RecipeText) -> None:
        for name in OURS if self.strict else _ALWAYS_OURS:
            if name in text.keys:
                self.problems.add(text.keys[name], f"{name} is set by kameleon-tui itself", OURS[name])

    def _check_environment(self, text: RecipeText) -> None:
        """The globals as what the steps get them as: environment variables."""
        seen: dict[str, str] = {}
        total = 0
        for name, value in self.texts().items():
            variable = environment_name(name)
            other = seen.setdefault(variable, name)
            place = text.keys.get(name) or text.keys.get(other)
            if other != name:
                self.problems.add(place, f"{other} and {name} are one environment variable: {variable}", "rename one")
            size = len(os.fsencode(value))
            total += size
            if size > MAX_GLOBAL:
                message = f"the value of {name} has {size} bytes: an environment variable takes {MAX_GLOBAL}"
                self.problems.add(place, message, "write it to a file with write_file")
        if total > MAX_GLOBALS:
            self.problems.add(text.place, f"the globals have {total} bytes together: {MAX_GLOBALS} can be passed on")

    def place(self, name: str) -> Place | None:
        """Where the value of a global stands; None when it stands in no file."""
        value = next((layer[name] for layer in self._layers if name in layer), None)
        return value.place if isinstance(value, TextNode) else None

    def texts(self) -> dict[str, str]:
        return {name: value.text for name, value in self.values.items() if isinstance(value, Expanded)}
