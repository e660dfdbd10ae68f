"""The first boot as it goes: the build's screen, in other words, and with an end when nobody is there."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import work

from wizard.flow.countdown import IDLE, SECONDS, Countdown, since_boot
from wizard.tui.firstboot_run import FirstBootFollower
from wizard.tui.screens.build import BuildScreen

if TYPE_CHECKING:
    from wizard.tui.firstboot_run import StartedFirstBoot


class ApplyScreen(BuildScreen):
    """Ends with None only when it could not start: another answer may mend that.

    `attended`: a person is there. When nobody is (any more), a failure is not waited at for ever, and the end is not
    looked at for ever: behind this screen waits a login prompt.
    """

    what = "first boot"
    how_long = f" for {IDLE / 60:.0f} minutes"

    def __init__(
        self, started: StartedFirstBoot, *, attended: bool = True, clock: Callable[[], float] = since_boot
    ) -> None:
        super().__init__(started.run, started=started)
        self.first_boot = started
        self.follower = FirstBootFollower(started)
        self.attended = attended
        self._counts = clock
        self._count()
        self._held: object = None
        self._told_to_end = False

    def _count(self) -> None:
        self.countdown = Countdown(SECONDS, clock=self._counts)
        if self.attended:
            self.countdown.key()

    def on_mount(self) -> None:
        self.program.on_person = self.somebody
        super().on_mount()

    def somebody(self) -> None:
        """A key was pressed."""
        self.attended = True
        self.countdown.key()

    @property
    def name_shown(self) -> str:
        return "first boot"

    def end_lines(self) -> list[str]:
        end, said = self.state.end, self.first_boot.last_lines
        if end is None or end["result"] == "done":
            return said
        return [*said, "To go on where it ended: kameleon-tui firstboot"]

    def died_lines(self) -> list[str]:
        return [
            "The process that configured this machine is gone, and did not say why.",
            "To go on where it was: kameleon-tui firstboot",
            *self.first_boot.complaint.splitlines()[-3:],
        ]

    @property
    def run_argument(self) -> str:
        return str(self.run.path)

    def _look(self) -> None:
        super()._look()
        if self._asked is not self._held:
            # What somebody has to decide, or to read, is new: the time for that begins.
            self._held = self._asked
            self._told_to_end = False
            self._count()
        ended = self.state.waiting is None
        due = self._held is not None and (self.countdown.over or (ended and not self.attended))
        if due and not self._told_to_end:
            self._told_to_end = True
            self.nobody_decides()

    @work(exclusive=True, group="control")
    async def nobody_decides(self) -> None:
        """A failure ends the first boot; its end is left to the terminal."""
        if self.state.waiting is not None:
            self.leave_at_end = True
            if await self.request({"do": "abort"}):
                self._told_to_end = False  # not taken: again with the next look
        else:
            self.leave()

    def _draw_head(self) -> None:
        super()._draw_head()
        if self.state.waiting is not None and not self.countdown.stopped and not self.countdown.over:
            self._say("#note", f"Nobody decides: it ends in {math.ceil(self.countdown.left)} s; a key stops this.")

    def _draw_panel(self) -> None:
        # The last line is written after the run's last event, when the process has looked at what came of it.
        if self.state.end is not None and self.first_boot.process.poll() is None:
            return
        if self.first_boot.failed_to_start and self.first_boot.process.returncode == 0:
            # All of it was done by an earlier process.
            self.program.farewell = self.first_boot.last_lines
            self.app.exit(0)
            return
        super()._draw_panel()
