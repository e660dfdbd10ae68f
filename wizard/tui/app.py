"""The application: which screens, the terminal given back whatever happens, what is said when it closes."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.screen import Screen

from wizard.tui import TERMINAL, theme
from wizard.tui.driver.driver import TerminalDriver

if TYPE_CHECKING:
    from wizard.engine.runs import Run
    from wizard.firstboot.session import Session
    from wizard.firstboot.sitting import Sitting
    from wizard.tui.firstboot_run import StartedFirstBoot
    from wizard.tui.resources import Resources

T = TypeVar("T")


class KameleonApp(App[int]):
    """Shows `first`; its result is the exit status, `farewell` the lines left on the terminal."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: $background; color: $foreground; }
    Input { background: $background; }
    Input:focus { border: double $primary; background-tint: transparent; }
    .-low Input, .-low Input:focus { border: none; height: 1; padding: 0 1; }
    * { border-title-color: $foreground; border-title-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10,ctrl+q", "leave", "Quit", key_display="F10", priority=True),
        Binding("ctrl+c", "leave", show=False),
        # What a serial line cannot tell: its size changed, or something else wrote on the screen.
        Binding("f5,ctrl+r,ctrl+l", "redraw", show=False, priority=True),
    ]

    def __init__(self, first: Screen[None]) -> None:
        super().__init__(driver_class=_driver())
        theme.use_whole_cells()
        self.first = first
        self.farewell: list[str] = []
        #: Called for each key and click, on whatever screen it is, before it does anything.
        self.on_person: Callable[[], None] = lambda: None
        for each in (theme.RICH, theme.PLAIN):
            self.register_theme(each)
        self.theme = theme.PLAIN.name if TERMINAL.console else theme.theme_name()

    @property
    def cursor_position(self) -> Offset:
        """Where the focus is, as Textual asks each time it has drawn: terminals show their cursor there, and braille
        displays and speech follow it. (Widgets set it, before they have their place: too early.)"""
        focused = self.screen.focused if self.screen_stack else None
        if focused is None:
            return Offset(0, 0)
        cursor: Offset | None = getattr(focused, "cursor_screen_offset", None)  # of lists and lines to type
        return focused.region.offset if cursor is None else cursor

    @cursor_position.setter
    def cursor_position(self, position: Offset) -> None:
        pass

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        # Without these a terminal that goes, or a polite kill, leaves raw mode and the alternate screen behind.
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit, 128 + number)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, (events.Key, events.Paste, events.MouseDown)):
            self.on_person()
        await super().on_event(event)

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

    def action_redraw(self) -> None:
        """F5: ask the terminal's size again, draw all anew."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.again()

    def _fatal_error(self) -> None:
        # Textual's prints a page of traceback with every local variable; `_show` hands the fault to the command line.
        self._close_messages_no_wait()

    def outside(self, do: Callable[[], T]) -> T:
        """`do` something that needs the terminal, in the screen's place; what it returns or raises."""
        with self.suspend():
            return do()


def _driver() -> type[TerminalDriver]:
    if TERMINAL.console:
        from wizard.tui.driver.console import ConsoleDriver

        return ConsoleDriver
    return TerminalDriver


def wizard() -> int:
    """The wizard, from the first question to the build; the exit status: the run's when it ended, else 0."""
    from wizard.tui.screens.questions import QuestionsScreen
    from wizard.tui.setup import make_setup

    return _show(QuestionsScreen(make_setup()))


def first_boot(
    sitting: Sitting,
    preview: Callable[[], Sequence[str]],
    run: Path | None,
    *,
    again: bool = False,
    session: Session | None = None,
) -> int:
    """The first boot's questions, the review, and the steps as they are carried out in the run directory `run`; None:
    only asked, the answers are in the sitting then. The exit status: 0 when all is done (or to be done, without
    `run`), 4 when the person left before anything was done, the first boot's own otherwise. UserError when the
    countdown ended and only a person can answer. `preview`: the lines of all that will be done, with the answers as
    they are. `session`: the other consoles where this is asked; status 0 when one of those carries the answers out."""
    from wizard.firstboot.console_keys import console_keys
    from wizard.tui.firstboot import FirstBoot
    from wizard.tui.screens.firstboot import FirstBootScreen

    def begin(directory: Path) -> StartedFirstBoot:
        from wizard.tui.firstboot_run import start_first_boot

        return start_first_boot(sitting, directory, again=again)

    title = f"kameleon-tui: {'what would be done' if run is None else 'first boot'}"
    start = None if run is None else partial(begin, run)
    first = FirstBoot(sitting, title, preview, start, console_keys(), session=session)
    status = _show(FirstBootScreen(first))
    if first.unanswered is not None:
        raise first.unanswered
    return status


def attach(run: Run) -> int:
    """The build screen of a run, living or past; the exit status: the run's when it ended, else 0."""
    from wizard.tui.screens.build import BuildScreen

    return _show(BuildScreen(run))


def resources(plan: Resources) -> int:
    """The tree of OAR's resources beside a plan; 0, or 1 when the last change that was asked for was not made or does
    not show. UserError when the database is not to be had."""
    from wizard.tui.screens.resources import ResourcesScreen

    screen = ResourcesScreen(plan)
    status = _show(screen)
    if screen.failure is not None:
        raise screen.failure
    for line in screen.told:
        print(line)
    return status


def _show(first: Screen[None], *, headless: bool = False) -> int:
    app = KameleonApp(first)
    status = app.run(headless=headless)
    if app._exception is not None:
        raise app._exception
    for line in app.farewell:
        print(line)
    return status or 0
