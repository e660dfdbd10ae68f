"""What the first boot asks of the machine and of the tree it configures. Read when a question wants it, kept until
`refresh`: a keyboard or a cable may come later."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.firstboot.devices import Devices
    from wizard.machine.model import Machine


@dataclass(frozen=True, slots=True)
class Readers:
    """Where what is not in the tree comes from; tests have recorded ones. `machine` gives None for one that cannot be
    detected; `devices` those of the running system."""

    machine: Callable[[], Machine | None]
    devices: Callable[[], Devices]


class Facts:
    """Of the tree `root`. Another tree than / is not the system that runs: its devices are not known, so it is taken
    to have a keyboard and a network."""

    def __init__(self, root: Path, readers: Readers | None = None) -> None:
        self.root = root
        self._readers = readers or Readers(_machine, _devices if root == Path("/") else _some_devices)

    def refresh(self) -> None:
        """Look again, when next asked, at what comes and goes."""
        self.__dict__.pop("devices", None)

    @cached_property
    def devices(self) -> Devices:
        return self._readers.devices()

    @cached_property
    def machine(self) -> Machine | None:
        return self._readers.machine()

    @cached_property
    def display_manager(self) -> str:
        """What starts a graphical session ("lightdm"), "" when nothing is installed that would."""
        named = self.text("etc/X11/default-display-manager").strip()
        if named and (self.root / named.lstrip("/")).exists():
            return named.rpartition("/")[2]
        try:
            return (self.root / "etc/systemd/system/display-manager.service").readlink().stem
        except OSError:
            return ""

    @cached_property
    def sessions(self) -> tuple[str, ...]:
        """The graphical sessions that are installed, as their files call them."""
        names = set()
        for kind in ("xsessions", "wayland-sessions"):
            for path in sorted((self.root / "usr/share" / kind).glob("*.desktop")):
                found = re.search(r"^Name=(.+)$", path.read_text(errors="replace"), re.M)
                names.add(found.group(1).strip() if found else path.stem)
        return tuple(sorted(names))

    def text(self, name: str) -> str:
        """The text of a file of the tree, "" when it cannot be read."""
        try:
            return (self.root / name).read_text(errors="replace")
        except (OSError, ValueError):
            return ""


def _machine() -> Machine | None:
    from wizard.machine.detect import detect

    try:
        return detect()
    except ValueError:
        return None


def _devices() -> Devices:
    from wizard.firstboot.devices import find_devices

    return find_devices()


def _some_devices() -> Devices:
    from wizard.firstboot.devices import Devices

    return Devices(("keyboard",), (), leased=True)
