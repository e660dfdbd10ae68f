"""Where on the globe."""

from __future__ import annotations

import os
import re
from functools import cache

from wizard.firstboot.facts import Facts
from wizard.flow.question import Answer, Choice, Kind, Question, Source

NAME = re.compile(r"[A-Z][A-Za-z0-9_+-]{0,30}(?:/[A-Za-z0-9_+-]{1,30}){0,2}", re.ASCII)
_ZONES = "usr/share/zoneinfo"
#: The same zones over again, with and without leap seconds.
_TWICE = ("posix", "right")


def timezone(facts: Facts) -> Question:
    """A name below /usr/share/zoneinfo, such as Europe/Paris."""

    @cache
    def choices() -> tuple[Choice, ...]:
        zones = {"Etc/UTC", *_zones(os.path.join(facts.root, _ZONES))}
        # What has no region (EST, Cuba) is last: there mostly for old files.
        return tuple(
            Choice(zone, zone.replace("_", " ")) for zone in sorted(zones, key=lambda zone: ("/" not in zone, zone))
        )

    def default() -> Answer:
        has = facts.text("etc/timezone").strip()
        if NAME.fullmatch(has) and (facts.root / _ZONES / has).is_file():
            return Answer(has, Source.DETECTED, "the system is set to it")
        return Answer("Etc/UTC", Source.DEFAULT, "it is the same everywhere")

    return Question(
        "timezone",
        "Time zone",
        "The time that this machine's clock and OAR's reports show.",
        Kind.ONE,
        lambda values: default(),
        lambda values: choices(),
    )


def _zones(top: str) -> list[str]:
    found = []
    for directory, names, files in os.walk(top):
        if directory == top:
            names[:] = [name for name in names if name not in _TWICE]
        before = os.path.relpath(directory, top)
        found += [name if before == "." else f"{before}/{name}" for name in files]
    return [name for name in found if NAME.fullmatch(name) and name != "Factory"]
