"""What the build screen does on a person's word: control requests, an editor, a shell, leaving."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from textual import work

from wizard.data import program
from wizard.engine import control, edited
from wizard.engine.terminal import run_in_front
from wizard.errors import UserError
from wizard.tui import facts
from wizard.tui.screens.dialogs import ChoiceDialog, TextDialog
from wizard.tui.setup import uses_of
from wizard.tui.widgets.choices import Item

if TYPE_CHECKING:
    from textual.screen import Screen

    from wizard.engine.events import RunState
    from wizard.engine.runs import Run
    from wizard.tui.app import KameleonApp
    from wizard.tui.follow import Follower
    from wizard.tui.launch import Started

    Base = Screen[None]
else:
    Base = object

KEYBOARD, SCREEN = 0, 2  # Textual reads stdin and draws on stderr; stdout may be anything

LEAVE = (
    Item("leave", "Leave it running", "", "l"),
    Item("stop", "Stop before the next step; the work is kept", "", "t"),
    Item("abort", "Abort now: clean up and end it", "", "a"),
    Item("", "Stay here", "", "Esc"),
)


def not_taken(problem: str) -> ChoiceDialog:
    """The engine's complaint about edited commands, and whether to mend them."""
    items = [Item("again", "Edit again", key="e"), Item("", "Give up; the edited text is kept", key="g")]
    return ChoiceDialog("Not taken", problem, items)


class Actions(Base):
    """Mixed into BuildScreen, which has the follower; apart for the reader's sake."""

    follower: Follower
    started: Started | None
    leave_at_end: bool

    if TYPE_CHECKING:

        @property
        def run(self) -> Run: ...

        @property
        def state(self) -> RunState: ...

        def tell(self, text: str) -> None: ...

    @property
    def program(self) -> KameleonApp:
        return cast("KameleonApp", self.app)

    # How a build's end is told; the first boot's is another (firstboot_apply.py).

    what = "build"
    how_long = ""  # a run that waits for a word waits, when nobody sees it any more

    @property
    def name_shown(self) -> str:
        return self.state.recipe or self.run.name

    def end_lines(self) -> list[str]:
        return facts.end_summary(self.state, self.run.name, uses_of(self.state))

    def died_lines(self) -> list[str]:
        return facts.died(self.run.name)

    @property
    def run_argument(self) -> str:
        """How a command is told which run this is."""
        return self.run.name

    def goes_on(self) -> str:
        """How to see it again once it was left."""
        return f"kameleon-tui runs attach {self.run_argument}"

    @work(group="control")
    async def send(self, request: dict[str, Any]) -> None:
        """Pass a request on; a refusal is shown."""
        await self.request(request)

    async def request(self, request: dict[str, Any]) -> str:
        """As `send`, and wait for the answer: "" when it was taken. The socket may take seconds: not in this thread."""
        problem = await asyncio.to_thread(control.ask, self.run.path, request)
        if problem and request["do"] != "replace":
            self.tell(f"{request['do']}: not taken: {problem}")
        return problem

    async def choose(self, word: str) -> None:
        """One of the choices of a run that waits."""
        if word == "shell":
            # A process of its own: what the shell does to the terminal's signals must not stay with the screen.
            command = [*program(), "shell", self.run_argument]
            self.program.outside(lambda: run_in_front(command, KEYBOARD, SCREEN))
        elif word == "replace":
            await self.edit_and_retry()
        else:
            await self.request({"do": word})

    async def edit_and_retry(self) -> None:
        """The failed step's commands in the person's editor, until they are taken or given up."""
        waiting = self.state.waiting
        if waiting is None:
            return
        step, again = int(waiting["step"]), True
        while again:
            try:
                text, why_not = self.program.outside(lambda: edited.edit(self.run.path, step, KEYBOARD, SCREEN))
            except UserError as error:
                text, why_not = "", "\n".join(filter(None, (error.message, error.hint)))
            if not text:
                await self.app.push_screen_wait(TextDialog("Not edited", why_not))
                return
            problem = await self.request({"do": "replace", "yaml": text})
            again = bool(problem) and await self.app.push_screen_wait(not_taken(problem)) == "again"

    @work(exclusive=True, group="control")
    async def action_pause(self) -> None:
        await self.request({"do": "pause"})

    @work(exclusive=True, group="control")
    async def action_stop(self) -> None:
        """Stop; asked first while a step runs, since the key is near others."""
        if self.state.waiting is None:
            answer = await self.app.push_screen_wait(
                ChoiceDialog(
                    "Stop?",
                    "The run ends before its next step; the work is kept and can be resumed.",
                    [Item("stop", "Stop it", key="t"), Item("", "Go on", key="g")],
                )
            )
            if answer != "stop":
                return
        await self.request({"do": "stop"})

    def ask_leave(self) -> None:
        """Quit: at once when the run has ended, else by choice."""
        if self.state.end is not None or self.follower.died or (self.started and self.started.failed_to_start):
            self.leave()
        else:
            self.leave_by_choice()

    @work(exclusive=True, group="leave")
    async def leave_by_choice(self) -> None:
        text = f"The {self.what} goes on without this screen; to see it again:\n  {self.goes_on()}"
        if self.state.waiting is not None:
            waits = f"waits for a word, and goes on waiting{self.how_long}"
            text = f"The {self.what} {waits}; to come back:\n  {self.goes_on()}"
        answer = await self.app.push_screen_wait(ChoiceDialog("Leave?", text, LEAVE))
        if answer == "leave" or (answer and self.state.end is not None):
            self.leave()
        elif answer in ("stop", "abort"):
            self.leave_at_end = True
            if await self.request({"do": answer}):
                self.leave_at_end = False
            elif self.state.end is None:
                self.tell("Leaving when the run has ended.")

    def leave(self) -> None:
        """Close the program: the run's exit status when it ended, and what to remember on the terminal left behind."""
        end = self.state.end
        if end is not None:
            self.program.farewell = self.end_lines()
            self.app.exit(int(end["exit"]))
        elif self.follower.died:
            self.program.farewell = self.died_lines()
            self.app.exit(1)
        elif self.started and self.started.failed_to_start:
            self.program.farewell = [self.started.complaint]
            self.app.exit(self.started.process.returncode)
        else:
            self.program.farewell = [f"The {self.what} goes on. See it again: {self.goes_on()}"]
            self.app.exit(0)
        if self.started is not None:
            self.started.close()
