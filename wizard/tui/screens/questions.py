"""The questions of a flow, one at a time, on one screen that is never left on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from wizard.tui.widgets.bar import Bar
from wizard.tui.widgets.choices import Item
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.question import QuestionPane

if TYPE_CHECKING:
    from wizard.tui.setup import Setup


#: The title of the screen behind the questions.
SETTINGS = "Settings"


class QuestionsScreen(Screen[None]):
    """Draws the flow's current question; at the end of the flow the settings, or the review, open above it."""

    DEFAULT_CSS = """
    QuestionsScreen { layout: vertical; overflow: hidden; }
    QuestionsScreen #crumbs { height: 1; padding: 0 1; color: $quiet; }
    QuestionsScreen QuestionPane { margin-top: 1; }
    QuestionsScreen QuestionPane #detail { min-height: 4; max-height: 9; }
    QuestionsScreen.-low QuestionPane { margin-top: 0; }
    QuestionsScreen.-low QuestionPane #detail { min-height: 0; max-height: 5; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012 (declared so in Textual)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="Esc"),
        Binding("f1", "help", "Help", key_display="F1"),
    ]

    def __init__(self, setup: Setup) -> None:
        super().__init__()
        self.setup = setup

    def compose(self) -> ComposeResult:
        yield Bar(self.setup.title, id="bar")
        yield Static(id="crumbs", markup=False)
        yield QuestionPane(self.setup.flow, note=self.setup.note, facts=self.setup.facts)
        yield Keys()

    async def on_mount(self) -> None:
        await self.show()

    async def show(self) -> None:
        """Draw the current question."""
        flow, question = self.setup.flow, self.setup.flow.current
        if question is None:
            return
        number, total = flow.position
        total += bool(self.setup.settings())
        self.query_one("#bar", Bar).say(self.setup.title, f"{number} of {total} \u00b7 {question.title}")
        self.query_one("#crumbs", Static).update(crumbs(self.setup, question.title))
        await self.query_one(QuestionPane).show()
        self.refresh_bindings()

    async def on_question_pane_answered(self) -> None:
        if self.setup.flow.next() is None:
            self.end()
        else:
            await self.show()

    @work(exclusive=True)
    async def end(self) -> None:
        """The settings, where there are any, and the review; until the person comes back."""
        if self.setup.settings():
            from wizard.tui.screens.settings import SettingsScreen

            await self.app.push_screen_wait(SettingsScreen(self.setup))
        else:
            from wizard.tui.screens.review import ReviewScreen

            await self.app.push_screen_wait(ReviewScreen(self.setup))
        self.setup.flow.back()
        await self.show()

    async def action_back(self) -> None:
        self.query_one(QuestionPane).keep()
        if self.setup.flow.back():
            await self.show()
        else:
            await self.app.run_action("leave")

    def action_help(self) -> None:
        from wizard.tui.screens import dialogs, help

        question = self.setup.flow.current
        more = f"{question.help}\n\n" if question and question.help else ""
        self.app.push_screen(dialogs.TextDialog("Help: questions", more + help.QUESTIONS))

    def ask_leave(self) -> None:
        """Quit, after a word: nothing runs yet, but answers would be lost."""
        ask_leave(self.app)


def ask_leave(app: App[Any]) -> None:
    """Quit the wizard before anything runs, after a word."""
    from wizard.tui.screens.dialogs import ChoiceDialog

    def done(answer: str | None) -> None:
        if answer == "quit":
            app.exit(0)

    text = "Nothing has been built. The answers are lost."
    app.push_screen(ChoiceDialog("Quit?", text, [Item("quit", "Quit", key="q"), Item("", "Stay", key="s")]), done)


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
