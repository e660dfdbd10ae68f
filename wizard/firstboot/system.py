"""What kind of system runs, and how far it was configured. Cheap to import: every start of the program asks."""

from __future__ import annotations

import enum
import os
import socket
from contextlib import suppress
from pathlib import Path

from wizard.errors import MACHINE, UserError

#: Below the root of the system that is configured.
RUN = "var/lib/kameleon-tui/firstboot"
#: A system whose kernel was not started with boot=live, and that is to be configured, has this file.
MARK = "etc/kameleon-tui/firstboot"


def kernel_command_line() -> str:
    """What the running kernel was started with, "" when it does not say."""
    try:
        return Path("/proc/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def is_live() -> bool:
    """Whether this system was started by live-boot: nobody's machine was changed for it."""
    return "boot=live" in kernel_command_line().split()


class Before(enum.Enum):
    """What an earlier process has left: nothing, a first boot that was cut off (killed, the power went), one that ended
    otherwise than well, or one that is done."""

    NEVER = "never"
    CUT = "cut"
    ENDED = "ended"
    DONE = "done"


def before(root: Path) -> Before:
    """How far the tree `root` was configured before."""
    if not (root / RUN / "run.json").exists():
        return Before.NEVER
    from wizard.engine.runs import Run

    end = Run(root / RUN).state().end
    if end is None:
        return Before.CUT
    return Before.DONE if end["result"] == "done" else Before.ENDED


def check_live(root: Path) -> None:
    """UserError when / is a machine nobody meant to configure: the steps change its name, keys and database."""
    marked = (root / MARK).exists()
    if root == Path("/") and not marked and not is_live():
        raise UserError(
            "this is no live system: its host name, keys and databases stay as they are",
            status=MACHINE,
            hint=f"if it is to be made an OAR cluster nevertheless: mkdir -p /{Path(MARK).parent}; touch /{MARK}",
        )


def tell_systemd(words: str) -> None:
    """To the service manager, when it started us as one that speaks with it (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
        speaker.connect(address.replace("@", "\0", 1) if address[0] == "@" else address)
        speaker.send(words.encode())
