"""A list too long to read: what belongs to a row opens below it, and typing searches."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from wizard.tui.widgets.choices import Choices, Item

#: Lists of more rows than these are searched by typing.
SHORT = 20


class Searchable(Choices):
    """Choices; with more than SHORT of them, what is typed is searched for, and Right and Left open and close a row.

    The focus stays in the list: the cursor of the terminal is on the row that Enter takes, also while one types.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Next", key_display="Enter"),
        Binding("right", "open(True)", show=False),
        Binding("left", "open(False)", show=False),
        Binding("escape", "clear", "All", key_display="Esc"),
    ]

    class Searched(Message):
        """What is searched for has changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.all: tuple[Item, ...] = ()
        self.query_text = ""
        self._opened: set[str] = set()
        self._below: Counter[str] = Counter()

    @property
    def long(self) -> bool:
        return len(self.all) > SHORT

    def offer(self, items: Sequence[Item], chosen: Sequence[str], *, several: bool = False) -> None:
        """Show other items; what is `chosen` is ticked, or under the cursor, with what it belongs to open."""
        self.all, self.query_text = tuple(items), ""
        self._below = Counter(item.under for item in items)
        self._opened = {item.under for item in items if item.value in chosen}
        self.fill(self._found(), chosen, several=several)

    def words(self) -> str:
        """What the list says of itself: how much it offers, or what is searched for; "" for a short one."""
        if not self.long:
            return ""
        if self.query_text:
            return f"search: {self.query_text}_  ({len(self.items)} of {len(self.all)})"
        opens = ", Right and Left: more and less" if any(item.under for item in self.all) else ""
        return f"{len(self.all)} choices; type to search{opens}"

    def _found(self) -> list[Item]:
        if self.query_text:
            return search(self.all, self.query_text)
        return [item for item in self.all if not self.long or not item.under or item.under in self._opened]

    def _show(self, value: str) -> None:
        """The items as they are now, the cursor on `value` or the first."""
        ticked = self.ticked
        self.fill(self._found(), (value,), several=self.several)
        self.ticked = ticked if self.several else set()
        self.refresh()
        self.post_message(self.Searched())
        self.post_message(self.Moved(self))

    def row(self, index: int, width: int) -> Text:
        item = self.items[index]
        below = self._below[item.value] if self.long and not self.query_text else 0
        text = Text("  ") if item.under and not self.query_text else Text()
        note = ", ".join(filter(None, (item.note, f"+{below}" if below and item.value not in self._opened else "")))
        shown = Item(item.value, item.title, note, item.key)
        text.append_text(self.item_row(shown, width - text.cell_len))
        return text

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "clear":
            return bool(self.query_text)
        return super().check_action(action, parameters)

    def on_key(self, event: events.Key) -> None:
        if not self.long:
            return
        if event.key == "backspace":
            text = self.query_text[:-1]
        elif event.is_printable and event.character and not (event.character == " " and not self.query_text):
            text = self.query_text + event.character
        else:
            return
        event.stop()
        if text != self.query_text:
            self._search(text)

    def _search(self, text: str) -> None:
        here = self.current
        if text and not search(self.all, text):
            self.app.bell()
            return
        self.query_text = text
        # While one types, what fits best is under the cursor; back among all, what was found.
        self._opened |= {here.under} if here else set()
        self._show(here.value if here and not text else "")
        self.refresh_bindings()

    def action_clear(self) -> None:
        self._search("")

    def action_open(self, opened: bool) -> None:
        here = self.current
        if here is None or self.query_text or not self.long:
            return
        row = here.value if opened else (here.under or here.value)
        (self._opened.add if opened else self._opened.discard)(row)
        self._show(row)


def search(items: Sequence[Item], text: str) -> list[Item]:
    """The items that have every word of `text` in title or value, whatever its accents: first those whose value or
    title it is, then those that begin with it, then those with a word that does; of each what belongs to no other."""
    wanted = plain(text).strip()
    words = wanted.split()
    found: list[tuple[tuple[int, bool, int], Item]] = []
    for number, item in enumerate(items):
        value, title = plain(item.value), plain(item.title)
        if all(word in f"{title} {value}" for word in words):
            if wanted in (value, title):
                rank = 0
            elif title.startswith(wanted) or value.startswith(wanted):
                rank = 1
            else:
                parts = f"{title} {value}".replace("/", " ").replace("(", " ").split()
                rank = 2 if any(part.startswith(wanted) for part in parts) else 3
            found.append(((rank, bool(item.under), number), item))
    return [item for _, item in sorted(found, key=lambda entry: entry[0])]


def plain(text: str) -> str:
    """Lower case, no accents."""
    return "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))
