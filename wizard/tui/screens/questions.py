"""The questions of a flow, one at a time, on one screen that is never left on the way."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from wizard.tui.screens.on_the_way import OnTheWay
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.question import QuestionPane


class QuestionsScreen(OnTheWay):
    """Draws the flow's current question; at the end of the flow the settings, or the review, open above it."""

    DEFAULT_CSS = """
    QuestionsScreen QuestionPane { margin-top: 1; }
    QuestionsScreen QuestionPane #detail { min-height: 4; max-height: 9; }
    QuestionsScreen.-low QuestionPane { margin-top: 0; }
    QuestionsScreen.-low QuestionPane #detail { min-height: 0; max-height: 5; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="Esc"),
        Binding("f1", "help", "Help", key_display="F1"),
    ]

    def compose(self) -> ComposeResult:
        yield from self.head()
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
        self.say(question.title, number, total + bool(self.setup.settings()))
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
