"""Where things are: the files that ship, and the user's own directories. A leaf: anybody may import it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
#: The directories that ship beside the package (pyproject.toml names them, too).
SHIPPED = ("recipes", "initramfs-hooks")


def shipped(name: str) -> Path:
    """The path of a shipped file or directory, such as "recipes" or "recipes/hello.yaml".

    In an installed wheel it stands under wizard/_shipped, in a checkout beside wizard/ (pyproject.toml says how it
    gets there). FileNotFoundError when it does not ship: that is a mistake of ours, not of the user's.
    """
    inside = _PACKAGE / "_shipped"
    path = (inside if inside.is_dir() else _PACKAGE.parent) / name
    if not path.exists():
        raise FileNotFoundError(f"{name} does not ship with kameleon-tui (looked at {path})")
    return path


def package() -> Path:
    """The directory of the package itself, in a checkout or where it is installed."""
    return _PACKAGE


def program() -> list[str]:
    """The words that start this very program again, whatever the current directory holds.

    `-m` would import a `wizard`, or a `yaml`, that happens to stand there; only in a checkout it is meant to.
    """
    return [sys.executable, *([] if Path.cwd() == _PACKAGE.parent else ["-P"]), "-m", "wizard"]


def _base(variable: str, fallback: str) -> Path:
    # The XDG specification: a value that is not absolute is to be ignored.
    value = os.environ.get(variable, "")
    return Path(value if os.path.isabs(value) else os.path.expanduser(fallback)) / "kameleon-tui"


def state_directory() -> Path:
    """`$XDG_STATE_HOME/kameleon-tui`: runs and error reports. Not made here."""
    return _base("XDG_STATE_HOME", "~/.local/state")


def user_data_directory() -> Path:
    """`$XDG_DATA_HOME/kameleon-tui`: the user's own recipes. Not made here."""
    return _base("XDG_DATA_HOME", "~/.local/share")


def cache_directory() -> Path:
    """`$XDG_CACHE_HOME/kameleon-tui`: what can be made again. Not made here."""
    return _base("XDG_CACHE_HOME", "~/.cache")
