"""The keyboard of the Linux console we stand at: another layout tried on it, and the old one back."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess

_KDGKBTYPE = 0x4B33  # linux/kd.h: answered by consoles only
_PATIENCE = 20.0  # seconds: on an emulated machine ckbcomp takes three
_NAME = re.compile(r"[a-z]{2,12}(?::[A-Za-z0-9_-]{1,32})?", re.ASCII)


class ConsoleKeys:
    """`load` a layout; `restore` what was there before the first of them. Tools: ckbcomp, loadkeys, dumpkeys."""

    def __init__(self, console: str) -> None:
        """`console`: the device."""
        self._console = console
        self._before = b""

    def load(self, layout: str) -> str:
        """LAYOUT or LAYOUT:VARIANT; "" when it counts now, else why not."""
        if not _NAME.fullmatch(layout):
            return f"{layout!a} is no keyboard layout."
        name, _, variant = layout.partition(":")
        try:
            self._before = self._before or self._run(["dumpkeys", "-C", self._console])
            keys = self._run(["ckbcomp", "-model", "pc105", name, *([variant] if variant else [])])
            self._run(["loadkeys", "-C", self._console], keys)
        except OSError as error:
            return f"{error.filename or 'the keyboard'}: {error.strerror}"
        except subprocess.TimeoutExpired as error:
            return f"{error.cmd[0]} took longer than {_PATIENCE:.0f} s."
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode("utf-8", "replace").strip().splitlines()
            return f"{error.cmd[0]}: {said[-1] if said else f'exit status {error.returncode}'}"
        return ""

    def restore(self) -> None:
        """As it was; nothing when nothing was loaded."""
        if self._before:
            try:
                self._run(["loadkeys", "-C", self._console], self._before)
            except (OSError, subprocess.SubprocessError):
                return  # the layout that was tried stays, and can be changed by choosing another

    @staticmethod
    def _run(command: list[str], given: bytes = b"") -> bytes:
        return subprocess.run(command, input=given, capture_output=True, check=True, timeout=_PATIENCE).stdout


def console_keys(keyboard: int = 0) -> ConsoleKeys | None:
    """The keys of the console that descriptor is; None where it is none (serial lines, ssh), or a tool is missing."""
    try:
        fcntl.ioctl(keyboard, _KDGKBTYPE, bytes(1))
        console = os.ttyname(keyboard)
    except OSError:
        return None
    from shutil import which

    return ConsoleKeys(console) if all(map(which, ("ckbcomp", "loadkeys", "dumpkeys"))) else None
