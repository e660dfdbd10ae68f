"""Another console answers the first boot's questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from wizard.errors import STOPPED
from wizard.tui.widgets.bar import Bar
from wizard.tui.widgets.keys import Keys

if TYPE_CHECKING:
    from wizard.firstboot.session import Session


class Elsewhere(Screen[bool]):
    """True when the person here takes over. Whoever shows it takes it away when it is this console's turn again."""

    DEFAULT_CSS = """
    Elsewhere { layout: vertical; overflow: hidden; }
    Elsewhere #where { height: 1fr; padding: 0 1; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("t,T", "take", "Take over", key_display="T")]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def compose(self) -> ComposeResult:
        yield Bar("kameleon-tui: first boot")
        yield Static(id="where", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        self.query_one("#where", Static).update(
            f"Somebody answers on {self.session.where}.\n\nT takes it over here, with the answers so far."
        )

    def action_take(self) -> None:
        self.dismiss(True)

    def ask_leave(self) -> None:
        self.app.exit(STOPPED)
