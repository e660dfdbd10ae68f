"""The questions of the first boot, one at a time, under the one countdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from wizard.errors import MACHINE, UserError
from wizard.tui.firstboot import countdown_words
from wizard.tui.widgets.bar import Bar
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.question import QuestionPane

if TYPE_CHECKING:
    from wizard.firstboot.sitting import Sitting
    from wizard.tui.app import KameleonApp
    from wizard.tui.firstboot import FirstBoot

TICK = 0.25  # seconds between two looks at the countdown
NOBODY = "kameleon: nobody answered: the first boot takes the defaults"
LOOK = 2.0  # seconds between two looks at the machine: keyboards and cables come and go


class FirstBootScreen(Screen[None]):
    """Draws the current question; at the end of the flow, and of the countdown, the others open above it."""

    DEFAULT_CSS = """
    FirstBootScreen { layout: vertical; overflow: hidden; }
    FirstBootScreen #notes { height: auto; max-height: 4; padding: 0 1; margin-top: 1; color: $warning; }
    FirstBootScreen.-high QuestionPane { margin-top: 1; }
    FirstBootScreen.-low #notes { max-height: 1; margin-top: 0; }
    FirstBootScreen.-low #search.-blank { display: none; }
    FirstBootScreen.-low #shows { margin-top: 0; max-height: 3; }
    FirstBootScreen.-low #text { max-height: 2; }
    FirstBootScreen.-low #detail { max-height: 3; }
    FirstBootScreen.-tiny #shows { display: none; }
    FirstBootScreen #countdown { height: 1; padding: 0 1; color: $warning; text-style: bold; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012 (declared so in Textual)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="Esc"),
        Binding("f2", "try", "Try it", key_display="F2"),
        Binding("f4", "review", "Review", key_display="F4"),
        Binding("f1", "help", "Help", key_display="F1"),
    ]

    def __init__(self, first: FirstBoot) -> None:
        super().__init__()
        self.first = first
        self._waits = False  # another console answers

    @property
    def sitting(self) -> Sitting:
        return self.first.sitting

    def compose(self) -> ComposeResult:
        yield Bar(self.first.title, id="bar")
        yield Static(id="notes", markup=False)
        yield QuestionPane(self.sitting.flow)
        yield Static(id="countdown", markup=False)
        yield Keys()

    async def on_mount(self) -> None:
        cast("KameleonApp", self.app).on_person = self.somebody
        self.set_interval(TICK, self._tick)
        self.set_interval(LOOK, self._look)
        self._tick()
        await self.show()
        if self.first.session is not None:
            # The countdown begins when it can be seen: a slow console takes a while to draw.
            self.call_after_refresh(self.first.session.shown)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height < 15, "-tiny")

    async def show(self) -> None:
        """Draw where the flow stands; the review when that is its end."""
        flow = self.sitting.flow
        question = flow.current
        if question is None:
            self.open_review()
            return
        number, total = flow.position
        self.query_one("#bar", Bar).say(self.first.title, "" if flow.visiting else f"{number} of {total}")
        notes = self.query_one("#notes", Static)
        first = not flow.visiting and number == 1
        notes.update("\n".join(self.sitting.problems) if first else "")
        notes.display = first and bool(self.sitting.problems)
        await self.query_one(QuestionPane).show()
        self.refresh_bindings()

    # The countdown

    def somebody(self) -> None:
        """A key was pressed, on whatever screen."""
        if self.first.asking and not self._waits and (self.first.session is None or self.first.session.key()):
            self.sitting.countdown.key()
            self._tick()

    def _tick(self) -> None:
        if not self.first.asking or not self._my_turn():
            return
        line, words = self.query_one("#countdown", Static), countdown_words(self.sitting.countdown, self.size.width)
        if line.content != words:
            line.update(words)
        if self.sitting.countdown.over and not (self.first.session and self.first.session.led):
            self.time_is_up()

    # The other consoles

    def _my_turn(self) -> bool:
        """Whether this console is asked, or answers; looks what the others do, and shows it."""
        session = self.first.session
        if session is None:
            return True
        from wizard.firstboot.session import Turn

        turn = session.look()
        if turn is Turn.APPLIED:
            self._applied_elsewhere()
        elif (turn is Turn.ELSEWHERE) != self._waits:
            self._waits = not self._waits
            self.change_turn()
        return turn in (Turn.FREE, Turn.OURS)

    @work(exclusive=True, group="turn")
    async def change_turn(self) -> None:
        from wizard.tui.screens.firstboot_elsewhere import Elsewhere

        await self._only_me()
        if not self._waits or self.first.session is None:
            await self.show()  # with the answers of all consoles so far
        elif await self.app.push_screen_wait(Elsewhere(self.first.session)):
            self.first.session.claim()
            self._waits = False  # where it could not be claimed the next look tells
            await self.show()

    def _applied_elsewhere(self) -> None:
        self.first.asking = False
        app = cast("KameleonApp", self.app)
        where = self.first.session.where if self.first.session is not None else ""
        app.farewell = [f"kameleon: the first boot is carried out on {where}" if where else NOBODY]
        app.exit(0)

    @work(exclusive=True, group="end")
    async def time_is_up(self) -> None:
        """Nobody was there: the remaining answers are the defaults, and they are carried out."""
        self.first.asking = False
        try:
            self.sitting.settle()
        except UserError as error:
            self.first.unanswered = error
            self.app.exit(error.status)
            return
        self.sitting.flow.go(None)
        await self._only_me()
        await self.apply()

    async def _only_me(self) -> None:
        while self.app.screen is not self:
            await self.app.pop_screen()

    async def _look(self) -> None:
        if self.first.asking and self.app.screen is self:
            self.sitting.facts.refresh()
            await self.query_one(QuestionPane).look()

    # Walking

    async def on_question_pane_answered(self) -> None:
        flow = self.sitting.flow
        if flow.visiting:
            flow.go(None)
        else:
            flow.next()
        await self.show()

    async def action_back(self) -> None:
        flow = self.sitting.flow
        self.query_one(QuestionPane).keep()
        if flow.visiting:
            flow.go(None)
        elif not flow.back():
            self.ask_leave()
            return
        await self.show()

    async def action_review(self) -> None:
        self.query_one(QuestionPane).keep()
        self.sitting.flow.go(None)
        await self.show()

    @work(exclusive=True, group="review")
    async def open_review(self) -> None:
        """The review, until the person applies, or goes back to a question."""
        from wizard.tui.screens.firstboot_review import ReviewFirstBoot

        flow = self.sitting.flow
        answer = await self.app.push_screen_wait(ReviewFirstBoot(self.first))
        if answer == "apply":
            self.first.asking = False
            await self.apply()
        elif answer:
            flow.go(answer)
            await self.show()
        elif flow.back():
            await self.show()
        else:
            self.open_review()

    async def apply(self) -> None:
        """Carry it out, on a screen of its own; without one when only the plan is wanted."""
        if self.first.start is None:
            self.app.exit(0)
            return
        from wizard.tui.screens.firstboot_apply import ApplyScreen

        session = self.first.session
        if session is not None and not session.apply():
            session.look()
            self._applied_elsewhere()
            return
        attended = not self.sitting.countdown.over
        try:
            started = self.first.start()
        except OSError as error:
            if not attended:
                self.first.unanswered = UserError(f"the answers cannot be handed over: {error}", status=MACHINE)
                self.app.exit(MACHINE)
                return
            from wizard.tui.screens.dialogs import TextDialog

            await self.app.push_screen_wait(TextDialog("Not started", str(error)))
        else:
            await self.app.push_screen_wait(ApplyScreen(started, attended=attended))
        # It could not start: another answer may mend that.
        if session is not None:
            session.give_up()
        cast("KameleonApp", self.app).on_person = self.somebody
        self.first.asking = True
        self.open_review()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "try":
            question = self.sitting.flow.current
            return question is not None and question.id == "keymap" and self.first.keyboard is not None
        return True

    def action_try(self) -> None:
        from wizard.tui.screens.firstboot_keyboard import TryKeyboard
        from wizard.tui.widgets.searchable import Searchable

        here = self.query_one(Searchable).current
        if here is None or self.first.keyboard is None:
            return

        def done(taken: bool | None) -> None:
            if taken:
                self.query_one(QuestionPane).take(here.value)

        self.app.push_screen(TryKeyboard(self.first.keyboard, here.value, here.title), done)

    def action_help(self) -> None:
        from wizard.tui.screens import help
        from wizard.tui.screens.dialogs import TextDialog

        question = self.sitting.flow.current
        if question is not None:
            about = question.help or question.text
            self.app.push_screen(TextDialog(f"Help: {question.title}", f"{about}\n\n{help.FIRST_BOOT}"))

    def ask_leave(self) -> None:
        from wizard.tui.screens.firstboot_review import ask_quit

        ask_quit(self)
