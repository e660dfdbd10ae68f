"""The settings: what few people change, as one list of names and values on one screen."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from wizard.compose.workstation import read_setting
from wizard.flow.flow import ReviewLine
from wizard.flow.question import Kind, Source, Value
from wizard.tui.screens.dialogs import ChoiceDialog, LineDialog, TextDialog
from wizard.tui.screens.on_the_way import SETTINGS, OnTheWay
from wizard.tui.widgets.choices import Choices, Item
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.rows import Rows


class SettingsList(Choices):
    """Enter on the first row goes on, on another one changes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Go on, or change", key_display="Enter")]


class SettingsScreen(OnTheWay):
    """Ends when the person goes back to the questions; the review opens above it."""

    DEFAULT_CSS = """
    SettingsScreen #title { height: 1; margin-top: 1; padding: 0 1; text-style: bold; color: $primary; }
    SettingsScreen #text { height: auto; padding: 0 1; margin-bottom: 1; }
    SettingsScreen Choices { padding: 0 1; min-height: 3; }
    SettingsScreen #detail { height: auto; min-height: 4; max-height: 7; padding: 0 1; border-top: solid $border; }
    SettingsScreen.-low #title { margin-top: 0; }
    SettingsScreen.-low #text { margin-bottom: 0; }
    SettingsScreen.-low #detail { max-height: 5; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back", key_display="Esc"),
        Binding("delete", "default", "Default", key_display="Del"),
        Binding("f1", "help", "Help", key_display="F1"),
    ]

    def compose(self) -> ComposeResult:
        yield from self.head()
        yield Static(SETTINGS, id="title", markup=False)
        yield Static("Few people change these. Enter goes on; on a setting, it changes it.", id="text", markup=False)
        yield SettingsList(id="choices")
        yield Static(id="detail", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        self.show()
        self.query_one(Choices).focus()

    def show(self) -> None:
        """Draw the settings as they are."""
        choices = self.query_one(Choices)
        here = choices.cursor
        lines = self.setup.settings()
        total = len(self.setup.flow.asked()) + 1
        self.say(SETTINGS, total, total)
        width = max(len(line.question.title) for line in lines)
        rows = [
            Item(
                line.question.id,
                f"{line.question.title:<{width}}  {' '.join(line.words.split())}",
                "changed" if line.answer.source is Source.PERSON else "default",
            )
            for line in lines
        ]
        choices.fill([Item("", "Go on to the review"), *rows], ())
        choices.cursor = min(here, len(rows))
        self._detail()

    @property
    def selected(self) -> ReviewLine | None:
        """The setting under the cursor; None on the first row."""
        item = self.query_one(Choices).current
        found = [line for line in self.setup.settings() if item and line.question.id == item.value]
        return found[0] if found else None

    def _detail(self) -> None:
        line = self.selected
        if line is None:
            text = "Shows the recipe these answers make, before anything is built."
        else:
            question, default = line.question, self.setup.flow.default(line.question)
            words = question.say(default.value, self.setup.flow.values())
            last = f"The global {question.id}. Default: {words} ({default.reason})."
            text = "\n".join(filter(None, [*self._words(line), last]))
        self.query_one("#detail", Static).update(text)

    def _words(self, line: ReviewLine) -> list[str]:
        """What a setting is about: its text, and what the output types chosen say of it."""
        return [*filter(None, [line.question.text]), *self.setup.flow.shows(line.question)]

    def on_rows_moved(self, event: Rows.Moved) -> None:
        self._detail()

    @work(exclusive=True)
    async def on_choices_chosen(self, event: Choices.Chosen) -> None:
        line = self.selected
        if line is None:
            from wizard.tui.screens.review import ReviewScreen

            await self.app.push_screen_wait(ReviewScreen(self.setup))
        elif line.question.kind is Kind.ONE:
            await self._choose(line)
        else:
            await self._type(line)
        self.show()

    async def _choose(self, line: ReviewLine) -> None:
        choices = self.setup.flow.choices(line.question)
        items = [Item(str(number), choice.title) for number, choice in enumerate(choices)]
        text = "\n".join(self._words(line))
        chosen = await self.app.push_screen_wait(ChoiceDialog(line.question.title, text, items))
        if chosen:
            self._answer(line, choices[int(chosen)].id)

    async def _type(self, line: ReviewLine) -> None:
        value = line.answer.value
        known = self.setup.global_of(line.question)
        assert known is not None

        def take(text: str) -> str:
            read, problem = read_setting(known, text)
            return problem or self._answer(line, read)

        text = "\n".join(self._words(line))
        shown = value if isinstance(value, str) else ", ".join(value)
        await self.app.push_screen_wait(LineDialog(line.question.title, text, shown, take))

    def _answer(self, line: ReviewLine, value: Value) -> str:
        """The answer is kept, if it will do; "" or why not."""
        flow = self.setup.flow
        if value == line.answer.value:
            return ""
        flow.go(line.question.id)
        try:
            return flow.answer(value)
        finally:
            flow.go(None)

    def action_default(self) -> None:
        line = self.selected
        if line is not None:
            self.setup.flow.forget(line.question.id, Source.PERSON)
            self.show()

    def action_help(self) -> None:
        from wizard.tui.screens import help

        self.app.push_screen(TextDialog("Help: settings", help.SETTINGS))
