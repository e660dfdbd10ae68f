"""`kameleon-tui build`: a recipe to an appliance, without questions, but for what to do after a failure."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.arguments import on_terminal, seconds
from wizard.errors import UserError

if TYPE_CHECKING:
    from wizard.engine.front import Build, FrontEnd

NAME = "build"
HELP = "build an appliance from a recipe, without asking"
DEFAULT_RECIPE = "debian-bookworm-x86_64-oar-2.5-iso"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    # RECIPE in front: behind --type it would be one of the types.
    parser.usage = "%(prog)s [RECIPE] [OPTION]…"
    add = parser.add_argument
    add("recipe", nargs="?", metavar="RECIPE", help=f"a recipe's name, or its file (default: {DEFAULT_RECIPE})")
    add("-g", dest="globals", action="append", default=[], metavar="KEY:VALUE",
        help="set a global of the recipe; the value is taken literally. May be given several times")  # fmt: skip
    add("--output", metavar="DIR", help="where the artefacts go (default: build/RECIPE)")
    add("--type", dest="types", nargs="+", action="extend", default=[], metavar="T",
        help="output types in place of the recipe's export section; RECIPE goes before")  # fmt: skip
    add("--from", dest="from_step", default="", metavar="STEP",
        help="begin at this step, in the work that is kept; STEP is macrostep or macrostep/microstep")  # fmt: skip
    add("--break", dest="breakpoints", action="append", default=[], metavar="STEP",
        help="stop before this step. May be given several times")  # fmt: skip
    add("--until", default="", metavar="STEP", help="stop after this step, and keep the work")
    add("--on-failure", type=_policy, metavar="WHAT",
        help="ask, abort, skip or retry:N (default: ask on a terminal, else abort)")  # fmt: skip
    add("--step-timeout", type=seconds, default=0.0, metavar="S",
        help="end a step that takes longer than S seconds")  # fmt: skip
    add("--resume", default="", metavar="RUN", help="go on with a run whose work is kept (runs list names them)")
    add("--dry-run", action="store_true", help="print what would be done, do nothing")
    add("--json", action="store_true", help="one event a line on stdout (docs/events.md); text for people on stderr")
    add("--run-id", default="", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """The exit status of the build (wizard/errors.py)."""
    from wizard.engine import build as engine

    asked = _asked(arguments)
    if arguments.dry_run:
        from wizard.plain.paper import Paper
        from wizard.plain.plan import tell_plan

        tell_plan(Paper.on(sys.stdout), engine.plan_recipe(asked), asked)
        return 0
    if arguments.run_id and not re.fullmatch(r"[A-Za-z0-9._+-]{1,200}", arguments.run_id):
        raise UserError(f"{arguments.run_id}: a run's name is letters, digits and . _ + -")
    return start(asked, front(arguments, ask=asked.on_failure == "ask"))


def start(asked: Build, front_end: FrontEnd) -> int:
    """Build as root, or say how to become it."""
    from wizard.engine.build import build
    from wizard.host.privilege import require_root

    require_root("a build")
    return build(asked, front_end)


def front(arguments: argparse.Namespace, ask: bool) -> FrontEnd:
    """The front end that the command line and the terminal ask for."""
    if getattr(arguments, "json", False):
        from wizard.plain.json_lines import json_front

        return json_front(arguments.quiet, arguments.verbose)
    from wizard.plain.front import line_front

    return line_front(arguments.quiet, arguments.verbose, ask and on_terminal())


def _asked(arguments: argparse.Namespace) -> Build:
    from wizard.engine.front import Build
    from wizard.host.privilege import require_root

    given = parse_globals(arguments.globals)
    resume, recipe = arguments.resume, None
    if resume:
        from wizard.engine.runs import find_run

        if arguments.recipe:
            raise UserError(f"--resume goes on with a run's own recipe: {arguments.recipe} is one too many")
        require_root("a build")  # now: root's runs are not an ordinary user's
        resume = find_run(resume).name
    else:
        from wizard.recipe.find import find_recipe

        recipe = find_recipe(arguments.recipe or DEFAULT_RECIPE)
    default = "ask" if on_terminal() and not arguments.json else "abort"
    return Build(
        recipe=recipe,
        globals=given,
        output=_output(arguments.output),
        types=tuple(arguments.types),
        from_step=arguments.from_step,
        until=arguments.until,
        breakpoints=tuple(arguments.breakpoints),
        on_failure=arguments.on_failure or default,
        step_timeout=arguments.step_timeout,
        resume=resume,
        run=arguments.run_id,
    )


def parse_globals(given: list[str]) -> dict[str, str]:
    """`key:value` texts as a mapping; the first colon divides, the last of a key's values counts."""
    found = {}
    for text in given:
        key, colon, value = text.partition(":")
        if not colon or not key:
            raise UserError(f"-g {text}: KEY:VALUE was expected, such as -g hostname:node1")
        found[key] = value
    return found


def _output(text: str | None) -> Path | None:
    if text == "":
        raise UserError("--output: a directory was expected", hint="--output . is the one you are in")
    return None if text is None else Path(text)


def _policy(text: str) -> str:
    word, colon, times = text.partition(":")
    if text in ("ask", "abort", "skip") or (word == "retry" and colon and times.isascii() and times.isdigit()):
        return text
    raise argparse.ArgumentTypeError(f"{text}: ask, abort, skip or retry:N was expected, such as retry:2")
