"""The questions of a flow, one at a time, on one screen that is never left on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from wizard.flow.question import Kind, Question, Value
from wizard.tui.widgets.bar import Bar
from wizard.tui.widgets.choices import Choices, Item
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from wizard.tui.setup import Setup


class Offers(Choices):
    """What a question offers: Enter takes it and goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Next", key_display="Enter")]


class QuestionsScreen(Screen[None]):
    """Draws the flow's current question; at the end of the flow the review opens above it."""

    DEFAULT_CSS = """
    QuestionsScreen { layout: vertical; overflow: hidden; }
    QuestionsScreen #crumbs { height: 1; padding: 0 1; color: $quiet; }
    QuestionsScreen #title { height: 1; margin-top: 1; padding: 0 1; text-style: bold; color: $primary; }
    QuestionsScreen #text { height: auto; padding: 0 1; margin-bottom: 1; }
    QuestionsScreen Choices { padding: 0 1; min-height: 3; }
    QuestionsScreen Input { border: solid $primary; height: 3; margin: 0 1; }
    QuestionsScreen #detail {
        height: auto; min-height: 4; max-height: 7; padding: 0 1; border-top: solid $border;
    }
    QuestionsScreen #problem { height: auto; padding: 0 1; color: $error; text-style: bold; }
    QuestionsScreen.-low #title { margin-top: 0; }
    QuestionsScreen.-low #text { margin-bottom: 0; }
    QuestionsScreen.-low #detail { max-height: 6; }
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
        yield Static(id="title", markup=False)
        yield Static(id="text", markup=False)
        yield Offers(id="choices")
        yield Static(id="problem", markup=False)
        yield Static(id="detail", markup=False)
        yield Keys()

    async def on_mount(self) -> None:
        await self.show()

    async def show(self) -> None:
        """Draw the current question."""
        flow, question = self.setup.flow, self.setup.flow.current
        if question is None:
            return
        number, total = flow.position
        self.query_one("#bar", Bar).say(self.setup.title, f"{number} of {total} \u00b7 {question.title}")
        self.query_one("#title", Static).update(question.title)
        self.query_one("#text", Static).update(question.text)
        self.query_one("#problem", Static).update("")
        self._crumbs(question)
        for old in self.query("Input"):
            await old.remove()
        choices = self.query_one(Choices)
        choices.display = question.kind is not Kind.TEXT
        answer = flow.answers()[question.id]
        if question.kind is Kind.TEXT:
            from textual.widgets import Input

            line = Input(str(answer.value), select_on_focus=False)
            await self.mount(line, after=choices)
            line.focus()
        else:
            chosen = (answer.value,) if isinstance(answer.value, str) else answer.value
            default = flow.default(question).value
            usual = (default,) if isinstance(default, str) else default
            items = [
                Item(choice.id, choice.title, "default" if choice.id in usual else "")
                for choice in flow.choices(question)
            ]
            choices.fill(items, chosen, several=question.kind is Kind.MANY)
            choices.focus()
        self._detail(question)
        self.refresh_bindings()

    def _crumbs(self, current: Question) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        passed = True
        for question in self.setup.flow.asked():
            if question is current:
                passed = False
                text.append(f"[{question.title}]", "bold reverse")
            else:
                text.append(f"\u221a {question.title}" if passed else question.title)
            text.append("  ")
        text.append("Review")
        self.query_one("#crumbs", Static).update(text)

    def _detail(self, question: Question) -> None:
        """What is under the cursor, and why the default is the default."""
        default = self.setup.flow.default(question)
        lines: list[str] = []
        if question.kind is not Kind.TEXT:
            item = self.query_one(Choices).current
            lines += [choice.text for choice in self.setup.flow.choices(question) if item and choice.id == item.value]
        lines.append(f"Default: {question.say(default.value, self.setup.flow.values())} ({default.reason}).")
        self.query_one("#detail", Static).update("\n".join(lines))

    def on_rows_moved(self, event: Rows.Moved) -> None:
        question = self.setup.flow.current
        if question is not None:
            self._detail(question)

    async def on_choices_chosen(self, event: Choices.Chosen) -> None:
        question = self.setup.flow.current
        if question is not None:
            await self._take(event.values if question.kind is Kind.MANY else event.values[0])

    async def on_input_submitted(self, event: object) -> None:
        await self._take(str(getattr(event, "value", "")))

    async def _take(self, value: Value) -> None:
        problem = self.setup.flow.answer(value)
        if problem:
            self.query_one("#problem", Static).update(problem)
            return
        if self.setup.flow.next() is None:
            self.review()
        else:
            await self.show()

    @work(exclusive=True)
    async def review(self) -> None:
        from wizard.tui.screens.review import ReviewScreen

        await self.app.push_screen_wait(ReviewScreen(self.setup))
        self.setup.flow.back()
        await self.show()

    async def action_back(self) -> None:
        self._keep()
        if self.setup.flow.back():
            await self.show()
        else:
            await self.app.run_action("leave")

    def _keep(self) -> None:
        """What was ticked or typed is kept when one goes back, if it will do."""
        question = self.setup.flow.current
        if question is None:
            return
        if question.kind is Kind.MANY:
            self.setup.flow.answer(self.query_one(Choices).values)
        elif question.kind is Kind.TEXT:
            self.setup.flow.answer(str(getattr(self.query("Input").first(), "value", "")))

    def action_help(self) -> None:
        from wizard.tui.screens import dialogs, help

        self.app.push_screen(dialogs.TextDialog("Help: questions", help.QUESTIONS))

    def ask_leave(self) -> None:
        """Quit, after a word: nothing runs yet, but answers would be lost."""
        from wizard.tui.screens.dialogs import ChoiceDialog

        def done(answer: str | None) -> None:
            if answer == "quit":
                self.app.exit(0)

        self.app.push_screen(
            ChoiceDialog(
                "Quit?",
                "Nothing has been built. The answers are lost.",
                [Item("quit", "Quit", key="q"), Item("", "Stay", key="s")],
            ),
            done,
        )
