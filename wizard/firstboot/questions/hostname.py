"""What the machine is called."""

from __future__ import annotations

import re

from wizard.firstboot.facts import Facts
from wizard.flow.question import Answer, Kind, Question, Source, Values

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOSTNAME = re.compile(rf"(?=.{{1,64}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)  # 64: what Linux takes
#: What every copy of an image is called: two nodes of one cluster cannot both be.
COMMON = ("kameleon", "debian")


def hostname(facts: Facts) -> Question:
    """A node gets a name of its own by default: servers know it by that."""

    def default(values: Values) -> Answer:
        has = facts.text("etc/hostname").strip().lower()
        if values["role"] == "node" and (check(has) or has in COMMON):
            card = facts.devices.first
            if card is not None and card.address:
                name = "node-" + card.address.replace(":", "")[-6:]
                return Answer(name, Source.DETECTED, f"from the hardware address of {card.name}: no other node has it")
        if has and not check(has):
            return Answer(has, Source.DETECTED, "the system is called so")
        return Answer("kameleon", Source.DEFAULT, "the system has no name yet")

    return Question(
        "hostname",
        "Host name",
        "What this machine is called: small letters, digits, hyphens; with dots for a full name.",
        Kind.TEXT,
        default,
        check=lambda value, values: check(value),
        help="OAR knows its nodes by this name. All machines of a cluster have different ones.",
    )


def check(value: str) -> str:
    """Why `value` is no name of this machine, as a sentence; "" when it is one."""
    if not _HOSTNAME.fullmatch(value):
        return f"{value[:64]!a} is no host name (a-z, 0-9, - and dots, 64 characters at most)."
    if value.partition(".")[0] == "localhost":
        return f"{value} names every machine: OAR needs a name of this one."
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", value.rpartition(".")[2]):
        return f"{value} ends in a number: ssh and others take it for an address."
    return ""
