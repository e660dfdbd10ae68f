"""A list to choose from: one of it, or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from wizard.tui.widgets.rows import Rows


@dataclass(frozen=True, slots=True)
class Item:
    """A row: `value` is what is answered, `note` stands at the right (default, installed …). `under`: the value of the
    row it belongs to (searchable.py)."""

    value: str
    title: str
    note: str = ""
    key: str = ""
    under: str = ""


class Choices(Rows):
    """With `several`, rows have `[x]` boxes that Space ticks; else the cursor's row is the choice."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Choose", key_display="Enter"),
        Binding("space", "tick", "Tick", key_display="Space"),
    ]

    class Chosen(Message):
        """Enter: `values` holds the one of the cursor, or the ticked ones in the list's order."""

        def __init__(self, choices: Choices, values: tuple[str, ...]) -> None:
            super().__init__()
            self.choices = choices
            self.values = values

        @property
        def control(self) -> Choices:
            return self.choices

    def __init__(self, items: Sequence[Item] = (), *, several: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.items = tuple(items)
        self.several = several
        self.ticked: set[str] = set()

    def fill(self, items: Sequence[Item], chosen: Sequence[str], *, several: bool = False) -> None:
        """Show other items, with `chosen` ticked, or under the cursor."""
        self.items, self.several, self.ticked = tuple(items), several, set(chosen)
        here = [index for index, item in enumerate(self.items) if item.value in chosen]
        self.rows_changed()
        self.cursor = here[0] if here and not several else 0
        self.call_after_refresh(self.show_cursor)
        self.refresh_bindings()

    def on_mount(self) -> None:
        self.rows_changed()

    @property
    def current(self) -> Item | None:
        return self.items[self.cursor] if self.items else None

    @property
    def values(self) -> tuple[str, ...]:
        if self.several:
            return tuple(item.value for item in self.items if item.value in self.ticked)
        return (self.items[self.cursor].value,) if self.items else ()

    def count(self) -> int:
        return len(self.items)

    def row(self, index: int, width: int) -> Text:
        return self.item_row(self.items[index], width)

    def item_row(self, item: Item, width: int) -> Text:
        """How an item is shown, on at most `width` cells."""
        text = Text()
        if self.several:
            text.append("[x] " if item.value in self.ticked else "[ ] ")
        if item.key:
            text.append(f"{item.key}  ", self.look("live"))
        text.append(item.title)
        room = width - text.cell_len - 2
        if item.note and room > 0:
            note = Text(item.note, self.look("quiet"))
            note.truncate(room, overflow="crop")
            text.pad_right(max(2, width - text.cell_len - note.cell_len - 1))
            text.append_text(note)
        return text

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.several if action == "tick" else True

    def action_choose(self) -> None:
        if self.items:
            self.post_message(self.Chosen(self, self.values))

    def action_tick(self) -> None:
        item = self.current
        if self.several and item is not None:
            self.ticked ^= {item.value}
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        super().on_click(event)
        if self.several:
            self.action_tick()
        elif event.chain == 2:
            self.action_choose()
