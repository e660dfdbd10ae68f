"""One question of a flow, whatever its kind: a list, a long list, a line, or several lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.css.query import NoMatches
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from wizard.flow.flow import Flow
from wizard.flow.question import Choice, Kind, Question, Source, Value
from wizard.tui.widgets.choices import Choices, Item
from wizard.tui.widgets.rows import Rows
from wizard.tui.widgets.searchable import Searchable


def _nothing(question: Question, choice: Choice) -> str:
    return ""


#: What a screen adds to a choice: words about it, or "".
About: TypeAlias = Callable[[Question, Choice], str]


class QuestionPane(Vertical):
    """Draws the flow's current question, and puts the person's answer into the flow.

    `note`: a word beside a choice; `facts`: a sentence about the one under the cursor.
    """

    DEFAULT_CSS = """
    QuestionPane { height: 1fr; layout: vertical; overflow: hidden; }
    QuestionPane #title { height: 1; padding: 0 1; text-style: bold; color: $primary; }
    QuestionPane #text { height: auto; max-height: 4; padding: 0 1; }
    QuestionPane #shows { height: auto; max-height: 40%; margin: 1 1 0 1; scrollbar-size: 1 1; }
    QuestionPane #shows.-empty { display: none; }
    QuestionPane #shows Static { height: auto; }
    QuestionPane #search { height: 1; padding: 0 1; color: $quiet; }
    QuestionPane Searchable { padding: 0 1; min-height: 2; }
    QuestionPane Input { border: solid $primary; height: 3; margin: 0 1; }
    QuestionPane Lines Choices { margin: 0 1; }
    QuestionPane #problem { height: auto; max-height: 4; padding: 0 1; color: $error; text-style: bold; }
    QuestionPane #detail { dock: bottom; height: auto; max-height: 5; padding: 0 1; border-top: solid $border; }
    """

    class Answered(Message):
        """The answer is in the flow: go on."""

    def __init__(self, flow: Flow, *, note: About = _nothing, facts: About = _nothing, id: str | None = None) -> None:
        super().__init__(id=id)
        self.flow, self.note, self.facts = flow, note, facts
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="text", markup=False)
        yield Static(id="search", markup=False)
        yield Searchable(id="choices")
        yield Static(id="problem", markup=False)
        yield Static(id="detail", markup=False)

    async def show(self) -> None:
        """Draw the current question anew."""
        flow, question = self.flow, self.flow.current
        if question is None:
            return
        self._drawn = self._signature(question)
        self._say("#title", question.title)
        self._say("#text", question.text)
        self._say("#problem", "")
        await self._shows(question)
        for old in self.query("QuestionPane > Input, QuestionPane > Lines"):
            await old.remove()
        choices = self.query_one(Searchable)
        choices.display = question.kind in (Kind.ONE, Kind.MANY)
        answer = flow.answers()[question.id].value
        if choices.display:
            self._offer(question, answer)
            choices.focus()
        else:
            await self.mount(self._typing(question, answer), after=choices)
        self._search()
        self._detail()

    async def look(self) -> None:
        """The machine may have changed (a cable, a keyboard): draw what is another now, and leave what is typed."""
        question = self.flow.current
        if question is None or self._signature(question) == self._drawn:
            return
        choices, here = self.query_one(Searchable), self.query_one(Searchable).current
        self._drawn = self._signature(question)
        await self._shows(question)
        if choices.display:
            value: Value = choices.values if choices.several else here.value if here else ""
            self._offer(question, value)
        self._search()
        self._detail()

    def _signature(self, question: Question) -> object:
        flow = self.flow
        return question.id, flow.choices(question), flow.shows(question), flow.default(question)

    def _typing(self, question: Question, value: Value) -> Widget:
        from wizard.tui.widgets.line import Line, Lines

        if isinstance(value, tuple):
            return Lines(value)
        line = Line(value, password=question.secret)
        line.call_after_refresh(line.focus)
        return line

    def _offer(self, question: Question, value: Value) -> None:
        default = self.flow.default(question).value
        usual, chosen = ((each,) if isinstance(each, str) else each for each in (default, value))
        self.query_one(Searchable).offer(
            [
                Item(choice.id, choice.title, self._noted(question, choice, choice.id in usual), under=choice.under)
                for choice in self.flow.choices(question)
            ],
            chosen,
            several=question.kind is Kind.MANY,
        )

    def _noted(self, question: Question, choice: Choice, default: bool) -> str:
        return ", ".join(filter(None, [self.note(question, choice), "default" if default else ""]))

    async def _shows(self, question: Question) -> None:
        lines = self.flow.shows(question)
        if lines and not self.query("#shows"):
            # Most questions show nothing, and the first screen is painted 10 ms sooner without.
            await self.mount(VerticalScroll(Static(markup=False), id="shows", can_focus=False), after="#text")
        for shows in self.query("#shows"):
            shows.set_class(not lines, "-empty")  # by class: low screens have no room for it
            for text in shows.query(Static):  # none where the screen is just being left
                text.update("\n".join(lines))

    def _search(self) -> None:
        choices = self.query_one(Searchable)
        words = choices.words() if choices.display else ""
        line = self.query_one("#search", Static)
        if line.content != words:
            line.update(words)
        line.set_class(not words, "-blank")

    def _detail(self) -> None:
        """What is under the cursor, and why the default is the default."""
        question = self.flow.current
        if question is None:
            return
        choices = self.query_one(Searchable)
        lines: list[str] = []
        here = self._under_cursor(question) if choices.display else None
        if here is not None:
            lines += filter(None, [self.facts(question, here), here.told])
        default = self.flow.default(question)
        if not question.problem(default.value, self.flow.values()):
            words = question.say(default.value, self.flow.values())
            source = "" if default.source is Source.DEFAULT else str(default.source)
            why = ": ".join(filter(None, (source, default.reason)))
            lines.append(f"Default: {words} ({why})." if why else f"Default: {words}.")
        if question.kind is Kind.LINES:
            lines.append("A line each; Enter on an empty line goes on.")
        self._say("#detail", "\n".join(lines))

    def _under_cursor(self, question: Question) -> Choice | None:
        item = self.query_one(Searchable).current
        return next((each for each in self.flow.choices(question) if item and each.id == item.value), None)

    def _say(self, selector: str, text: str) -> None:
        line = self.query_one(selector, Static)
        if line.content != text:
            line.update(text)
        line.display = bool(text)

    # What the person does

    def on_rows_moved(self, event: Rows.Moved) -> None:
        event.stop()
        self._detail()

    def on_searchable_searched(self, event: Searchable.Searched) -> None:
        event.stop()
        self._search()

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        event.stop()
        self.take(event.values if event.choices.several else event.values[0])

    def on_input_submitted(self, event: object) -> None:
        self.take(str(getattr(event, "value", "")).strip())

    def on_lines_typed(self, event: object) -> None:
        from wizard.tui.widgets.line import Lines

        lines, question = self.query_one(Lines), self.flow.current
        if question is None:
            return
        if not lines.typed:
            self.take(lines.lines)
            return
        problem = question.problem((lines.typed,), self.flow.values())
        self._say("#problem", problem)
        if not problem:
            lines.add()

    def take(self, value: Value) -> None:
        """The person's answer; what was the answer already stays from whom it is."""
        question = self.flow.current
        if question is None:
            return
        same = value == self.flow.answers()[question.id].value
        problem = "" if same and not question.problem(value, self.flow.values()) else self.flow.answer(value)
        self._say("#problem", problem)
        if not problem:
            self.post_message(self.Answered())

    def keep(self) -> None:
        """What was ticked or typed is kept when one goes elsewhere, if it will do."""
        from wizard.tui.widgets.line import Line, Lines

        question = self.flow.current
        if question is None or question.kind is Kind.ONE:
            return
        value: Value
        try:
            if question.kind is Kind.MANY:
                value = self.query_one(Searchable).values
            elif question.kind is Kind.TEXT:
                value = self.query_one(Line).value.strip()
            else:
                lines = self.query_one(Lines)
                value = (*lines.lines, *filter(None, [lines.typed]))
        except NoMatches:
            return
        if value != self.flow.answers()[question.id].value:
            self.flow.answer(value)
