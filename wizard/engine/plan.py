"""What is to be done with the steps of a recipe: all of them, some, or those that an earlier process left."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from wizard.engine.front import Build
from wizard.engine.runs import Run
from wizard.engine.steps import find_steps, step_names
from wizard.errors import UserError
from wizard.recipe.model import ResolvedRecipe


@dataclass(slots=True)
class Plan:
    """What is to be done with the steps of a recipe; steps are numbers in the whole recipe."""

    first: int = 0  # the steps before are not run
    last: int = -1  # stop after this one; -1 for none
    breakpoints: set[int] = field(default_factory=set)
    on_failure: str = "abort"
    step_timeout: float = 0.0
    done: frozenset[int] = frozenset()  # finished by an earlier process of this run


def make_plan(recipe: ResolvedRecipe, asked: Build, resumed: Run | None) -> Plan:
    breakpoints = {find_steps(recipe, text)[0] for text in asked.breakpoints}
    last = find_steps(recipe, asked.until)[-1] if asked.until else -1
    done: frozenset[int] = frozenset()
    first = 0
    if resumed is not None:
        states = resumed.state().steps
        # An on_clean step is behind its macrostep's others: before the first one to do it belongs to a finished one.
        done = frozenset(step.number for step in states if step.state in ("done", "skipped"))
        first = find_steps(recipe, asked.from_step)[0] if asked.from_step else _first_to_do(recipe, done)
        done = frozenset(number for number in done if number < first)
        if not asked.from_step:
            _check_same(recipe, resumed, done)
        # A breakpoint at which the run was stopped is behind it.
    return Plan(
        first, last, breakpoints - {first} if resumed else breakpoints, asked.on_failure, asked.step_timeout, done
    )


def _first_to_do(recipe: ResolvedRecipe, done: frozenset[int]) -> int:
    for number, (_, micro) in enumerate(recipe.steps()):
        if number not in done and not micro.clean:
            return number
    return len(recipe.steps())


def _check_same(recipe: ResolvedRecipe, resumed: Run, done: frozenset[int]) -> None:
    """A resumed run goes on with what its steps left: they must still be what they were."""
    before = resumed.asked["steps"]
    now = digests(recipe)
    for number in sorted(done):
        if number >= len(now) or number >= len(before) or now[number] != before[number]:
            name = step_names(recipe)[number] if number < len(now) else before[number][0]
            raise UserError(
                f"{name} is done in {resumed.name}, but the recipe has changed there since",
                hint=f"--from {name} runs it again on the work that is kept; without --resume all is built anew",
            )


def changed_steps(recipe: ResolvedRecipe, resumed: Run) -> frozenset[int]:
    """The steps whose commands are not what they were in the run."""
    before = resumed.asked["steps"]
    return frozenset(number for number, now in enumerate(digests(recipe)) if before[number : number + 1] != [now])


def digests(recipe: ResolvedRecipe) -> list[list[str]]:
    """Name and digest of the commands of each step."""
    return [
        [
            name,
            hashlib.sha256(repr([(c.context, c.directory, c.text) for c in micro.commands]).encode()).hexdigest()[:16],
        ]
        for name, (_, micro) in zip(step_names(recipe), recipe.steps(), strict=True)
    ]
