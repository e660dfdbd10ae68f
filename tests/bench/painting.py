"""The wizard's first paint against Textual's smallest program: from starting the process to the first full screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pyte

from tests.bench.harness import Row, compare
from tests.firstboot.recorded import tree

ROOT = Path(__file__).resolve().parents[2]
COLUMNS, LINES = 80, 24
#: A program that has not painted by then never will, seconds.
LIMIT = 30.0
#: What the wizard's footer says when its first screen is there; painted last, as the bottom line.
WIZARD_SHOWS = "F1 Help"

HELLO = """
from textual.app import App, ComposeResult
from textual.widgets import Footer, Static

class Hello(App[None]):
    BINDINGS = [("q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        yield Static("Hello, World")
        yield Footer()

Hello().run()
"""


def first_paint(words: list[str], shows: str, term: str = "xterm-256color") -> float:
    """Seconds until the terminal, 80x24, shows this text; RuntimeError with the screen when it does not."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    with tempfile.TemporaryDirectory() as state:
        began = time.perf_counter()
        child, terminal = pty.fork()
        if child == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            os.environ.update(TERM=term, XDG_STATE_HOME=state, XDG_DATA_HOME=state)
            os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
            os.chdir(ROOT)
            os.execv(sys.executable, [sys.executable, *words])
        try:
            while select.select([terminal], [], [], began + LIMIT - time.perf_counter())[0]:
                try:
                    data = os.read(terminal, 65536)
                except OSError:  # the program ended
                    break
                seconds = time.perf_counter() - began
                stream.feed(data)
                if any(shows in line for line in screen.display):
                    return seconds
            raise RuntimeError(f"{words} did not show {shows!r}:\n" + "\n".join(screen.display))
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(terminal)


def rows() -> Iterator[Row]:
    yield compare(
        "the wizard's first paint",
        lambda: first_paint(["-m", "wizard"], WIZARD_SHOWS),
        lambda: first_paint(["-c", HELLO], "Hello, World"),
        limit=1.5,
        runs=9,
        against="a Textual hello-world",
    )
    with tempfile.TemporaryDirectory() as root:
        asked = ["-m", "wizard", "firstboot", "--dry-run", "--root", str(tree(Path(root)))]
        yield compare(
            "the first boot's, on a console",
            lambda: first_paint(asked, WIZARD_SHOWS, "linux"),
            lambda: first_paint(["-c", HELLO], "Hello, World", "linux"),
            limit=1.3,
            runs=9,
            against="a Textual hello-world",
        )
