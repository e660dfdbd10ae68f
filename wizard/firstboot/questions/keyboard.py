"""Which keyboard: LAYOUT, or LAYOUT:VARIANT."""

from __future__ import annotations

import re
from functools import cache

from wizard.firstboot.facts import Facts
from wizard.firstboot.keyboards import find_layouts
from wizard.flow.question import Answer, Choice, Kind, Question, Source, Values

NAME = re.compile(r"[a-z]{2,12}(?::[a-zA-Z0-9_-]{1,32})?", re.ASCII)


def keyboard(facts: Facts) -> Question:
    """Asked where there is a keyboard; a machine with none (a serial line) keeps what it has."""

    @cache
    def choices() -> tuple[Choice, ...]:
        found: list[Choice] = []
        for layout in find_layouts(facts.text):
            found.append(Choice(layout.name, layout.title))
            found += [Choice(f"{layout.name}:{name}", title, under=layout.name) for name, title in layout.variants]
        return tuple(choice for choice in found if NAME.fullmatch(choice.id)) or (Choice("us", "English (US)"),)

    def default(values: Values) -> Answer:
        has = _configured(facts)
        if has and has in {choice.id for choice in choices()}:
            return Answer(has, Source.DETECTED, "the system is set to it")
        return Answer("us", Source.DEFAULT, "it is what most firmware and boot menus take")

    return Question(
        "keymap",
        "Keyboard",
        "The layout of the keyboard that is plugged in.",
        Kind.ONE,
        default,
        lambda values: choices(),
        ask=lambda values: bool(facts.devices.keyboards),
        help="It counts at once, and on the graphical screen too. Keys of a serial line or of ssh are those of the "
        "machine you sit at, whatever is chosen here.",
    )


def _configured(facts: Facts) -> str:
    values = dict(re.findall(r'^\s*(XKBLAYOUT|XKBVARIANT)="?([^"\n]*)"?', facts.text("etc/default/keyboard"), re.M))
    layout, variant = values.get("XKBLAYOUT", ""), values.get("XKBVARIANT", "")
    return f"{layout}:{variant}" if variant else layout
