"""`kameleon-tui shell`: a shell in the state a run is in."""

from __future__ import annotations

import argparse

NAME = "shell"
HELP = "a shell in the state a run is in"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="RUN", help="a run's name, its beginning, or last")
    parser.add_argument(
        "--context",
        default="",
        choices=("local", "out", "in"),
        help="where: on the host (local, out) or in the appliance (in); default: where the run's step failed, else in",
    )


def run(arguments: argparse.Namespace) -> int:
    """The shell's exit status. Without a terminal the commands are read from stdin."""
    import sys

    from wizard.engine import shell
    from wizard.engine.runs import find_run
    from wizard.host.privilege import require_root

    require_root("a shell in a run")
    screen = next((fd for fd, stream in ((1, sys.stdout), (2, sys.stderr)) if stream and stream.isatty()), 1)
    found = find_run(arguments.name)
    return shell.enter(found, arguments.context, keyboard=0, screen=screen, tell=_tell)


def _tell(text: str) -> None:
    import sys

    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)
