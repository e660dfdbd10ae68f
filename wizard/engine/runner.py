"""The runner: starts each macrostep's script, answers its questions, and writes down what happens.

One thread, one loop. The script asks before each microstep and after each failure (runtime.bash); the answer comes from
the plan (--from, --until, breakpoints), from the failure policy, or, after a `waiting` event, from a front end.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wizard.engine import control, script
from wizard.engine.events import Event
from wizard.engine.failure import describe
from wizard.engine.front import FrontEnd
from wizard.engine.journal import Journal
from wizard.engine.loop import Loop, Script, end_step_processes
from wizard.engine.plan import Plan
from wizard.engine.sandbox import Place, Sandbox
from wizard.engine.words import Words
from wizard.errors import DONE, FAILED, STOPPED
from wizard.recipe.model import ResolvedRecipe


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: the fields of its `end` event."""

    result: str  # done, failed, stopped, interrupted
    exit: int
    message: str
    step: int | None
    skipped: int


class Runner:
    """Runs a resolved recipe's scripts in a sandbox. `run()` once."""

    def __init__(
        self,
        recipe: ResolvedRecipe,
        run: Path,
        plan: Plan,
        journal: Journal,
        front: FrontEnd,
        *,
        ask: bool,
        place: Callable[[], Place] = Sandbox,
    ) -> None:
        self.recipe, self.plan, self.journal, self.front = recipe, plan, journal, front
        self.run_path = run
        self.steps = recipe.steps()
        self.outcome: Outcome | None = None
        self.words = Words(self, ask=ask)
        self._place = place
        self.sandbox: Place | None = None
        self.current = -1  # the step that runs or failed
        self.skipped = 0
        self._macrostep = -1
        self._attempt = 1
        self._began = 0.0  # monotonic, of the step
        self._offset = 0  # in the macrostep's log, as the step began
        self._timed_out = False
        self._last_failure: Event | None = None
        self._script: Script | None = None
        self.loop: Loop

    # --- the whole run

    def run(self) -> Outcome:
        """Everything from the sandbox to the last script; the sandbox is gone when it returns."""
        self.loop = Loop(self._on_output)
        server = control.listen(self.run_path)
        self.loop.watch(server.fileno(), lambda: self.words.accept(server, self.loop.selector))
        try:
            self.sandbox = self._place()
            (self.run_path / "sandbox").write_text(f"{self.sandbox.pid}\n")
            if self.plan.breakpoints:
                self.journal.event("breakpoints", steps=sorted(self.plan.breakpoints))
            first = 0
            for number, macrostep in enumerate(self.recipe.macrosteps):
                after = first + len(macrostep.microsteps)
                if after > self.plan.first and self.outcome is None:
                    self._run_macrostep(number)
                else:
                    self._pass_over(range(first, after))
                first = after
        finally:
            if self.sandbox is not None:
                self.sandbox.close()
            if self._script is not None:
                self._script.wait()
            self.loop.drain()
            (self.run_path / "sandbox").unlink(missing_ok=True)
            (self.run_path / "control").unlink(missing_ok=True)
            self.words.close()
            server.close()
            self.loop.close()
        return self.outcome or Outcome("done", DONE, "", None, self.skipped)

    def _pass_over(self, numbers: range) -> None:
        if self.outcome is None:
            for number in numbers:
                if number not in self.plan.done:
                    self._skip(number)

    def end(self, result: str, status: int, message: str) -> None:
        """Decides how the run ends; the first decision stands."""
        if self.outcome is None:
            self.outcome = Outcome(result, status, message, self.current if self.current >= 0 else None, self.skipped)

    # --- one macrostep

    def _run_macrostep(self, number: int) -> None:
        assert self.sandbox is not None
        macrostep = self.recipe.macrosteps[number]
        self._macrostep = number
        name = script.script_name(number, macrostep)
        self.journal.open_log(script.log_name(number, macrostep))
        self.journal.event("macrostep", macrostep=number, state="begin")
        began = time.monotonic()
        state = str(self.run_path / "state")
        self._script = Script(
            self.loop,
            [*self.sandbox.enter(), "/bin/bash", str(self.run_path / "scripts" / name)],
            script.environment(self.recipe, state, os.readlink("/proc/self/ns/mnt")),
            self._hear,
        )
        try:
            while not self._script.ended and not self.loop.signal:
                self._turn()
            self.loop.drain()
            if not self.loop.signal:
                self._hear()
        finally:
            self._script.close()
        if self.loop.signal:
            came = signal.Signals(self.loop.signal)
            self.end("interrupted", 128 + came, f"interrupted by {came.name}")
        elif (status := self._script.wait()) and self.outcome is None:
            self.end("failed", FAILED, f"the script of {macrostep.name} ended with status {status}")
        result = "done" if self.outcome is None else "failed" if self.outcome.result == "failed" else "stopped"
        self.journal.event("macrostep", macrostep=number, state=result, seconds=_since(began))

    def _turn(self) -> None:
        watched = self.front.input_fd() if self.words.waiting else -1
        if watched >= 0:
            self.loop.watch(watched, self._typed)
        try:
            self.loop.turn()
        finally:
            if watched >= 0:
                self.loop.forget(watched)
        if self.words.waiting and self.loop.signal in (signal.SIGHUP, signal.SIGTERM):
            self._hung_up()
        self.front.tick()
        if self.plan.step_timeout and self._began and not self.words.waiting:
            self._check_time()

    def _hung_up(self) -> None:
        """Nobody is there to answer any more (a dropped ssh session): the work is kept, for --resume."""
        came, self.loop.signal, self.words.waiting = signal.Signals(self.loop.signal), 0, ""
        self.stop(f"{came.name} came while {self.name(self.current)} waited", 128 + came)

    def _typed(self) -> None:
        request = self.front.typed()
        if request is not None:
            problem = self.words.take(request, "terminal")
            if problem:
                self.journal.event("note", step=self.current, text=problem)

    def _on_output(self, raw: bytes) -> None:
        self.journal.write(raw)
        self.front.output(self.current, raw)

    # --- what the script says

    def _hear(self) -> None:
        assert self._script is not None
        for fields in self._script.messages():
            # Everything printed before the script said this belongs before it.
            self.loop.drain()
            if fields[0] == "begin":  # with the step that is done, and the one that is asked for; either may be ""
                # Writing events takes 0.1 ms: where nothing stands in its way, the script goes on meanwhile.
                going = bool(fields[1]) and self._goes(int(fields[1]))
                if going:
                    self.say("go")
                if fields[2]:
                    self._finish_step("done")
                if going:
                    self.current, self._attempt = int(fields[1]), 1
                    self._begin_step()
                elif fields[1]:
                    self._on_begin(int(fields[1]))
            elif fields[0] == "failed":
                self._on_failed(fields)

    def say(self, *fields: str) -> None:
        """Answers the script."""
        assert self._script is not None
        self._script.say(*fields)

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

    def go(self) -> None:
        """Lets the step that waits begin."""
        self.say("go")
        self._attempt = 1
        self._begin_step()

    def _begin_step(self) -> None:
        self._timed_out = False
        self._began, self._offset = time.monotonic(), self.journal.offset
        self.journal.event(
            "step",
            step=self.current,
            macrostep=self._macrostep,
            state="begin",
            offset=self._offset,
            attempt=self._attempt,
        )

    def _finish_step(self, state: str) -> None:
        self.journal.event(
            "step",
            step=self.current,
            macrostep=self._macrostep,
            state=state,
            offset=self.journal.offset,
            seconds=_since(self._began) if self._began else 0.0,
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

    def skip(self) -> None:
        """Leaves out the step that waits, failed or not begun."""
        self.skipped += 1
        self._finish_step("skipped")
        self.say("skip")

    def _on_failed(self, fields: list[str]) -> None:
        event = describe(
            self.recipe,
            self.current,
            fields,
            output=self.journal.tail(self._offset),
            limit=self.plan.step_timeout if self._timed_out else 0.0,
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

    def name(self, number: int) -> str:
        macro, micro = self.steps[number]
        return f"{macro.name}/{micro.name}"

    # --- the time limit

    def _check_time(self) -> None:
        elapsed = time.monotonic() - self._began
        if elapsed < self.plan.step_timeout or self._timed_out:
            return
        self._timed_out = True
        assert self._script is not None
        end_step_processes(self._script.pid, time.clock_gettime(time.CLOCK_BOOTTIME) - elapsed)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 6)
