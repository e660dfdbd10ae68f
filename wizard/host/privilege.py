"""Being root, or becoming it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys

from wizard.data import program
from wizard.errors import MACHINE, UserError


def is_root() -> bool:
    return os.geteuid() == 0


def sudo() -> str:
    """The path of sudo, "" without it."""
    return shutil.which("sudo") or ""


def require_root(what: str = "a build") -> None:
    """UserError (status 3) with the command to type when not root; `what` is what needs it."""
    if is_root():
        return
    # sudo has a PATH of its own: the program is named in full, and its checkout or environment found by that.
    words = program() if sys.argv[0].endswith("__main__.py") else [os.path.abspath(sys.argv[0])]
    again = shlex.join([*words, *sys.argv[1:]])
    raise UserError(
        f"{what} needs root: it has its own mounts, and a chroot",
        status=MACHINE,
        hint=f"sudo {again}" if sudo() else f"as root: {again}",
    )
