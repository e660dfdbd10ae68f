"""Before anything is built: the recipe, the command that repeats it, where it goes, what this host lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from wizard.errors import UserError
from wizard.tui.screens.dialogs import ChoiceDialog, LineDialog, TextDialog
from wizard.tui.setup import absolute, check_output, shown
from wizard.tui.widgets.bar import Bar
from wizard.tui.widgets.choices import Choices, Item
from wizard.tui.widgets.keys import Keys

if TYPE_CHECKING:
    from wizard.tui.setup import Setup

BUILD, SAVE, OUTPUT, CHANGE = "build", "save", "output", "change"


class ReviewScreen(Screen[None]):
    """Ends (with None) when the person goes back to the questions."""

    CSS = """
    ReviewScreen { layout: vertical; overflow: hidden; }
    ReviewScreen #recipe {
        height: 1fr; min-height: 3; border: solid $border; scrollbar-size: 1 1; padding: 0 1;
    }
    ReviewScreen #recipe:focus { border: double $primary; }
    ReviewScreen #recipe > Static { width: auto; }
    ReviewScreen #command { height: auto; max-height: 4; padding: 0 1; }
    ReviewScreen #problems { height: auto; max-height: 6; padding: 0 1; color: $warning; text-style: bold; }
    ReviewScreen Choices { height: 4; padding: 0 1; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back", key_display="Esc"),
        Binding("b", "start", "Build"),
        Binding("s", "save", "Save"),
        Binding("o", "output", "Output"),
        Binding("f1", "help", "Help", key_display="F1"),
    ]

    AUTO_FOCUS = "#actions"  # not the recipe, which stands first and would be framed anew a moment later

    def __init__(self, setup: Setup) -> None:
        super().__init__()
        self.setup = setup

    def compose(self) -> ComposeResult:
        yield Bar(self.setup.title, "review")
        with VerticalScroll(id="recipe") as frame:
            frame.border_title = "recipe"
            yield Static(id="yaml", markup=False)
        yield Static(id="command", markup=False)
        yield Static(id="problems", markup=False)
        yield Choices(id="actions")
        yield Keys()

    def on_mount(self) -> None:
        self.show()

    def show(self) -> None:
        """Draw what will be built, with the answers as they are."""
        try:
            recipe, command = self.setup.recipe, self.setup.command
            problems = self.setup.problems(self.setup)
        except UserError as error:
            recipe, command, problems = "", "", [error.message]
        wrong = check_output(self.setup.output_directory)
        problems += [wrong] if wrong else []
        self.query_one("#yaml", Static).update(coloured(recipe.rstrip("\n")))
        text = Text("The same without questions:\n", "bold")
        text.append(command, "not bold")
        self.query_one("#command", Static).update(text)
        self.query_one("#problems", Static).update("\n".join(f"! {line}" for line in problems))
        self.query_one("#problems").display = bool(problems)
        choices, here = self.query_one(Choices), self.query_one(Choices).cursor
        unsaved = "changed since it was saved" if self.setup.saved else "not saved"
        saved = f"saved as {shown(self.setup.kept)}" if self.setup.kept else unsaved
        choices.fill(
            [
                Item(BUILD, "Build", "not before what is marked ! above is mended" if problems else "", "b"),
                Item(SAVE, "Save the recipe", saved, "s"),
                Item(OUTPUT, f"Output directory: {self.setup.output_directory}", "", "o"),
                Item(CHANGE, "Change an answer", "", "Esc"),
            ],
            (),
        )
        choices.cursor = here
        self.blocked = bool(problems)

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        action = {BUILD: self.action_start, SAVE: self.action_save, OUTPUT: self.action_output}.get(event.values[0])
        if action is not None:
            action()
        else:
            self.dismiss()

    @work(exclusive=True)
    async def action_start(self) -> None:
        """Build; the problems are looked for again, since the person may have mended them in another window."""
        self.show()
        if self.blocked:
            text = str(self.query_one("#problems", Static).content)
            await self.app.push_screen_wait(TextDialog("Not yet", f"{text}\n\nMend that, then choose Build again."))
            self.show()
            return
        from wizard.tui.launch import start_build
        from wizard.tui.screens.build import BuildScreen

        try:
            started = start_build(self.setup.recipe, self.setup.name, self.setup.output_path, self.setup.kept)
        except OSError as error:
            await self.app.push_screen_wait(TextDialog("Not started", f"{error.filename}: {error.strerror}"))
            return
        await self.app.push_screen_wait(BuildScreen(started.run, started=started))
        self.show()

    @work(exclusive=True)
    async def action_save(self) -> None:
        """Ask a name; an existing file is replaced only after a word."""
        proposed = str(self.setup.saved or f"{self.setup.name}.yaml")
        name = await self.app.push_screen_wait(
            LineDialog("Save the recipe", "File to write the recipe to:", proposed, self.setup.check_recipe_name)
        )
        if not name:
            return
        path, replace = absolute(name), False
        if self.setup.is_there(path):
            answer = await self.app.push_screen_wait(
                ChoiceDialog(
                    "The file exists",
                    f"{path} exists. What it holds now is lost when it is replaced.",
                    [Item("", "Keep it", key="k"), Item("replace", "Replace it", key="r")],
                )
            )
            if answer != "replace":
                return
            replace = True
        problem = self.setup.save(path, replace=replace)
        if problem:
            await self.app.push_screen_wait(TextDialog("Not saved", problem))
        self.show()

    @work(exclusive=True)
    async def action_output(self) -> None:
        text = await self.app.push_screen_wait(
            LineDialog("Output directory", "Where the image goes:", self.setup.output_directory, check_output)
        )
        if text:
            self.setup.output = text
            self.show()

    def action_help(self) -> None:
        from wizard.tui.screens import dialogs, help

        self.app.push_screen(dialogs.TextDialog("Help: review", help.REVIEW))

    def ask_leave(self) -> None:
        """Quit, after a word."""

        def done(answer: str | None) -> None:
            if answer == "quit":
                self.app.exit(0)

        kept = f"The recipe is kept in {self.setup.kept}." if self.setup.kept else "The recipe is not saved."
        self.app.push_screen(
            ChoiceDialog(
                "Quit?",
                f"Nothing has been built. {kept}",
                [Item("quit", "Quit", key="q"), Item("", "Stay", key="s")],
            ),
            done,
        )


def coloured(recipe: str) -> Text:
    """YAML with its comments and keys set apart: enough for what we write, without a lexer (0.2 s to import)."""
    text = Text(recipe, no_wrap=True)
    text.highlight_regex(r"(?m)^\s*#.*$", "dim")
    text.highlight_regex(r"(?m)^\s*[\w-]+:", "bold")
    return text
