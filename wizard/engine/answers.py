"""What a macrostep's script is answered, before each microstep and after each failure, and what is written of it.

The answer comes from the plan (--from, --until, breakpoints), from the failure policy, or, after a `waiting` event,
from a front end by a control word (words.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wizard.engine.events import Event
from wizard.engine.failure import describe
from wizard.engine.journal import Journal
from wizard.engine.plan import Plan
from wizard.engine.words import Words
from wizard.errors import FAILED, STOPPED
from wizard.recipe.model import ResolvedRecipe


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: the fields of its `end` event."""

    result: str  # done, failed, stopped, interrupted
    exit: int
    message: str
    step: int | None
    skipped: int


class Answers:
    """The steps of a run, from the script's questions about them to their events, in the order they come.

    `interrupt`: ends the run as Ctrl-C does. `macrostep` and `say` are the runner's to set for each script.
    """

    def __init__(
        self,
        recipe: ResolvedRecipe,
        run: Path,
        plan: Plan,
        journal: Journal,
        *,
        ask: bool,
        interrupt: Callable[[], None],
    ) -> None:
        self.recipe, self.run_path, self.plan, self.journal = recipe, run, plan, journal
        self.steps = recipe.steps()
        self.words = Words(self, ask=ask)
        self.interrupt = interrupt
        self.outcome: Outcome | None = None
        self.macrostep = -1
        self.say: Callable[..., None] = lambda *fields: None
        self.current = -1  # the step that runs or failed
        self.timed_out = False  # its time limit was reached
        self.skipped = 0
        self._attempt = 1
        self._began = 0.0  # monotonic, of the step; 0 while none runs
        self._offset = 0  # in the macrostep's log, as the step began
        self._last_failure: Event | None = None

    def hear(self, fields: list[str]) -> None:
        """Takes a message of the script; everything printed before it said this is in the log."""
        if fields[0] == "begin":  # with the step that is asked for, and the one that is done; either may be ""
            # Writing events takes 0.1 ms: where nothing stands in its way, the script goes on meanwhile; but not where
            # what is done must be on the disk before more is.
            going = bool(fields[1]) and self._goes(int(fields[1]))
            if going and not self.journal.sync:
                self.say("go")
            if fields[2]:
                self._finish_step("done")
            if going and self.journal.sync:
                self.say("go")
            if going:
                self.current, self._attempt = int(fields[1]), 1
                self._begin_step()
            elif fields[1]:
                self._on_begin(int(fields[1]))
        elif fields[0] == "failed":
            self._on_failed(fields)

    def end(self, result: str, status: int, message: str) -> None:
        """Decides how the run ends; the first decision stands."""
        if self.outcome is None:
            self.outcome = Outcome(result, status, message, self.current if self.current >= 0 else None, self.skipped)

    def name(self, number: int) -> str:
        macro, micro = self.steps[number]
        return f"{macro.name}/{micro.name}"

    def elapsed(self) -> float:
        """Seconds that the current step runs now; 0 while none runs, or while it waits for a word."""
        return time.monotonic() - self._began if self._began and not self.words.waiting else 0.0

    # --- before a step

    def _goes(self, number: int) -> bool:
        """Whether a step begins without further thought. After an abort only on_clean's steps are asked for."""
        plan = self.plan
        return self.outcome is not None or not (
            self.words.pausing
            or number < plan.first
            or number in plan.done
            or number in plan.breakpoints
            or 0 <= plan.last < number
        )

    def _on_begin(self, number: int) -> None:
        self.current = number
        if number in self.plan.done or number < self.plan.first:
            if number not in self.plan.done:
                self._skip(number)
            self.say("skip")
        elif 0 <= self.plan.last < number:
            self.stop(f"stopped after {self.name(self.plan.last)}, as asked")
        elif self.words.ask or self.words.pausing:
            why = "breakpoint" if number in self.plan.breakpoints else "pause"
            self.words.wait(why, number, ["continue", "skip", "stop", "abort"])
        else:
            self.stop(f"stopped at the breakpoint before {self.name(number)}")

    def pass_over(self, numbers: range) -> None:
        """The steps of a macrostep whose script is not started."""
        if self.outcome is None:
            for number in numbers:
                if number not in self.plan.done:
                    self._skip(number)

    def go(self) -> None:
        """Lets the step that waits begin."""
        self.say("go")
        self._attempt = 1
        self._begin_step()

    # --- what is written of a step

    def _begin_step(self) -> None:
        self.timed_out = False
        self._began, self._offset = time.monotonic(), self.journal.offset
        self.journal.event(
            "step",
            step=self.current,
            macrostep=self.macrostep,
            state="begin",
            offset=self._offset,
            attempt=self._attempt,
        )

    def _finish_step(self, state: str) -> None:
        self.journal.event(
            "step",
            step=self.current,
            macrostep=self.macrostep,
            state=state,
            offset=self.journal.offset,
            seconds=since(self._began) if self._began else 0.0,
        )
        self._began = 0.0

    def _skip(self, number: int) -> None:
        self.skipped += 1
        self.journal.event(
            "step",
            step=number,
            macrostep=next(i for i, macro in enumerate(self.recipe.macrosteps) if macro is self.steps[number][0]),
            state="skipped",
            offset=self.journal.offset,
            seconds=0.0,
        )

    # --- after a failure, and at a word

    def _on_failed(self, fields: list[str]) -> None:
        event = describe(
            self.recipe,
            self.current,
            fields,
            output=self.journal.tail(self._offset),
            limit=self.plan.step_timeout if self.timed_out else 0.0,
        )
        self._finish_step("failed")
        self._last_failure = self.journal.event("failure", **event)
        if self.outcome is not None or self.steps[self.current][1].clean:
            # A failing on_clean step is told and passed over: there is nothing after it to protect.
            self.journal.event("note", step=self.current, text=f"{self.name(self.current)}: {event['reason']}")
            self.say("skip")
            return
        policy, _, times = self.plan.on_failure.partition(":")
        if policy == "retry" and self._attempt <= int(times):
            self.decide("retry", "policy")
            self.retry()
        elif policy == "skip":
            self.decide("skip", "policy")
            self.skip()
        elif policy == "ask":
            self.words.wait("failure", self.current, ["retry", "replace", "skip", "abort", "stop"])
        else:
            self.decide("abort", "policy")
            self.abort(failed=True)

    def decide(self, word: str, by: str) -> None:
        self.journal.event("decision", step=self.current, do=word, by=by)

    def retry(self, word: tuple[str, ...] = ("retry",)) -> None:
        """Runs the failed step again."""
        self._attempt += 1
        self.say(*word)
        self._begin_step()

    def replace(self, replacement: Path, recipe: ResolvedRecipe) -> None:
        """Runs the failed step again with other commands: a bash file, and the recipe that has them."""
        self.recipe, self.steps = recipe, recipe.steps()
        self.retry(("replace", str(replacement)))

    def skip(self) -> None:
        """Leaves out the step that waits, failed or not begun."""
        self.skipped += 1
        self._finish_step("skipped")
        self.say("skip")

    def abort(self, *, failed: bool) -> None:
        """Ends the run, `failed` at a step or stopped before one: on_clean's steps of this macrostep still run."""
        if failed and self._last_failure is not None:
            self.end("failed", FAILED, f"failed at {self.name(self.current)}: {self._last_failure['reason']}")
        else:
            self.end("stopped", STOPPED, f"aborted before {self.name(self.current)}")
        self.say("abort")

    def stop(self, message: str, status: int = STOPPED) -> None:
        """Ends the run before the step that was asked for; the work is kept."""
        self.end("stopped", status, message)
        self.say("stop")


def since(began: float) -> float:
    """Seconds since `began` on the monotonic clock, as events have them."""
    return round(time.monotonic() - began, 6)
