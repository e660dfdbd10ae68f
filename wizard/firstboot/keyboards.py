"""The keyboards a system knows: XKB's layouts and their variants, with their names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

#: Below the root: what xkb-data ships; the two differ in models only.
LISTS = ("usr/share/X11/xkb/rules/base.lst", "usr/share/X11/xkb/rules/evdev.lst")
#: A layout of one's own making, which no image has.
_NONE = "custom"


@dataclass(frozen=True, slots=True)
class Layout:
    """`variants`: (name, title) of each."""

    name: str
    title: str
    variants: tuple[tuple[str, str], ...]


def find_layouts(text: Callable[[str], str]) -> tuple[Layout, ...]:
    """By title, from the first list there is; `text` gives the text of a file below the root, "" for none."""
    found = next(filter(None, (text(name) for name in LISTS)), "")
    return parse_layouts(found)


def parse_layouts(text: str) -> tuple[Layout, ...]:
    """The layouts of such a list: `! layout` with lines `fr  French`, `! variant` with `oss  fr: French (alt.)`."""
    sections = dict(re.findall(r"^! (\w+)\n(.*?)(?=^! |\Z)", text, re.M | re.S))
    variants: dict[str, list[tuple[str, str]]] = {}
    for name, layout, title in re.findall(r"^\s+(\S+)\s+(\w+):\s*(.+?)\s*$", sections.get("variant", ""), re.M):
        variants.setdefault(layout, []).append((name, title))
    layouts = re.findall(r"^\s+(\S+)\s+(.+?)\s*$", sections.get("layout", ""), re.M)
    return tuple(
        sorted(
            (Layout(name, title, tuple(variants.get(name, ()))) for name, title in layouts if name != _NONE),
            key=lambda layout: (layout.title.casefold(), layout.name),
        )
    )
