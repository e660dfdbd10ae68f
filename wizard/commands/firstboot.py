"""`kameleon-tui firstboot`: makes a working OAR cluster of a live system, with the defaults, and nobody there."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.engine.front import FrontEnd

NAME = "firstboot"
HELP = "make an OAR cluster of this live system"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--defaults", action="store_true", help="take every default; which is what happens without it, too")
    add("--root", metavar="DIR", default="/", help="the tree that is read and configured, in a chroot (default: /)")
    add("--dry-run", action="store_true", help="print what would be done, write nothing")
    add("--again", action="store_true", help="run every step again; each leaves alone what is as it should be")
    add("--json", action="store_true", help="one event a line on stdout; with --dry-run the plan, as canonical JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 when all is done; 1 after a failed step; 143 when it was ended by SIGTERM (the time limit of its unit)."""
    from wizard.firstboot import configure
    from wizard.firstboot.consoles import active_consoles, tell
    from wizard.host.privilege import require_root

    first = configure.first_boot(Path(arguments.root))
    if arguments.dry_run:
        print(configure.as_json(first) if arguments.json else configure.as_text(first))
        return 0
    require_root("configuring a system")
    configure.check_live(first.root)
    # Another tree is not the system whose consoles these are.
    consoles = active_consoles() if first.root == Path("/") else []
    people = sys.stderr if arguments.json else sys.stdout

    def say(lines: list[str]) -> None:
        print(*lines, sep="\n", file=people, flush=True)
        tell(lines, consoles)

    if not arguments.quiet:
        print(*configure.answer_lines(first), sep="\n", file=people, flush=True)
    return configure.configure(first, _front(arguments), say, again=arguments.again)


def _front(arguments: argparse.Namespace) -> FrontEnd:
    if arguments.json:
        from wizard.plain.json_lines import json_front

        return json_front(arguments.quiet, arguments.verbose)
    from wizard.plain.front import line_front

    return line_front(arguments.quiet, arguments.verbose, False)
