"""The first boot itself: answers, the recipe run in place, and the plain line that tells how it ended."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wizard.data import shipped
from wizard.engine.front import FrontEnd
from wizard.engine.live import Lived, resolve_live, run_live
from wizard.errors import HELD, MACHINE, USAGE, UserError
from wizard.firstboot.answers import Answers, find_answers
from wizard.firstboot.medium import in_memory
from wizard.recipe.microstep import commands_as_yaml
from wizard.recipe.model import ResolvedRecipe
from wizard.recipe.show import to_json

#: Below the root of the system that is configured.
RUN = "var/lib/kameleon-tui/firstboot"
#: A system whose kernel was not started with boot=live, and that is to be configured, has this file.
MARK = "etc/kameleon-tui/firstboot"


@dataclass(frozen=True, slots=True)
class First:
    """A first boot: what is to be configured, and with which answers."""

    root: Path
    answers: Answers
    recipe: ResolvedRecipe

    @property
    def run(self) -> Path:
        return self.root / RUN


def first_boot(root: Path, command_line: str | None = None) -> First:
    """What a first boot of the tree `root` would do; nothing is written. UserError when `root` is no directory."""
    root = Path(os.path.abspath(root))
    if not root.is_dir():
        raise UserError(f"{root}: is not a directory", hint="--root names the tree to configure")
    if command_line is None:
        command_line = _kernel_command_line()
    # The kernel command line speaks of the system that runs, not of another tree.
    answers = find_answers(command_line if root == Path("/") else "", root)
    file = shipped(f"recipes/firstboot/{answers.given['role'].value}.yaml")
    values = {**answers.values(), "program": _program(root)}
    return First(root, answers, resolve_live(file, values, root, root / RUN))


def _kernel_command_line() -> str:
    try:
        return Path("/proc/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def _program(root: Path) -> str:
    """How steps call this program. In another tree it is the one that is installed there."""
    if root == Path("/") and not sys.argv[0].endswith("__main__.py") and os.access(sys.argv[0], os.X_OK):
        return os.path.abspath(sys.argv[0])
    return "kameleon-tui"


def check_live(root: Path) -> None:
    """UserError when / is a machine nobody meant to configure: the steps change its name, keys and database."""
    marked = (root / MARK).exists()
    if root == Path("/") and not marked and "boot=live" not in _kernel_command_line().split():
        raise UserError(
            "this is no live system: its host name, keys and databases stay as they are",
            status=MACHINE,
            hint=f"if it is to be made an OAR cluster nevertheless: mkdir -p /{Path(MARK).parent}; touch /{MARK}",
        )


def as_json(first: First) -> str:
    """The plan as canonical JSON, one line: answers and commands, without sources and times. Sorted keys, no blanks."""
    sections = to_json(first.recipe)["sections"]
    steps = [
        {"macrostep": macro["name"], "microstep": micro["name"], "commands": micro["commands"]}
        for section in sections
        for macro in section["macrosteps"]
        for micro in macro["microsteps"]
    ]
    plan = {"v": 1, "answers": first.answers.values(), "recipe": first.recipe.name, "steps": steps}
    return json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def as_text(first: First) -> str:
    """The plan for people."""
    lines = [f"{first.recipe.name}: {first.recipe.description}", *answer_lines(first)]
    for macro in first.recipe.macrosteps:
        lines.append(macro.name)
        for micro in macro.microsteps:
            lines.append(f"  {micro.name}  ({micro.place})")
            lines += [f"    {line}" for line in commands_as_yaml(micro.commands).rstrip("\n").split("\n")]
    return "\n".join(lines)


def answer_lines(first: First) -> list[str]:
    """A line for each answer, with its source, and one for each that was left aside."""
    given = [f"  {name} {answer.value} ({answer.source})" for name, answer in first.answers.given.items()]
    return [*given, *(f"kameleon: {problem}" for problem in first.answers.problems)]


def configure(first: First, front: FrontEnd, tell: Callable[[list[str]], None], *, again: bool = False) -> int:
    """Runs it; the exit status. `tell` gets the lines for consoles: what was left aside, and how it ended."""
    if first.answers.problems:
        tell([f"kameleon: {problem}" for problem in first.answers.problems])
    try:
        lived = run_live(first.recipe, first.run, front, again=again)
    except (UserError, OSError) as error:
        if isinstance(error, UserError) and error.status in (HELD, USAGE):
            raise
        tell([f"kameleon: first boot failed before its first step: {error}; log: {first.run}"])
        return error.status if isinstance(error, UserError) else MACHINE
    except Exception as error:
        # Whoever stands before the machine is told of a fault of ours, too; cli.py writes the report.
        tell([f"kameleon: first boot failed: internal error: {type(error).__name__}: {error}; log: {first.run}"])
        raise
    tell(last_lines(first, lived))
    return lived.outcome.exit


def last_lines(first: First, lived: Lived) -> list[str]:
    """The plain line, and after a success where OAR's state is."""
    outcome = lived.outcome
    if outcome.result != "done":
        what = f"failed at {_place(first, lived)}: {_reason(lived)}"
        return [f"kameleon: first boot {what}; log: {lived.log}"]
    host, resources = (_fact(first.run, name) for name in ("host", "resources"))
    role = first.answers.given["role"].value
    lines = [f"kameleon: first boot done: role={role} host={host} resources={resources}"]
    if first.root == Path("/") and in_memory(_mountinfo(), "/var/lib/postgresql"):
        lines.append("kameleon: OAR's jobs, resources and database are in memory only: they go with the power")
    return lines


def _place(first: First, lived: Lived) -> str:
    step = lived.outcome.step
    if step is None:
        return "its beginning"
    macro, micro = first.recipe.steps()[step]
    return f"{macro.name}/{micro.name}"


def _reason(lived: Lived) -> str:
    """What the step said last, which is what it fails with, then the status."""
    if lived.failure is None:
        return lived.outcome.message
    said = lived.failure["output"][-1:] if not lived.failure["reason"].startswith("the time limit") else []
    return " ".join([*(f"{line.strip()[:160]}" for line in said), f"({lived.failure['reason']})" if said else
                     lived.failure["reason"]])  # fmt: skip


def _fact(run: Path, name: str) -> str:
    try:
        return (run / "facts" / name).read_text().strip()
    except OSError:
        return "?"


def _mountinfo() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(errors="replace")
    except OSError:
        return ""
