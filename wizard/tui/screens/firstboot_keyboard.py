"""A field to try a keyboard layout, which is really loaded meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from wizard.tui.screens.dialogs import WINDOW
from wizard.tui.widgets.line import Line

if TYPE_CHECKING:
    from wizard.firstboot.console_keys import ConsoleKeys


class TryKeyboard(ModalScreen[bool]):
    """True when the layout is taken; else the old one counts again."""

    CSS = (
        WINDOW.format(name="TryKeyboard")
        + """
    TryKeyboard Input { border: solid $primary; height: 3; }
    """
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "away", "Back", show=False)]

    def __init__(self, keys: ConsoleKeys, layout: str, title: str) -> None:
        super().__init__()
        self.keys, self.layout_name, self.title_text = keys, layout, title

    def compose(self) -> ComposeResult:
        with Vertical() as window:
            window.border_title = self.title_text
            yield Static("Loading it ...", classes="text", markup=False)
            yield Line()
            yield Static("Enter: take this layout   Esc: back to the list, with the old one", markup=False)

    def on_mount(self) -> None:
        self.query_one(Line).focus()
        self.load()

    @work(exclusive=True)
    async def load(self) -> None:
        problem = await asyncio.to_thread(self.keys.load, self.layout_name)
        self.query_one(".text", Static).update(
            problem or "It counts now: type letters, digits and signs, and see what comes."
        )

    def on_input_submitted(self) -> None:
        self.dismiss(True)

    @work(exclusive=True)
    async def action_away(self) -> None:
        await asyncio.to_thread(self.keys.restore)
        self.dismiss(False)
