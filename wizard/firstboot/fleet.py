"""Which machine this is, for answers files that serve many: hardware addresses, names, what the firmware says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from wizard.firstboot.facts import Facts

#: Key of a match → the file below /sys/class/dmi/id that it looks at.
DMI = {
    "vendor": "sys_vendor",
    "product": "product_name",
    "serial": "product_serial",
    "uuid": "product_uuid",
    "board": "board_name",
    "asset": "chassis_asset_tag",
}
KEYS = ("mac", "hostname", *DMI)


@dataclass(frozen=True, slots=True)
class Identity:
    """Key of a match → what this machine has of it: several hardware addresses, else one or none; small letters."""

    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def fits(self, match: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether for every key one of its patterns is what this machine has. Capital and small letters are the same. A
        match of nothing fits nothing."""
        return bool(match) and all(
            any(fnmatchcase(has, pattern.lower()) for has in self.known.get(key, ()) for pattern in patterns)
            for key, patterns in match.items()
        )


def identify(facts: Facts) -> Identity:
    """This machine; another tree than / has only a host name."""
    known = {"hostname": _texts(facts.text("etc/hostname"))}
    if facts.root == Path("/"):
        known["hostname"] += _texts(_read(Path("/proc/sys/kernel/hostname")))
        known["mac"] = tuple(one.address for one in facts.devices.interfaces if one.address)
        known |= {key: _texts(_read(Path("/sys/class/dmi/id") / name)) for key, name in DMI.items()}
    return Identity(known)


def _texts(text: str) -> tuple[str, ...]:
    return (text.strip().lower(),) if text.strip() else ()


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
