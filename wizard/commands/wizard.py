"""`kameleon-tui` without a command, on a terminal: the wizard."""

from __future__ import annotations

import argparse
import os
import sys

from wizard.arguments import DUMB
from wizard.errors import UserError

NAME = "wizard"
HELP = "questions on screens, then the build, step by step"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none: `kameleon-tui` is called without a command."""


def run(arguments: argparse.Namespace) -> int:
    """The exit status of the run that was built and watched to its end, else 0. UserError without a terminal."""
    from wizard.commands import firstboot

    if firstboot.due():
        return firstboot.start(arguments)
    problem = why_not(
        os.environ.get("TERM", ""),
        on_terminal=bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()),
    )
    if problem:
        raise UserError(
            problem,
            hint="kameleon-tui --defaults       builds the default appliance without asking\n"
            "kameleon-tui build RECIPE     builds a recipe (kameleon-tui recipe list shows them)",
        )
    from wizard.tui.app import wizard

    return wizard()


def why_not(term: str, *, on_terminal: bool) -> str:
    """Why screens cannot be shown, as a clause; "" when they can."""
    if not on_terminal:
        return "there is no terminal to ask questions on"
    if term in DUMB:
        return f"this terminal (TERM={term or 'unset'}) cannot show screens"
    return ""
