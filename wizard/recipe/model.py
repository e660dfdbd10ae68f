"""The resolved recipe: one model for both dialects. What the engine compiles and the front ends show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

#: A command's argument after variables were expanded: a text, or a list of texts (write_file, set_var, …).
Argument: TypeAlias = str | tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a recipe file: lines and columns count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a microstep, ready to be compiled.

    `context` is local, out, in, or all (set_var: a variable for every context).
    `directory` is where the text starts: "cwd" (exec_current: the directory kameleon-tui was started in),
    "chroot" (exec_appliance: the appliance's root), or "" (wherever the context is).
    `text` is bash. `text_place` is where its first line stands in the recipe; None when the text is not written in
    the recipe (write_file …). `text_lines` has the line of the file for each line of the text where they do not
    simply go together (folded texts, variables of several lines): ask `line_of`.
    """

    name: str
    argument: Argument
    place: Place
    context: str
    text: str
    directory: str = ""
    text_place: Place | None = None
    text_lines: tuple[int, ...] = ()

    def line_of(self, shell_line: int) -> int:
        """The line of the recipe file where line `shell_line` of the text stands (from 1; 0, unknown, is the first).
        The file is `text_place`'s; a text that is not written in it counts as the command's own `place`."""
        if self.text_place is None:
            return self.place.line
        if self.text_lines:
            return self.text_lines[min(max(shell_line, 1), len(self.text_lines)) - 1]
        return self.text_place.line + max(shell_line, 1) - 1


@dataclass(frozen=True, slots=True)
class Microstep:
    """`clean` microsteps come from on_clean: they run last in their macrostep, and also when it is aborted."""

    name: str
    place: Place
    commands: tuple[Command, ...]
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Macrostep:
    """`section` is bootstrap, setup or export; "steps" in the classic dialect."""

    section: str
    name: str
    place: Place
    microsteps: tuple[Microstep, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Values that an option may have (takes.py). `what` goes behind "takes". `choices`: all of them, or (). `least`,
    `most`: of numbers (0: there is none). `option`, `words`: it counts where that other option is one of these words;
    "" for always."""

    name: str
    what: str
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    option: str = ""
    words: tuple[str, ...] = ()


#: All shapes of an option: the first whose condition is met counts.
Takes: TypeAlias = tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class OutputType:
    """The header of an export step (output.py). `id` is the file's name and what --type takes; `kernel`: whether the
    appliance must hold one; `setup`: macrosteps it needs in the place of `@types`; `packages`: what it needs installed;
    `rpm_setup`: those in an appliance of the RPM family, None where it is for Debian's only;
    `tools`: names of host tools; `options` maps a global to what it does, and `takes` to the values that will do.
    `place` is where `setup` stands."""

    id: str
    title: str
    makes: str
    kernel: bool
    setup: tuple[str, ...]
    rpm_setup: tuple[str, ...] | None
    packages: tuple[str, ...]
    tools: tuple[str, ...]
    options: dict[str, str]
    takes: dict[str, Takes]
    adds: str
    leaves_out: str
    use: str
    place: Place


@dataclass(frozen=True, slots=True)
class ResolvedRecipe:
    """No `$$` is left. `contexts` maps local, out, in to the shell command line that opens the context;
    "" stands for the engine's own: bash on the host for local and out, a chroot of `chroot` for in."""

    name: str
    file: str
    dialect: str  # "classic" or "current"
    strict: bool  # errexit in every command; always so in the classic dialect
    description: str
    globals: dict[str, str]
    workdir: str
    chroot: str
    output: str
    macrosteps: tuple[Macrostep, ...]
    contexts: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()  # every recipe and step file that was read, the recipe first
    outputs: tuple[OutputType, ...] = ()  # of the export section, those with a header
    tools: tuple[str, ...] = ()  # of this machine, that steps need; those of the output types are theirs

    def steps(self) -> list[tuple[Macrostep, Microstep]]:
        """Every microstep in the order it runs; its index here is the step number in events."""
        return [(macro, micro) for macro in self.macrosteps for micro in macro.microsteps]
