"""What the wizard's screens before the review have in common: the bar, the way one has come, and quitting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from wizard.tui.widgets.bar import Bar

if TYPE_CHECKING:
    from wizard.tui.setup import Setup

#: The title of the screen behind the questions.
SETTINGS = "Settings"


class OnTheWay(Screen[None]):
    """Subclasses yield `head` first, and `say` where one stands."""

    DEFAULT_CSS = """
    OnTheWay { layout: vertical; overflow: hidden; }
    OnTheWay #crumbs { height: 1; padding: 0 1; color: $quiet; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012 (declared so in Textual)

    def __init__(self, setup: Setup) -> None:
        super().__init__()
        self.setup = setup

    def head(self) -> ComposeResult:
        yield Bar(self.setup.title, id="bar")
        yield Static(id="crumbs", markup=False)

    def say(self, here: str, number: int, total: int) -> None:
        """`here`: the title of what is asked, which is `number` of `total`."""
        self.query_one("#bar", Bar).say(self.setup.title, f"{number} of {total} \u00b7 {here}")
        self.query_one("#crumbs", Static).update(crumbs(self.setup, here))

    def ask_leave(self) -> None:
        """Quit, after a word: nothing runs yet, but answers would be lost."""
        from wizard.tui.screens.dialogs import ChoiceDialog
        from wizard.tui.widgets.choices import Item

        def done(answer: str | None) -> None:
            if answer == "quit":
                self.app.exit(0)

        text = "Nothing has been built. The answers are lost."
        choices = [Item("quit", "Quit", key="q"), Item("", "Stay", key="s")]
        self.app.push_screen(ChoiceDialog("Quit?", text, choices), done)


def crumbs(setup: Setup, here: str) -> Text:
    """The way through the wizard: where one was, is, and comes to."""
    titles = [question.title for question in setup.flow.asked()]
    titles += [SETTINGS, "Review"] if setup.settings() else ["Review"]
    at = titles.index(here)
    between = "  " if sum(map(len, titles)) + 4 * len(titles) <= 78 else " "
    text = Text(no_wrap=True, overflow="ellipsis")
    for number, title in enumerate(titles):
        if number == at:
            text.append(f"[{title}]", "bold reverse")
        else:
            text.append(f"\u221a {title}" if number < at else title)
        if number < len(titles) - 1:
            text.append(between)
    return text
