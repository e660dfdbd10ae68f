"""A line to type, and several of them."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from wizard.tui.widgets.choices import Choices, Item

_EDITS = ("delete_", "cursor_", "home", "end")


class Line(Input):
    """A line of text whose cursor does not blink: the terminal's own does, and costs no bytes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "Next", key_display="Enter")]

    def __init__(self, value: str = "", *, password: bool = False, id: str | None = None) -> None:
        super().__init__(value, password=password, select_on_focus=False, id=id)
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        # A key that is bound to an action goes up to the application first: letters that are typed soon after it, all
        # at once where the machine is slow, would be in the line before what is to be rubbed out is gone.
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if binding.action.startswith(_EDITS):
                event.stop()
                event.prevent_default()
                await self.run_action(binding.action)
                return
        await super()._on_key(event)


class Lines(Vertical):
    """Lines typed one after the other; those there are stand below, where Del takes one away."""

    DEFAULT_CSS = """
    Lines { height: 1fr; }
    Lines Choices { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete,backspace", "remove", "Remove", key_display="Del"),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    class Typed(Message):
        """Enter: a line to add, or "" when there are no more."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    def __init__(self, lines: tuple[str, ...], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines = lines

    def compose(self) -> ComposeResult:
        yield Line()
        yield Choices(self._items())

    def on_mount(self) -> None:
        self.query_one(Line).focus()
        self._draw()

    def _items(self) -> list[Item]:
        # Of a long one (a key) beginning and end tell which it is.
        return [Item(line, line if len(line) < 64 else f"{line[:20]}...{line[-36:]}") for line in self.lines]

    def _draw(self) -> None:
        choices = self.query_one(Choices)
        choices.fill(self._items(), ())
        choices.display = bool(self.lines)
        if not self.lines:
            self.query_one(Line).focus()

    @property
    def typed(self) -> str:
        return self.query_one(Line).value.strip()

    def add(self) -> None:
        """Take the typed line among the others."""
        self.lines = tuple(dict.fromkeys((*self.lines, self.typed)))
        self.query_one(Line).value = ""
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Typed(event.value.strip()))

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        event.stop()
        self.post_message(self.Typed(""))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.query_one(Choices).has_focus if action == "remove" else True

    def action_remove(self) -> None:
        here = self.query_one(Choices).current
        if here is not None:
            self.lines = tuple(line for line in self.lines if line != here.value)
            self._draw()
