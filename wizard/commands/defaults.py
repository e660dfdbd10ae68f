"""`kameleon-tui --defaults`: the default recipe, without questions and without waiting for anybody."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from wizard.commands import build

if TYPE_CHECKING:
    from wizard.plain.paper import Paper

NAME = "defaults"
HELP = "build the default recipe without questions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own: --defaults and --timeout belong to the program (wizard/cli.py)."""


def run(arguments: argparse.Namespace) -> int:
    """Print the plan, wait `--timeout` seconds when somebody could press a key, build. The exit status. On a live
    system that is not configured yet: its first boot."""
    from wizard.commands import firstboot

    if firstboot.due():
        wait = [] if arguments.timeout is None else ["--timeout", str(arguments.timeout)]
        return firstboot.start(arguments, "--defaults", *wait)
    from wizard.engine.build import plan_recipe
    from wizard.engine.front import Build
    from wizard.engine.runs import new_run_id
    from wizard.host.privilege import require_root
    from wizard.plain.paper import Paper
    from wizard.plain.plan import tell_plan
    from wizard.recipe.find import find_recipe

    require_root("a build")
    # Named now, so that the plan tells where this build works.
    asked = Build(recipe=find_recipe(build.DEFAULT_RECIPE), run=new_run_id(build.DEFAULT_RECIPE))
    paper = Paper.on(sys.stdout)
    if not arguments.quiet:
        tell_plan(paper, plan_recipe(asked), asked, commands=arguments.verbose > 0)
    if arguments.timeout and sys.stdin is not None and sys.stdin.isatty() and paper.stream.isatty():
        if key_within(paper, arguments.timeout):
            from wizard.commands import wizard

            status: int = wizard.run(arguments)
            return status
    return build.start(asked, build.front(arguments, ask=False))


def key_within(paper: Paper, seconds: float) -> bool:
    """Whether a key was pressed on stdin within so many seconds, which are counted down on the last line.

    Ctrl-C interrupts as ever. The terminal's modes are as before afterwards.
    """
    import select
    import termios
    import tty

    saved = termios.tcgetattr(0)
    end = time.monotonic() + seconds
    shown = -1
    try:
        tty.setcbreak(0)
        while (left := end - time.monotonic()) > 0:
            if (whole := int(left) + 1) != shown:
                shown = whole
                text = f"Building in {whole} s. A key opens the questions instead."
                if paper.live:
                    paper.status(text)
                elif whole == int(seconds) or whole % 10 == 0:
                    paper.line(text)
            if select.select([0], [], [], min(left, 0.2))[0]:
                return True
        return False
    finally:
        termios.tcsetattr(0, termios.TCSAFLUSH, saved)  # the key is not for whoever reads next
        paper.status("")
