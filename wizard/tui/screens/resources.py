"""OAR's resources beside the plan, as a tree that is looked at again and again; and carrying the plan out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, TypeVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static

from wizard.errors import DONE, FAILED, UserError
from wizard.tui.resources import Look, Resources, shown
from wizard.tui.screens.dialogs import ChoiceDialog, TextDialog
from wizard.tui.widgets.bar import Bar
from wizard.tui.widgets.choices import Item
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.rows import Rows
from wizard.tui.widgets.tree import Tree

if TYPE_CHECKING:
    from wizard.oar.create import Created

T = TypeVar("T")

#: Seconds from one look to the next; and that many times what a look takes: it may not keep the machine busy.
EVERY = 5.0
_PART = 20
TITLE = "kameleon-tui: resources"


class ResourcesScreen(Screen[None]):
    """`every`: seconds between two looks, 0 for none but those that are asked for. The app's result is the exit status;
    what kept the first look from being had is in `failure` then."""

    DEFAULT_CSS = """
    ResourcesScreen { layout: vertical; overflow: hidden; }
    ResourcesScreen #words { height: auto; max-height: 2; padding: 0 1; text-style: bold; }
    ResourcesScreen Tree { border-top: solid $border; padding: 0 1; min-height: 3; }
    ResourcesScreen #facts { height: 6; padding: 0 1; border-top: solid $border; }
    ResourcesScreen #notes { height: auto; max-height: 3; padding: 0 1; color: $warning; }
    ResourcesScreen.-low #facts { height: 3; }
    ResourcesScreen.-low #notes { max-height: 1; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012 (declared so in Textual)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "apply", "Apply"),
        Binding("d", "differences", "Differences"),
        Binding("t", "retire", "Retire"),
        Binding("r", "look", "Look again"),
        Binding("f1", "help", "Help", key_display="F1"),
        Binding("q", "app.leave", show=False),
        Binding("escape", "app.leave", show=False),
    ]
    AUTO_FOCUS = "Tree"

    def __init__(self, resources: Resources, *, every: float = EVERY) -> None:
        super().__init__()
        self.resources = resources
        self.every = every
        self.look: Look | None = None
        self.failure: UserError | None = None
        self.status = DONE
        self.told: list[str] = []
        self._looking = False
        self._applying = False
        self._next: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Bar(TITLE, "", id="bar")
        yield Static(id="words", markup=False)
        yield Tree(id="tree")
        yield Static(id="facts", markup=False)
        yield Static(id="notes", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        self.query_one("#words", Static).update("Asking OAR's database ...")
        self.action_look()

    def action_look(self) -> None:
        """Look at the database, in a thread: the screen goes on. One look at a time."""
        if self._looking or self._applying:
            return
        self._looking = True
        if self._next is not None:
            self._next.stop()

        def seen(look: Look | None, error: UserError | None) -> None:
            self._looking = False
            if look is not None:
                self._show(look)
            elif self.look is None:
                self.failure = error
                self.app.exit(FAILED)
                return
            elif error is not None:
                self._note(f"the last look failed, so this is what was before: {error.message}")
            if self.every:
                wait = max(self.every, _PART * (look.seconds if look else 0))
                self._next = self.set_timer(wait, self.action_look)

        self._aside(self.resources.look, seen)

    def _aside(self, do: Callable[[], T], then: Callable[[T | None, UserError | None], None]) -> None:
        """`do` in a thread that nobody waits for when the screen is left: a database may be silent for long."""
        app = self.app

        def finish(result: T | None, error: Exception | None) -> None:
            if error is not None and not isinstance(error, UserError):
                raise error
            then(result, error)

        def run() -> None:
            result: T | None = None
            error: Exception | None = None
            try:
                result = do()
            except Exception as raised:
                error = raised
            with suppress(RuntimeError):  # the screen was left meanwhile
                app.call_later(finish, result, error)

        threading.Thread(target=run, daemon=True).start()

    def _show(self, look: Look) -> None:
        first, self.look = self.look is None, look
        tree = self.query_one(Tree)
        tree.show(look.nodes(self.resources.retire))
        if first:
            tree.open_what_fits()
        self._words()
        self._facts()
        self._note("\n".join(look.notes))

    def _words(self) -> None:
        if self.look is None:
            return
        look = self.look
        text = Text(self.resources.words(look))
        if look.missing:
            text.append(f"; properties to add: {' '.join(look.missing)}", "not bold")
        if look.totals.retire and not self.resources.retire:
            text.append(" (t: retire)", "not bold")
        self.query_one("#words", Static).update(text)
        hosts = f"{look.totals.hosts} host{'s' * (look.totals.hosts != 1)}"
        shows = "differences only" if self.query_one(Tree).only_differences else hosts
        self.query_one("#bar", Bar).say(TITLE, f"{shows}, {look.totals.planned} resources planned")

    def _facts(self) -> None:
        node = self.query_one(Tree).selected
        self.query_one("#facts", Static).update("\n".join(node.facts) if node else "Nothing differs from the plan.")

    def _note(self, text: str) -> None:
        notes = self.query_one("#notes", Static)
        notes.update(text)
        notes.display = bool(text)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        self._facts()

    def action_differences(self) -> None:
        tree = self.query_one(Tree)
        tree.choose_differences(not tree.only_differences)
        self._words()
        self._facts()

    def action_retire(self) -> None:
        """Say whether what is not planned is retired; nothing is done before Apply."""
        self.resources.retire = not self.resources.retire
        if self.look is not None:
            self.query_one(Tree).show(self.look.nodes(self.resources.retire))
            self._words()
            self._facts()

    @work(exclusive=True)
    async def action_apply(self) -> None:
        """Carry out what is shown, after a word."""
        look = self.look
        if look is None or self._applying:
            return
        refused = self.resources.refused(look)
        if refused:
            await self.app.push_screen_wait(TextDialog("Not to be done", refused))
            return
        properties = f"Properties to add: {' '.join(look.missing)}.\n" if look.missing else ""
        dead = "What is retired gets no job any more. " if self.resources.retire and look.totals.retire else ""
        text = (
            f"{self.resources.names}: {self.resources.words(look)}.\n{properties}"
            f"{dead}All of it in one transaction: it is done whole, or nothing is."
        )
        items = [Item("apply", "Apply", key="a"), Item("", "Not now", key="n")]
        if await self.app.push_screen_wait(ChoiceDialog("Change OAR's resources?", text, items)) != "apply":
            return
        self._applying = True
        self._note("Changing OAR's resources ...")

        def done(created: Created | None, error: UserError | None) -> None:
            self._applying = False
            self._done(created, error)
            self.action_look()

        self._aside(self.resources.create, done)

    def _done(self, created: Created | None, error: UserError | None) -> None:
        if created is None:
            self.status = FAILED
            self.app.push_screen(TextDialog("Nothing was changed", shown(error) if error else ""))
            return
        self.status = FAILED if created.wrong else DONE
        self.told.append(self.resources.told(created))
        wrong = [f"Not as planned: {line}" for line in created.wrong]
        text = "\n".join([self.told[-1], *wrong, *(f"note: {note}" for note in created.notes)])
        self.app.push_screen(TextDialog("Not as planned" if wrong else "Done", text))

    def action_help(self) -> None:
        from wizard.tui.screens import help

        self.app.push_screen(TextDialog("Help: resources", help.RESOURCES))

    def ask_leave(self) -> None:
        """There is nothing to lose, unless a change is being made: that is waited for."""
        if self._applying:
            self.app.push_screen(TextDialog("One moment", "OAR's resources are being changed."))
            return
        self.app.exit(self.status)
