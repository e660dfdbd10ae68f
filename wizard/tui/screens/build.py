"""A run as it goes: its steps, its output, what it waits for, how it ended. A reader of events, a writer of control."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Static

from wizard.engine.events import RunState
from wizard.engine.runs import Run
from wizard.tui import facts
from wizard.tui.follow import Follower
from wizard.tui.logtail import LogTail
from wizard.tui.screens.actions import Actions
from wizard.tui.widgets.bar import Bar, progress
from wizard.tui.widgets.choices import Choices
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.log import LogView
from wizard.tui.widgets.panel import Panel
from wizard.tui.widgets.rows import Rows
from wizard.tui.widgets.steps import Steps

if TYPE_CHECKING:
    from wizard.tui.launch import Started

REFRESH = 0.2  # seconds between two looks at the run: five times a second is as fast as people read
TOLD = 8.0  # seconds


class BuildScreen(Actions, Screen[None]):
    """Shows `run`; `started` when this process started it. Ends with None only when the run could not start."""

    DEFAULT_CSS = """
    BuildScreen { layout: vertical; }
    BuildScreen #progress { height: 1; padding: 0 1; }
    BuildScreen #note { height: auto; max-height: 2; padding: 0 1; color: $warning; }
    BuildScreen #body { layout: vertical; height: 1fr; }
    BuildScreen #right { layout: vertical; height: 1fr; }
    BuildScreen Steps { height: 1fr; border-top: solid $border; }
    BuildScreen LogView { border-top: solid $border; padding: 0 1; min-height: 3; }
    BuildScreen Steps:focus, BuildScreen LogView:focus { border-title-style: bold reverse; }
    BuildScreen .asking Steps { height: 5; }
    BuildScreen .asking Panel VerticalScroll { max-height: 5; }
    BuildScreen .done LogView { display: none; }
    BuildScreen .done #right { height: auto; }

    BuildScreen.-wide #body { layout: horizontal; }
    BuildScreen.-wide #right { width: 1fr; height: 100%; }
    BuildScreen.-wide #body Steps { width: 40%; max-width: 60; height: 100%; border: solid $border; }
    BuildScreen.-wide LogView { border: solid $border; padding: 0; }

    BuildScreen.-narrow.-low .asking Steps { display: none; }
    BuildScreen.-low LogView { min-height: 2; }
    BuildScreen.-low Panel VerticalScroll { max-height: 3; }
    BuildScreen.-low .done Panel VerticalScroll { max-height: 8; }

    BuildScreen #body.whole Steps, BuildScreen #body.whole Panel { display: none; }
    BuildScreen #body.whole #right { height: 1fr; }
    BuildScreen #body.whole LogView { display: block; }
    """
    # From 110 columns steps and output stand side by side; below 22 lines the steps make room for what is asked.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 (declared so in Textual)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]  # noqa: RUF012 (declared so in Textual)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "breakpoint", "Break"),
        Binding("p", "pause", "Pause"),
        Binding("t", "stop", "Stop"),
        Binding("f", "follow", "Follow"),
        Binding("l", "whole_log", "Log"),
        Binding("q", "app.leave", show=False),
        Binding("f1", "help", "Help", key_display="F1"),
        Binding("escape", "away", "Back", show=False),
        *(
            Binding(key, f"choose('{word}')", show=False)
            for word, (key, _, _) in facts.CHOICES.items()
            if word != "stop"
        ),
    ]

    def __init__(
        self,
        run: Run,
        *,
        started: Started | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.follower = Follower(run, clock, starting=started is not None)
        self.started = started
        self.leave_at_end = False
        self._tail: LogTail | None = None
        self._tail_of: tuple[int, int, int] | None = None
        self._asked: object = None
        self._told = ""

    @property
    def run(self) -> Run:
        return self.follower.run

    @property
    def state(self) -> RunState:
        return self.follower.state

    def compose(self) -> ComposeResult:
        yield Bar("kameleon-tui", "", id="bar")
        yield Static(id="progress", markup=False)
        note = Static(id="note", markup=False)
        note.display = False
        yield note
        with Container(id="body"):
            steps = Steps(id="steps")
            steps.border_title = " steps "
            yield steps
            with Container(id="right"):
                yield LogView(id="log")
                yield Panel(id="panel")
        yield Keys()

    def on_mount(self) -> None:
        self.query_one(Steps).focus()
        self._look()
        self.set_interval(REFRESH, self._look)

    def on_resize(self) -> None:
        self._draw_head()

    def _look(self) -> None:
        """Once in REFRESH: take in what the run said; draw only what moved."""
        changed = self.follower.poll()
        running = self.state.end is None
        if changed or running:
            self.query_one(Steps).show(self.state, self.follower.clock())
            self._draw_head()
        if changed:
            self.refresh_bindings()
        self._draw_log()
        self._draw_panel()
        if self.leave_at_end and (self.state.end is not None or self.follower.died):
            self.leave()

    # --- drawing

    def _draw_head(self) -> None:
        state, now = self.state, self.follower.clock()
        living = not self.follower.died
        phase = facts.phase(state, living)
        self.query_one("#bar", Bar).say(
            f"kameleon-tui: {self.name_shown}", f"{phase} \u00b7 {facts.duration(facts.elapsed(state, now))}"
        )
        current = facts.step_name(state, state.current.number) if state.current and state.end is None else ""
        width = max(20, min(self.size.width - 2 - len(current) - 2, 60))
        self._say("#progress", f"{progress(state.finished_steps, len(state.steps), width)}  {current}")
        said = f"note: {state.notes[-1]['text']}" if state.notes else ""
        self._say("#note", self._told or said)

    def tell(self, text: str) -> None:
        """Say something about what the person just did, for TOLD seconds."""
        self._told = text
        self._draw_head()
        self.set_timer(TOLD, lambda: self._untell(text))

    def _untell(self, text: str) -> None:
        if self._told == text:
            self._told = ""
            self._draw_head()

    def _say(self, selector: str, text: str) -> None:
        """A line of text, drawn when it is another one; hidden when it is empty."""
        line = self.query_one(selector, Static)
        if line.content != text:
            line.update(text)
            line.display = bool(text)

    def _draw_log(self) -> None:
        selected = self.query_one(Steps).selected
        view = self.query_one(LogView)
        if selected is None:
            return
        macro, step = selected
        start, end = (step.offset, step.end_offset) if step else (0, None)
        begun = step is None or step.state in ("running", "done", "failed") or step.end_offset is not None
        identity = (macro.number, step.number if step else -1, start)
        fresh = identity != self._tail_of
        if fresh:
            self._tail_of, self._tail = identity, LogTail(self.follower.log_path(macro.number), start)
        if begun and self._tail is not None and (self._tail.read(end) or fresh):
            view.show(self._tail)
        elif fresh:
            view.show(None)
        name = f"{macro.name}/{step.name}" if step else macro.name
        followed = " (following)" if self.query_one(Steps).following and self.state.end is None else ""
        title = f" output: {name}{followed} "
        if view.border_title != title:
            view.border_title = title

    def _draw_panel(self) -> None:
        """The panel changes when what is asked changes: drawing it anew would move the cursor under the person."""
        state, body, panel = self.state, self.query_one("#body"), self.query_one(Panel)
        asked: object = state.end or state.waiting
        if self.follower.died:
            asked = "died"
        elif self.started is not None and self.started.failed_to_start:
            asked = "not started"
        if asked is self._asked:
            return
        self._asked = asked
        body.set_class(asked is not None and asked is state.waiting, "asking")
        body.set_class(state.end is not None and state.end["result"] == "done", "done")
        if asked is None:
            panel.clear()
            self.query_one(Steps).focus()
        elif asked == "not started" and self.started is not None:
            status = self.started.process.returncode
            panel.tell("not started", [self.started.complaint, f"(exit {status})  Esc: back to the review"], bad=True)
        elif asked == "died":
            panel.tell("died", self.died_lines(), bad=True)
        elif state.end is not None:
            self.query_one(Steps).follow()
            panel.tell(state.end["result"], self.end_lines(), bad=state.end["result"] != "done")
        elif state.waiting is not None:
            self._ask(state, panel)

    def _ask(self, state: RunState, panel: Panel) -> None:
        waiting = state.waiting
        assert waiting is not None
        self.query_one(Steps).put_cursor(state.steps[waiting["step"]])
        if waiting["why"] == "failure" and state.failure is not None:
            panel.ask("failed", facts.failure_facts(state.failure), facts.choices_of(waiting), bad=True)
        else:
            panel.ask(waiting["why"], facts.why_waiting(state, waiting), facts.choices_of(waiting))
        panel.query_one(Choices).focus()

    # --- what the person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        going = self.state.end is None and not self.follower.died
        if action in ("breakpoint", "pause", "stop"):
            return going and (action != "pause" or (self.state.waiting is None and not self.state.pausing))
        if action == "choose":
            waiting = self.state.waiting
            return waiting is not None and parameters[0] in facts.choices_of(waiting)
        if action == "follow":
            return going and not self.query_one(Steps).following
        return True

    def on_rows_moved(self, event: Rows.Moved) -> None:
        if isinstance(event.rows, Steps):
            self._draw_log()
            self.refresh_bindings()

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        self.action_choose(event.values[0])

    def on_steps_breakpoint_asked(self, event: Steps.BreakpointAsked) -> None:
        self.send({"do": "break" if event.on else "unbreak", "step": event.step})

    def action_breakpoint(self) -> None:
        self.query_one(Steps).ask_breakpoint()

    def action_follow(self) -> None:
        self.query_one(Steps).follow()
        self.refresh_bindings()

    def action_whole_log(self) -> None:
        body = self.query_one("#body")
        body.toggle_class("whole")
        (self.query_one(LogView) if body.has_class("whole") else self.query_one(Steps)).focus()

    def action_help(self) -> None:
        from wizard.tui.screens import dialogs, help

        self.app.push_screen(dialogs.TextDialog("Help: the build", help.BUILD))

    def action_away(self) -> None:
        """Esc: out of the whole-screen output, back to the review when the run could not start, else asks."""
        if self.query_one("#body").has_class("whole"):
            self.action_whole_log()
        elif self.started is not None and self.started.failed_to_start:
            self.started.close()
            self.dismiss()
        else:
            self.ask_leave()

    @work(exclusive=True, group="control")
    async def action_choose(self, word: str) -> None:
        await self.choose(word)
