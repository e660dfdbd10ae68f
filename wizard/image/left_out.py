"""What is not taken along from a machine or an appliance: recipes/kadeploy/left_out.yaml."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from wizard.data import shipped

WHEN = ("machine", "kadeploy", "secret")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`paths`: patterns of tar and of the shell, from the root on without a slash before them; `text`: what it is."""

    text: str
    when: str
    paths: tuple[str, ...]


def left_out(*when: str) -> list[LeftOut]:
    """The entries for any of these (WHEN), in the file's order."""
    entries = yaml.safe_load((shipped("recipes") / "kadeploy" / "left_out.yaml").read_text(encoding="utf-8"))
    found = [LeftOut(entry["text"], entry["when"], tuple(entry["paths"])) for entry in entries]
    return [one for one in found if one.when in when]
