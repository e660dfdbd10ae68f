"""The application: which screens, the terminal given back whatever happens, what is said when it closes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar

# Read when textual is imported: nothing here moves by itself, and a slow line has no bytes to waste on it.
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from wizard.tui import theme

if TYPE_CHECKING:
    from wizard.engine.runs import Run

T = TypeVar("T")


class KameleonApp(App[int]):
    """Shows `first`; its result is the exit status, `farewell` the lines left on the terminal."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: $background; color: $foreground; }
    Input { background: $background; }
    Input:focus { border: double $primary; background-tint: transparent; }
    * { border-title-color: $foreground; border-title-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10,ctrl+q", "leave", "Quit", key_display="F10", priority=True),
        Binding("ctrl+c", "leave", show=False),
    ]

    def __init__(self, first: Screen[None]) -> None:
        super().__init__()
        theme.use_whole_cells()
        self.first = first
        self.farewell: list[str] = []
        for each in (theme.RICH, theme.PLAIN):
            self.register_theme(each)
        self.theme = theme.theme_name()

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        # Without these a terminal that goes, or a polite kill, leaves raw mode and the alternate screen behind.
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit, 128 + number)

    def get_default_screen(self) -> Screen[None]:
        """`first` itself, not a screen pushed over an empty one, which would be painted too. (Its CSS attribute would
        not be read: what may be first has DEFAULT_CSS.)"""
        return self.first

    def action_leave(self) -> None:
        """F10: each screen asks in its own words; a dialog is closed first."""
        if self.screen.is_modal:
            self.screen.dismiss(None)
            return
        ask = getattr(self.screen, "ask_leave", None)
        if ask is not None:
            ask()

    def _fatal_error(self) -> None:
        # Textual's prints a page of traceback with every local variable; `_show` hands the fault to the command line.
        self._close_messages_no_wait()

    def outside(self, do: Callable[[], T]) -> T:
        """`do` something that needs the terminal, in the screen's place; what it returns or raises."""
        with self.suspend():
            return do()


def wizard() -> int:
    """The wizard, from the first question to the build; the exit status: the run's when it ended, else 0."""
    from wizard.tui.screens.questions import QuestionsScreen
    from wizard.tui.setup import make_setup

    return _show(QuestionsScreen(make_setup()))


def attach(run: Run) -> int:
    """The build screen of a run, living or past; the exit status: the run's when it ended, else 0."""
    from wizard.tui.screens.build import BuildScreen

    return _show(BuildScreen(run))


def _show(first: Screen[None], *, headless: bool = False) -> int:
    app = KameleonApp(first)
    status = app.run(headless=headless)
    if app._exception is not None:
        raise app._exception
    for line in app.farewell:
        print(line)
    return status or 0
