"""`kameleon-tui runs`: past and living runs."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from wizard.arguments import on_terminal
from wizard.errors import UserError

if TYPE_CHECKING:
    from wizard.engine.runs import Run

NAME = "runs"
HELP = "past and living runs: list, show, attach, log, prune"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "RUN is a run's name, its beginning when no other run begins so, or last for the newest one."
    words = parser.add_subparsers(title="what to do", metavar="WORD", dest="word", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return words.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)

    add("list", "every run, oldest first").set_defaults(what=_list)
    one = add("show", "one run: its steps with states and times, its failure, what it made")
    one.add_argument("name", metavar="RUN")
    one.set_defaults(what=_show)
    one = add("attach", "watch a run and answer it; leaving (Ctrl-C) does not end it")
    one.add_argument("name", metavar="RUN", nargs="?", default="last")
    one.add_argument("--plain", action="store_true", help="lines, not the wizard's screen")
    one.set_defaults(what=_attach)
    one = add("log", "what the steps printed")
    one.add_argument("name", metavar="RUN")
    one.add_argument("step", metavar="STEP", nargs="?", default="", help="only this macrostep, or macrostep/microstep")
    one.add_argument("-f", "--follow", action="store_true", help="go on until the run ends")
    one.add_argument("--raw", action="store_true", help="the bytes as they were printed, escape sequences and all")
    one.set_defaults(what=_log)
    one = add("prune", "remove the work of runs that failed or died, and old run directories; never a living run's")
    one.add_argument("--all", action="store_true", help="the work that stopped runs keep, and every past run, too")
    one.set_defaults(what=_prune)


def run(arguments: argparse.Namespace) -> int:
    """Do the word; 0, or for attach the exit status of the run."""
    status: int = arguments.what(arguments)
    return status


def _list(arguments: argparse.Namespace) -> int:
    from wizard.engine.runs import all_runs
    from wizard.plain.paper import Paper
    from wizard.plain.past import describe, table

    now = time.time()
    lines = [describe(run, now) for run in all_runs()]
    if lines:
        table(Paper.on(sys.stdout), lines)
    elif not arguments.quiet:
        print("no runs yet: kameleon-tui build makes one", file=sys.stderr)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from wizard.engine.runs import find_run
    from wizard.plain.paper import Paper
    from wizard.plain.past import outline

    outline(Paper.on(sys.stdout), find_run(arguments.name))
    return 0


def _attach(arguments: argparse.Namespace) -> int:
    from wizard.engine.runs import find_run

    found = find_run(arguments.name)
    if on_terminal() and not arguments.plain:
        from wizard.tui.app import attach

        status: int = attach(found)
        return status
    from wizard.plain.follow import follow
    from wizard.plain.front import Prompter
    from wizard.plain.paper import Paper, paper_for_prompts
    from wizard.plain.reporter import Reporter

    paper = Paper.on(sys.stdout)
    prompter = Prompter(paper_for_prompts(paper), 0) if on_terminal() else None
    reporter = Reporter(paper, quiet=arguments.quiet, verbose=arguments.verbose)
    try:
        return follow(found, reporter, prompter)
    except KeyboardInterrupt:
        paper.status("")
        if found.living():
            paper.line(f"Left; the run goes on: kameleon-tui runs attach {found.name}")
        raise


def _log(arguments: argparse.Namespace) -> int:
    from wizard.engine.runs import find_run
    from wizard.plain.log import print_log

    return print_log(find_run(arguments.name), arguments.step, follow=arguments.follow, raw=arguments.raw)


def _prune(arguments: argparse.Namespace) -> int:
    from wizard.engine.publish import remove_tree
    from wizard.engine.runs import all_runs, unused_recipes
    from wizard.plain.past import disk_usage
    from wizard.plain.words import counted
    from wizard.units import size

    freed, count = 0, 0
    for found in all_runs():
        removed = _prune_one(found, everything=arguments.all)
        if removed is not None:
            what, amount = removed
            freed += amount
            count += 1
            if not arguments.quiet:
                print(f"{found.name}: {what}, {size(amount)}")
    recipes = unused_recipes()
    for recipe in recipes:
        freed += disk_usage(recipe)
        remove_tree(recipe)
    if not arguments.quiet:
        if recipes:
            print(f"{counted(len(recipes), 'unsaved recipe')} removed, which no run refers to")
        print(f"{counted(count, 'run')} pruned, {size(freed)} freed" if count or recipes else "nothing to prune")
    return 0


#: How old a run's directory (its log, its events) has to be to go without --all: 30 days.
OLD = 30 * 86400


def _prune_one(found: Run, *, everything: bool) -> tuple[str, int] | None:
    """What was removed of a run, and its bytes; None when it stays as it is."""
    from wizard.engine import publish
    from wizard.plain.past import disk_usage, state_of

    if found.living():
        return None
    state = found.state()
    result = state_of(found, state)
    if result == "stopped" and publish.kept(found) and not everything:
        return None
    amount, what = 0, []
    if publish.kept(found):
        from pathlib import Path

        amount += disk_usage(Path(found.asked["workdir"]))
        what.append("work removed")
    try:
        publish.discard(found)
    except UserError:
        if found.living():  # it was resumed just now
            return None
        raise
    if everything or time.time() - found.path.stat().st_mtime > OLD:
        amount += disk_usage(found.path)
        publish.remove_tree(found.path)
        what.append("run directory removed")
    return (", ".join(what), amount) if what else None
