"""What the command line and the commands both ask of arguments and of the terminal. A leaf."""

from __future__ import annotations

import argparse
import sys

#: TERM values that say nothing about a terminal, or that it cannot place its cursor.
DUMB = (None, "", "dumb", "unknown")


def seconds(text: str) -> float:
    """An argument's type: a number of seconds, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: a number of seconds was expected, such as 30 or 0.5")
    return value


def on_terminal() -> bool:
    """Whether a person can answer: keys are read from stdin, and Textual draws on stderr."""
    return sys.stdin is not None and sys.stderr is not None and sys.stdin.isatty() and sys.stderr.isatty()
