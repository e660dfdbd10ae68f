"""The first boot's questions in their order, and what of the answers its recipes get."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.firstboot.facts import Facts
from wizard.firstboot.questions.hostname import hostname
from wizard.firstboot.questions.keyboard import keyboard
from wizard.firstboot.questions.network import network
from wizard.firstboot.questions.resources import resources
from wizard.firstboot.questions.role import role
from wizard.firstboot.questions.server import bare, server
from wizard.firstboot.questions.session import session
from wizard.firstboot.questions.ssh_keys import ssh_keys
from wizard.firstboot.questions.timezone import timezone
from wizard.flow.flow import Flow
from wizard.flow.question import Value

#: Every question's global, empty: a recipe is given all of them, also of questions that are not asked this time.
NAMES = (
    "keymap", "x", "role", "hostname", "network", "interface", "address", "gateway", "dns", "server", "server_key",
    "timezone", "ssh_keys", "granularity",
)  # fmt: skip


def first_boot_flow(facts: Facts) -> Flow:
    """Asks of the tree and the machine that `facts` tell of."""
    return Flow(
        (
            keyboard(facts),
            session(facts),
            role(),
            hostname(facts),
            *network(facts),
            *server(),
            timezone(facts),
            ssh_keys(),
            resources(facts),
        )
    )


def recipe_name(values: Mapping[str, Value]) -> str:
    """The recipe that makes it so, below `recipes`."""
    return f"firstboot/{values['role']}.yaml"


def globals_of(values: Mapping[str, Value]) -> dict[str, str]:
    """Each question's answer as the recipe's global of the same name, "" for what is not asked; several a line each."""
    found = dict.fromkeys(NAMES, "")
    for name, value in values.items():
        found[name] = value if isinstance(value, str) else "\n".join(value)
    found["server_key"] = bare(found["server_key"])
    return found
