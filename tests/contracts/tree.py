"""The files of the checkout, as git sees them."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def git(*words: str, expect: tuple[int, ...] = (0,), text: str = "") -> str:
    """What git prints when run in the checkout; any status but the expected ones is an error."""
    # A user's checkout, tested as root (sudo make test), is a repository git would rather not read.
    command = ["git", "-C", str(ROOT), "-c", f"safe.directory={ROOT}", *words]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    assert done.returncode in expect, done.stderr
    return done.stdout


def files() -> list[Path]:
    """Every file that is in git or could be added, relative to the checkout; those just deleted are left out."""
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return [Path(name) for name in sorted(filter(None, names)) if (ROOT / name).is_file()]
