"""What the wizard works on: the workstation flow, the recipe its answers make, and what this host lacks for it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.compose.catalog import Catalog, Global, load_catalog, load_outputs
from wizard.compose.workstation import chosen_types, workstation_flow
from wizard.errors import UserError
from wizard.flow.flow import Flow, ReviewLine
from wizard.flow.question import Choice, Question

if TYPE_CHECKING:
    from wizard.compose.base import Base
    from wizard.engine.events import RunState
    from wizard.host.tools import Tool
    from wizard.recipe.model import OutputType

SPACE = 2 * 10**9  # bytes: the default appliance's tree, squashfs and ISO take 1.4 GB


def missing_tools(types: Sequence[OutputType]) -> list[Tool]:
    """What these output types need of a host and this one lacks."""
    from wizard.host import tools

    wanted = tools.tools_named(name for one in types for name in one.tools)
    return [item.tool for item in tools.look_for(wanted, versions=False) if item.missing]


def host_problems(setup: Setup) -> list[str]:
    """What would stop the build on this host, each with what to do; [] when nothing would."""
    from wizard.host import apt, privilege, tools

    found = []
    basic = [item.tool for item in tools.look_for(tools.tools_of(["build"]), versions=False) if item.missing]
    missing = list(dict.fromkeys([*basic, *setup.missing(chosen_types(setup.catalog, setup.flow.values()))]))
    if missing:
        command = apt.install_command(sorted({tool.package for tool in missing if tool.package}))
        found.append(f"This machine lacks {', '.join(tool.name for tool in missing)}. Install: {command}")
    try:
        privilege.require_root("a build")
    except UserError as error:
        found.append(f"{error.message}. Quit (F10), then {error.hint}")
    return found


@dataclass(slots=True)
class Setup:
    """One sitting of the wizard. `saved` is the recipe file once the person saved it; `missing` and `problems` look at
    the host."""

    catalog: Catalog
    flow: Flow
    title: str = "kameleon-tui: build an appliance"
    output: str = ""
    saved: Path | None = None
    missing: Callable[[Sequence[OutputType]], list[Tool]] = field(default=missing_tools)
    problems: Callable[[Setup], list[str]] = field(default=host_problems)

    @property
    def base(self) -> Base:
        """The recipe that the composed one extends."""
        from wizard.compose.recipe import base_of

        return base_of(self.catalog, self.flow.values())

    @property
    def name(self) -> str:
        """What the recipe is called unless it is saved under another name: its host name, if that is its own; never as
        its base, found beside it first."""
        values, base = self.flow.values(), self.base
        hostname = str(values.get("hostname", ""))
        if hostname and hostname not in (base.globals.get("hostname"), base.recipe):
            return hostname
        return f"{values['distribution']}-{values['appliance']}"

    def global_of(self, question: Question) -> Global | None:
        """The global that a setting asks for; None for a question that is none."""
        return next((one for one in self.catalog.globals if one.id == question.id), None)

    def settings(self) -> list[ReviewLine]:
        """The settings there are with the answers as they are: questions that share a screen."""
        return [line for line in self.flow.review() if self.global_of(line.question)]

    def note(self, question: Question, choice: Choice) -> str:
        """A word beside a choice: what this host lacks for an output type; "" for other questions."""
        if question.id != "types":
            return ""
        missing = self.missing([self.catalog.output(choice.id)])
        return f"lacks {' '.join(tool.name for tool in missing)}" if missing else "ready"

    def facts(self, question: Question, choice: Choice) -> str:
        """The same as a sentence, with what to do."""
        if question.id != "types":
            return ""
        output = self.catalog.output(choice.id)
        missing = self.missing([output])
        if not missing:
            return f"Its tools are on this machine: {', '.join(output.tools)}." if output.tools else ""
        names = ", ".join(f"{tool.name} (package {tool.package or 'unknown'})" for tool in missing)
        return f"Missing on this machine: {names}.\nTo install: kameleon-tui doctor --install --for {choice.id}"

    def check_recipe_name(self, text: str) -> str:
        """Why the recipe cannot be saved under that name, as a sentence; "" when it can."""
        path = absolute(text)
        if not text.strip() or path.is_dir():
            return f"Type a file name, such as {self.name}.yaml."
        if path.suffix not in (".yaml", ".yml"):
            return "A recipe's name ends in .yaml."
        base = self.base.recipe
        return f"It extends {base}, so it needs another name." if path.stem == base else ""

    @property
    def recipe(self) -> str:
        """The recipe as YAML; UserError for answers no recipe can hold."""
        from wizard.compose.recipe import compose  # here: the first screen is sooner without

        return compose(self.catalog, self.flow.values())

    @property
    def command(self) -> str:
        """The command that builds the same without questions."""
        from wizard.compose.recipe import repeat_command

        return repeat_command(self.catalog, self.flow.values())

    @property
    def output_directory(self) -> str:
        """Where the artefacts go: what the person typed, else what `build` would take."""
        return self.output or str(Path("build") / (self.kept.stem if self.kept else self.name))

    @property
    def output_path(self) -> Path:
        """The same as an absolute path."""
        return absolute(self.output_directory)

    @property
    def kept(self) -> Path | None:
        """The saved file while it still holds this recipe: answers may have changed since."""
        try:
            return self.saved if self.saved and self.saved.read_text() == self.recipe else None
        except OSError:
            return None

    @staticmethod
    def is_there(path: Path) -> bool:
        """Whether saving to `path` would replace something."""
        return os.path.lexists(path)

    def save(self, path: Path, *, replace: bool = False) -> str:
        """Write the recipe to `path`, whole or not at all; "" or why not. An existing file stays unless `replace`."""
        part = path.with_name(f".{path.name}.part-{os.getpid()}")
        try:
            if self.is_there(path) and not replace:
                return f"{path} exists."
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(self.recipe)
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            return f"{path}: {error.strerror}."
        self.saved = path
        return ""


def absolute(text: str) -> Path:
    """A path as a person types it: `~` is home, blanks around it are not meant."""
    return Path(text.strip()).expanduser().absolute()


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def check_output(text: str) -> str:
    """Why artefacts cannot go to that directory, as a sentence; "" when they can."""
    if not text.strip():
        return "The output directory is empty; type a path."
    place = absolute(text)
    if place.exists() and not place.is_dir():
        return f"{place} is not a directory."
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        return f"{place} cannot be written to."
    free = shutil.disk_usage(place).free
    return "" if free >= SPACE else f"Only {free / 1e9:.1f} GB are free in {place}; {SPACE / 1e9:.0f} GB are needed."


def uses_of(state: RunState) -> list[str]:
    """How what a run made is used, by the headers of its export steps; a line for each that has one."""
    names = [macrostep.name for macrostep in state.macrosteps if macrostep.section == "export"]
    try:
        return [f"To use {one.id}: {one.use}" for one in load_outputs() if one.id in names]
    except UserError:  # a catalog that cannot be read is no reason not to say how the run ended
        return []


def make_setup() -> Setup:
    """The wizard on this host. UserError when the shipped catalog cannot be read."""
    catalog = load_catalog()
    return Setup(catalog, workstation_flow(catalog))
