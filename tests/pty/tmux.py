"""A real terminal for tests: tmux, with a server of its own, driven by keys and read as text."""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

_NUMBERS = itertools.count()


class Terminal:
    """An 80x24 window in which a shell runs; `type` a command, `press` keys, `wait` for what is to be seen."""

    def __init__(self, directory: Path, environment: Mapping[str, str], size: tuple[int, int] = (80, 24)) -> None:
        self._socket = f"kameleon-tui-test-{os.getpid()}-{next(_NUMBERS)}"
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
        }
        self._environment = {**kept, "LANG": "C.UTF-8", "SHELL": "/bin/sh", "PS1": "$ ", **environment}
        columns, lines = map(str, size)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", lines, "-c", str(directory), "/bin/sh")

    def tmux(self, *words: str) -> str:
        """Run a tmux command in our server; what it prints."""
        command = ["tmux", "-L", self._socket, *words]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True).stdout

    def close(self) -> None:
        """End the server, and with it everything on its terminals."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.tmux("kill-server")

    def press(self, *keys: str) -> None:
        """Keys as tmux names them: Enter, Escape, Up, F10, C-q, a …"""
        for key in keys:
            self.tmux("send-keys", key)

    def type(self, command: str) -> None:
        """A line, and Enter."""
        self.tmux("send-keys", "-l", command)
        self.tmux("send-keys", "Enter")

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def wait(self, *words: str, limit: float = 30.0) -> str:
        """Wait until all of `words` are on the screen; the screen. AssertionError with it after `limit` seconds."""
        end = time.monotonic() + limit
        while True:
            screen = self.screen
            if all(word in screen for word in words):
                return screen
            assert time.monotonic() < end, f"never came: {words}\n{screen}"
            time.sleep(0.1)

    def fact(self, name: str) -> str:
        """A tmux variable of the window: alternate_on, cursor_flag, pane_tty, pane_pid …"""
        return self.tmux("display-message", "-p", f"#{{{name}}}").strip()

    def modes(self) -> str:
        """The terminal's settings, as stty tells them."""
        return subprocess.run(
            ["stty", "-a", "-F", self.fact("pane_tty")], capture_output=True, text=True, check=True
        ).stdout


@contextlib.contextmanager
def terminal(
    directory: Path, environment: Mapping[str, str] | None = None, size: tuple[int, int] = (80, 24)
) -> Iterator[Terminal]:
    """A terminal with its shell in `directory`."""
    made = Terminal(directory, environment or {}, size)
    try:
        yield made
    finally:
        made.close()


def quoted(*words: object) -> str:
    """Words as a shell line."""
    return shlex.join(map(str, words))
