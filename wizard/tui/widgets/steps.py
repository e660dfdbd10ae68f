"""The tree of a run: macrosteps, their microsteps, states, times and breakpoints."""

from __future__ import annotations

import time
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from wizard.engine.events import MacrostepState, RunState, StepState
from wizard.tui import facts
from wizard.tui.widgets.rows import Rows

LOOKS = {"done": "good", "failed": "bad", "running": "live", "waiting": "quiet", "skipped": "quiet", "stopped": "live"}


class Steps(Rows):
    """The cursor follows the running step until the person moves it; `f` follows again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "fold(True)", show=False),
        Binding("right", "fold(False)", show=False),
    ]

    class BreakpointAsked(Message):
        """Set (`on`) or clear the breakpoint before a step."""

        def __init__(self, step: int, on: bool) -> None:
            super().__init__()
            self.step = step
            self.on = on

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.state = RunState()
        self.now = time.time()
        self.following = True
        self._folded: set[int] = set()
        self._drawn: dict[int, Text] = {}
        self._lines: list[tuple[MacrostepState, StepState | None]] = []

    def show(self, state: RunState, now: float) -> None:
        """Draw the state as it is at `now`: only the rows that look different (a serial line has no bytes to waste)."""
        self.state, self.now = state, now
        self._arrange()
        if self.virtual_size.height != self.count():
            self.rows_changed()
        if self.following and self._followed is not None:
            self.put_cursor(self._followed)
        first, width = self.scroll_offset.y, self.size.width - 2
        for index in range(first, min(first + self.size.height, self.count())):
            if self._drawn.get(index) != self.row(index, width):
                self.refresh_line(index)

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        if index < self.count():
            self._drawn[index] = self.row(index, self.size.width - 2)
        return super().render_line(y)

    @property
    def _followed(self) -> StepState | None:
        """The step that runs, or the one the run waits before."""
        waiting = self.state.waiting
        return self.state.steps[waiting["step"]] if waiting else self.state.current

    def put_cursor(self, step: StepState) -> None:
        for index, (macro, micro) in enumerate(self._lines):
            if micro is step or (micro is None and macro.number in self._folded and macro.number == step.macrostep):
                self.cursor = index
                return

    @property
    def selected(self) -> tuple[MacrostepState, StepState | None] | None:
        """The macrostep of the cursor, and its microstep unless the cursor is on the macrostep's own row."""
        return self._lines[self.cursor] if self.cursor < len(self._lines) else None

    def _arrange(self) -> None:
        self._lines = []
        for macro in self.state.macrosteps:
            self._lines.append((macro, None))
            if macro.number not in self._folded:
                self._lines += [(macro, step) for step in macro.steps]

    def count(self) -> int:
        return len(self._lines)

    def row(self, index: int, width: int) -> Text:
        macro, step = self._lines[index]
        item: MacrostepState | StepState = step or macro
        text = Text()
        if step is None:
            folded = macro.number in self._folded
            text.append(f"{facts.MARKS[macro.state]} ", self.look(LOOKS[macro.state]))
            text.append(f"{macro.section}: {macro.name}", self.look("head"))
            if folded:
                text.append(f" (+{len(macro.steps)})", self.look("quiet"))
            marked = folded and any(each.breakpoint for each in macro.steps)
        else:
            marked = step.breakpoint
            text.append(f"  {facts.MARKS[step.state]} ", self.look(LOOKS[step.state]))
            text.append(
                facts.shown_name(step),
                self.look("quiet" if step.state in ("waiting", "skipped") else LOOKS[step.state]),
            )
            if step.attempt > 1:
                text.append(f" (attempt {step.attempt})", self.look("quiet"))
        right = Text()
        if marked:
            right.append(f"{facts.BREAKPOINT} ", self.look("bad"))
        spent = "skipped" if item.state == "skipped" else facts.step_time(item, self.now)
        right.append(f"{spent:>7}", self.look("quiet"))
        text.truncate(max(4, width - right.cell_len - 1), overflow="ellipsis")
        text.pad_right(max(0, width - text.cell_len - right.cell_len - 1))
        return text.append_text(right)

    def action_move(self, step: int) -> None:
        self.following = False
        super().action_move(step)

    def _to(self, index: int) -> None:
        self.following = False
        super()._to(index)

    def follow(self) -> None:
        """Let the cursor follow the running step again."""
        self.following = True
        if self._followed is not None:
            self._folded.discard(self._followed.macrostep)
        self._drawn.clear()
        self.show(self.state, self.now)

    def action_fold(self, fold: bool) -> None:
        chosen = self.selected
        if chosen is None:
            return
        macro = chosen[0]
        self.following = False
        if fold:
            self._folded.add(macro.number)
        else:
            self._folded.discard(macro.number)
        self._arrange()
        self._drawn.clear()
        self.cursor = next(index for index, line in enumerate(self._lines) if line[0] is macro)
        self.rows_changed()
        self.post_message(self.Moved(self))

    def ask_breakpoint(self) -> None:
        """Toggle the breakpoint of the selected step; on a macrostep's row, of its first."""
        chosen = self.selected
        if chosen is None:
            return
        step = chosen[1] or (chosen[0].steps[0] if chosen[0].steps else None)
        if step is not None:
            self.post_message(self.BreakpointAsked(step.number, not step.breakpoint))
