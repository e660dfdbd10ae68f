"""Every answer with its source, and all that will be done with them, before anything is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from wizard.errors import STOPPED
from wizard.tui.firstboot import countdown_words
from wizard.tui.screens.dialogs import ChoiceDialog, TextDialog
from wizard.tui.widgets.bar import Bar
from wizard.tui.widgets.choices import Choices, Item
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from wizard.tui.firstboot import FirstBoot

APPLY = "apply"
COMMAND = " " * 4  # how the preview's lines of commands begin
TICK = 0.25  # seconds


class ReviewFirstBoot(Screen[str]):
    """Ends with "apply", the id of a question to change, or "" to go back to the last one."""

    DEFAULT_CSS = """
    ReviewFirstBoot { layout: vertical; overflow: hidden; }
    ReviewFirstBoot Choices { height: auto; max-height: 60%; padding: 0 1; margin-top: 1; }
    ReviewFirstBoot #detail { height: auto; max-height: 3; padding: 0 1; margin-top: 1; color: $quiet; }
    ReviewFirstBoot #commands {
        height: 1fr; min-height: 3; border-top: solid $border; padding: 0 1; scrollbar-size: 1 1;
    }
    ReviewFirstBoot #commands:focus { border-title-style: bold reverse; }
    ReviewFirstBoot #commands > Static { width: auto; }
    ReviewFirstBoot #countdown { height: 1; padding: 0 1; color: $warning; text-style: bold; }
    ReviewFirstBoot.-low Choices { margin-top: 0; max-height: 1fr; height: 1fr; }
    ReviewFirstBoot.-low #detail { margin-top: 0; }
    ReviewFirstBoot.-low #commands { display: none; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]  # noqa: RUF012 (declared so in Textual)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="Esc"),
        Binding("a", "apply", "Apply"),
        Binding("c", "commands", "Commands"),
        Binding("f1", "help", "Help", key_display="F1"),
    ]

    def __init__(self, first: FirstBoot) -> None:
        super().__init__()
        self.first = first

    def compose(self) -> ComposeResult:
        yield Bar(self.first.title, "review")
        yield Choices(id="answers")
        yield Static(id="detail", markup=False)
        with VerticalScroll(id="commands") as frame:
            frame.border_title = " what will be done; c: every command of it "
            yield Static(markup=False)
        yield Static(id="countdown", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        self.lines = self.first.sitting.flow.review()
        widest = max((len(line.question.title) for line in self.lines), default=0)
        what = "show the plan" if self.first.start is None else "configure this machine so"
        items = [Item(APPLY, f"Apply: {what}")]
        items += [
            Item(line.question.id, f"{line.question.title:<{widest}}  {line.words}", str(line.answer.source))
            for line in self.lines
        ]
        choices = self.query_one(Choices)
        choices.fill(items, (APPLY,))
        choices.focus()
        # The steps, and the statements for the database; what each runs is a key away, and hundreds of lines.
        steps = [line for line in self.first.preview() if not line.startswith(COMMAND)]
        self.query_one("#commands Static", Static).update("\n".join(steps))
        self._detail()
        self._tick()
        self.set_interval(TICK, self._tick)

    def _tick(self) -> None:
        line, words = (
            self.query_one("#countdown", Static),
            countdown_words(self.first.sitting.countdown, self.size.width),
        )
        if line.content != words:
            line.update(words)

    def _detail(self) -> None:
        """Why the answer under the cursor is what it is."""
        here = self.query_one(Choices).current
        line = next((line for line in self.lines if here and line.question.id == here.value), None)
        if line is None:
            text = "Nothing was changed so far. Enter on an answer changes it."
        elif line.answer.reason:
            text = f"{line.question.title}: {line.answer.source}: {line.answer.reason}."
        else:
            text = f"{line.question.title}: {line.answer.source}."
        self.query_one("#detail", Static).update(text)

    def on_rows_moved(self, event: Rows.Moved) -> None:
        self._detail()

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        if event.values[0] == APPLY:
            self.action_apply()
        else:
            self.dismiss(event.values[0])

    def action_apply(self) -> None:
        wanting = self.first.sitting.flow.open()
        if not wanting:
            self.dismiss(APPLY)
            return

        def done(nothing: None) -> None:
            self.dismiss(wanting[0][0].id)

        text = "\n".join(f"{question.title}: {problem}" for question, problem in wanting)
        self.app.push_screen(TextDialog("An answer is wanted", text), done)

    def action_back(self) -> None:
        self.dismiss("")

    def action_commands(self) -> None:
        self.app.push_screen(TextDialog("What will be done", "\n".join(self.first.preview())))

    def action_help(self) -> None:
        from wizard.tui.screens import help

        self.app.push_screen(TextDialog("Help: review", help.FIRST_BOOT_REVIEW))

    def ask_leave(self) -> None:
        ask_quit(self)


def ask_quit(screen: Screen[Any]) -> None:
    """F10 before anything was done."""

    def done(answer: str | None) -> None:
        if answer == "quit":
            screen.app.exit(STOPPED)

    text = "Nothing was changed. To be asked again: kameleon-tui firstboot"
    items = [Item("quit", "Quit", key="q"), Item("", "Stay", key="s")]
    screen.app.push_screen(ChoiceDialog("Quit?", text, items), done)
