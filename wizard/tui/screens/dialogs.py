"""Small windows over a screen: a choice, a line of text, something to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from wizard.tui.widgets.choices import Choices, Item

WINDOW = """
    {name} {{ align: center middle; background: $background 60%; }}
    {name}:ansi {{ background: transparent; }}
    {name} > Vertical {{
        width: 72; max-width: 100%; height: auto; max-height: 100%;
        border: solid $primary; background: $background; padding: 0 1;
    }}
    {name} .text {{ height: auto; max-height: 8; margin-bottom: 1; }}
"""


class ChoiceDialog(ModalScreen[str]):
    """Asks for one of a few; the answer is its value, "" when the person went away with Esc."""

    CSS = (
        WINDOW.format(name="ChoiceDialog")
        + """
    ChoiceDialog Choices { height: auto; max-height: 8; }
    """
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss('')", "Back", show=False)]

    def __init__(self, title: str, text: str, items: Sequence[Item]) -> None:
        super().__init__()
        self.title_text, self.text, self.items = title, text, tuple(items)

    def compose(self) -> ComposeResult:
        with Vertical() as window:
            window.border_title = self.title_text
            yield Static(self.text, classes="text", markup=False)
            choices = Choices(self.items)
            choices.styles.height = len(self.items)
            yield choices

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        self.dismiss(event.values[0])

    def on_key(self, event: events.Key) -> None:
        for item in self.items:
            if item.key and item.key == event.key:
                # The key ends here: further up it would meet the bindings of the screen this gives way to.
                event.stop()
                self.dismiss(item.value)


class LineDialog(ModalScreen[str | None]):
    """Asks for a line of text; None when the person went away. `check` says why a text will not do."""

    CSS = (
        WINDOW.format(name="LineDialog")
        + """
    LineDialog Input { border: solid $primary; height: 3; }
    LineDialog .problem { height: auto; color: $error; text-style: bold; }
    """
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Back", show=False)]

    def __init__(self, title: str, text: str, value: str, check: Callable[[str], str]) -> None:
        super().__init__()
        self.title_text, self.text, self.value, self.check = title, text, value, check

    def compose(self) -> ComposeResult:
        from textual.widgets import Input

        with Vertical() as window:
            window.border_title = self.title_text
            yield Static(self.text, classes="text", markup=False)
            yield Input(self.value, select_on_focus=False)
            yield Static("", classes="problem", markup=False)
            yield Static("Enter: take it   Esc: back", markup=False)

    def on_input_submitted(self, event: object) -> None:
        value = str(getattr(event, "value", ""))
        problem = self.check(value)
        if problem:
            self.query_one(".problem", Static).update(problem)
        else:
            self.dismiss(value)


class TextDialog(ModalScreen[None]):
    """Something to read, until any of Esc, Enter, F1 or q."""

    CSS = (
        WINDOW.format(name="TextDialog")
        + """
    TextDialog > Vertical { width: 80; }
    TextDialog VerticalScroll { height: auto; max-height: 18; scrollbar-size: 1 1; }
    TextDialog VerticalScroll > Static { height: auto; }
    """
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,f1,q", "dismiss", "Close", show=False)]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.title_text, self.text = title, text

    def compose(self) -> ComposeResult:
        with Vertical() as window:
            window.border_title = self.title_text
            window.border_subtitle = "Esc closes"
            with VerticalScroll():
                yield Static(self.text, markup=False)
