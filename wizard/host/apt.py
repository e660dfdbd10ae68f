"""Installing packages on the host, with apt as it is configured there."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence

from wizard.errors import MACHINE, UserError
from wizard.host.privilege import is_root, sudo
from wizard.host.tools import which

_UPDATE = ("apt-get", "update", "-q")
#: tools.toml lists in full what is wanted: recommended packages would only cost time.
_INSTALL = ("apt-get", "install", "-q", "-y", "--no-install-recommends")


def install_command(packages: Sequence[str]) -> str:
    """What to type to install these, with sudo when that is how to become root here."""
    become_root = "sudo " if not is_root() and sudo() else ""
    return become_root + shlex.join([*_INSTALL[:2], *packages])


def install(packages: Sequence[str]) -> None:
    """Install these packages, apt's own output going to stderr. UserError (status 3) when that cannot be or fails.

    The lists are brought up to date first: a fresh machine has none, and old ones name versions no mirror has.
    """
    if not which("apt-get"):
        raise UserError(
            f"this machine has no apt-get; it lacks what Debian has in: {' '.join(packages)}",
            status=MACHINE,
            hint="install them the way this system does",
        )
    if not is_root() and not sudo():
        raise UserError(
            f"installing {' '.join(packages)} needs root, and there is no sudo",
            status=MACHINE,
            hint=f"as root: {install_command(packages)}",
        )
    prefix = [*([] if is_root() else [sudo()]), "env", "DEBIAN_FRONTEND=noninteractive"]
    for words in (_UPDATE, (*_INSTALL, *packages)):
        sys.stderr.flush()
        done = subprocess.run([*prefix, *words], stdout=2, env={**os.environ, "LC_ALL": "C.UTF-8"})
        if done.returncode:
            raise UserError(
                f"{shlex.join(words)} failed with status {done.returncode}",
                status=MACHINE,
                hint="its own message is above; when it is mended, run this again",
            )
