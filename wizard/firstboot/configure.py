"""The first boot itself: the recipe run in place with the answers, and the plain line that tells how it ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.data import shipped
from wizard.engine.events import make_safe
from wizard.engine.front import FrontEnd
from wizard.engine.live import Lived, resolve_live, run_live
from wizard.errors import HELD, MACHINE, USAGE, UserError
from wizard.firstboot.flow import globals_of, recipe_name
from wizard.firstboot.medium import in_memory
from wizard.firstboot.papers import NAME, repeat
from wizard.firstboot.sitting import Sitting
from wizard.firstboot.system import RUN
from wizard.flow.flow import ReviewLine
from wizard.flow.plan import plan_json
from wizard.flow.question import Value
from wizard.recipe.microstep import commands_as_yaml
from wizard.recipe.model import ResolvedRecipe
from wizard.recipe.show import to_json

if TYPE_CHECKING:
    from wizard.oar.plan import Granularity


@dataclass(frozen=True, slots=True)
class First:
    """A first boot: what is to be configured, and with which answers. `problems`: what was left aside, to be told."""

    root: Path
    review: tuple[ReviewLine, ...]
    problems: tuple[str, ...]
    recipe: ResolvedRecipe

    @property
    def run(self) -> Path:
        return self.root / RUN

    @property
    def values(self) -> dict[str, Value]:
        return {line.question.id: line.answer.value for line in self.review}


def first_boot(sitting: Sitting) -> First:
    """What the answers, as they are now, lead to; nothing is written. UserError when something must be answered."""
    sitting.must_be_complete()
    values = sitting.flow.values()
    globals_ = {**globals_of(values), "program": _program(sitting.root)}
    file = shipped(f"recipes/{recipe_name(values)}")
    recipe = resolve_live(file, globals_, sitting.root, sitting.root / RUN)
    return First(sitting.root, tuple(sitting.flow.review()), sitting.problems, recipe)


def _program(root: Path) -> str:
    """How steps call this program. In another tree it is the one that is installed there."""
    if root == Path("/") and not sys.argv[0].endswith("__main__.py") and os.access(sys.argv[0], os.X_OK):
        return os.path.abspath(sys.argv[0])
    return "kameleon-tui"


def as_json(first: First) -> str:
    """The plan as canonical JSON, one line (wizard/flow/plan.py)."""
    sections = to_json(first.recipe)["sections"]
    steps = [
        {"macrostep": macro["name"], "microstep": micro["name"], "commands": micro["commands"]}
        for section in sections
        for macro in section["macrosteps"]
        for micro in macro["microsteps"]
    ]
    return plan_json(first.recipe.name, first.values, steps)


def as_text(first: First) -> str:
    """The plan for people."""
    return "\n".join([f"{first.recipe.name}: {first.recipe.description}", *answer_lines(first), *command_lines(first)])


def command_lines(first: First) -> list[str]:
    """Every macrostep and microstep, and the commands each runs, indented."""
    lines = []
    for macro in first.recipe.macrosteps:
        lines.append(macro.name)
        for micro in macro.microsteps:
            lines.append(f"  {micro.name}  ({micro.place})")
            lines += [f"    {line}" for line in commands_as_yaml(micro.commands).rstrip("\n").split("\n")]
    return lines


def preview(sitting: Sitting) -> list[str]:
    """What the answers, as they are now, lead to, for the review: every command, in order, then the statements that
    give OAR this machine's resources, in a database that has none."""
    try:
        first = first_boot(sitting)
    except UserError as error:
        return error.message.splitlines()
    return [*command_lines(first), *_statements(sitting, first)]


def _statements(sitting: Sitting, first: First) -> list[str]:
    from wizard.oar.create import prepare
    from wizard.oar.plan import Planner
    from wizard.oar.read import nothing
    from wizard.oar.resource import Host

    machine, granularity = sitting.facts.machine, first.values.get("granularity")
    if machine is None or granularity is None:
        return []
    piece: Granularity = "thread" if granularity == "thread" else "core"
    planner = Planner([Host(str(first.values["hostname"]), machine)], piece)
    with prepare(planner, nothing(planner)) as prepared:
        return ["services/create_resources, in OAR's database:", *prepared.script.read().decode().splitlines()]


def answer_lines(first: First) -> list[str]:
    """A line for each answer, with its source, and one for each that was left aside."""
    given = [
        f"  {line.question.id} {line.words} ({line.answer.source})"
        if line.question.secret or not isinstance(line.answer.value, str)
        else f"  {line.question.id} {line.answer.value or 'none'} ({line.answer.source})"
        for line in first.review
    ]
    return [*given, *(f"kameleon: {problem}" for problem in first.problems)]


def configure(
    first: First, front: FrontEnd, tell: Callable[[list[str]], None], *, again: bool = False, ask: bool = False
) -> int:
    """Runs it; the exit status. `tell` gets the lines for consoles: what was left aside, and how it ended. `ask`:
    somebody is there, whom `front` asks what to do after a failure."""
    if first.problems:
        tell([f"kameleon: {problem}" for problem in first.problems])
    try:
        papers = {NAME: repeat(first.review)}
        lived = run_live(first.recipe, first.run, front, again=again, ask=ask, papers=papers)
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
    role = first.values["role"]
    lines = [f"kameleon: first boot done: role={role} host={host} resources={resources}"]
    lines += [f"kameleon: {line}" for line in _told(first.run)]
    if first.root == Path("/") and in_memory(_mountinfo(), "/etc" if role == "node" else "/var/lib/postgresql"):
        what = "its keys and settings" if role == "node" else "OAR's jobs, resources and database"
        lines.append(f"kameleon: {what} are in memory only: they go with the power")
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


def _told(run: Path) -> list[str]:
    """What steps want to be told on the consoles at the end: lines of the files in facts/told, in their order."""
    lines = []
    for path in sorted((run / "facts/told").glob("*")):
        lines += [make_safe(line) for line in path.read_bytes().splitlines()]
    return lines


def _mountinfo() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(errors="replace")
    except OSError:
        return ""
