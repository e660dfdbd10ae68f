"""The runner: starts each macrostep's script, in one thread with one loop; what the script asks, answers.py answers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from wizard.engine import control, script
from wizard.engine.answers import Answers, Outcome, since
from wizard.engine.front import FrontEnd
from wizard.engine.journal import Journal
from wizard.engine.loop import Loop, Script, end_step_processes
from wizard.engine.plan import Plan
from wizard.engine.sandbox import Place, Sandbox
from wizard.errors import DONE, FAILED
from wizard.recipe.model import ResolvedRecipe


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
        self.recipe, self.run_path, self.plan, self.journal, self.front = recipe, run, plan, journal, front
        self.answers = Answers(recipe, run, plan, journal, ask=ask, interrupt=lambda: self.loop.interrupt())
        self._place = place
        self._sandbox: Place | None = None
        self._script: Script | None = None
        self.loop: Loop

    # --- the whole run

    def run(self) -> Outcome:
        """Everything from the sandbox to the last script; the sandbox is gone when it returns."""
        self.loop = Loop(self._on_output)
        server = control.listen(self.run_path)
        words = self.answers.words
        self.loop.watch(server.fileno(), lambda: words.accept(server, self.loop.selector))
        try:
            self._sandbox = self._place()
            (self.run_path / "sandbox").write_text(f"{self._sandbox.pid}\n")
            if self.plan.breakpoints:
                self.journal.event("breakpoints", steps=sorted(self.plan.breakpoints))
            first = 0
            for number, macrostep in enumerate(self.recipe.macrosteps):
                after = first + len(macrostep.microsteps)
                if after > self.plan.first and self.answers.outcome is None:
                    self._run_macrostep(number, self._sandbox)
                else:
                    self.answers.pass_over(range(first, after))
                first = after
        finally:
            if self._sandbox is not None:
                self._sandbox.close()
            if self._script is not None:
                self._script.wait()
            self.loop.drain()
            (self.run_path / "sandbox").unlink(missing_ok=True)
            (self.run_path / "control").unlink(missing_ok=True)
            words.close()
            server.close()
            self.loop.close()
        return self.answers.outcome or Outcome("done", DONE, "", None, self.answers.skipped)

    # --- one macrostep

    def _run_macrostep(self, number: int, sandbox: Place) -> None:
        macrostep, answers = self.recipe.macrosteps[number], self.answers
        name = script.script_name(number, macrostep)
        self.journal.open_log(script.log_name(number, macrostep))
        self.journal.event("macrostep", macrostep=number, state="begin")
        began = time.monotonic()
        state = str(self.run_path / "state")
        self._script = Script(
            self.loop,
            [*sandbox.enter(), "/bin/bash", str(self.run_path / "scripts" / name)],
            script.environment(self.recipe, state, os.readlink("/proc/self/ns/mnt")),
            self._hear,
        )
        answers.macrostep, answers.say = number, self._script.say
        try:
            while not self._script.ended and not self.loop.signal:
                self._turn(self._script)
            self.loop.drain()
            if not self.loop.signal:
                self._hear()
        finally:
            self._script.close()
        if self.loop.signal:
            came = signal.Signals(self.loop.signal)
            answers.end("interrupted", 128 + came, f"interrupted by {came.name}")
        elif (status := self._script.wait()) and answers.outcome is None:
            answers.end("failed", FAILED, f"the script of {macrostep.name} ended with status {status}")
        outcome = answers.outcome
        result = "done" if outcome is None else "failed" if outcome.result == "failed" else "stopped"
        self.journal.event("macrostep", macrostep=number, state=result, seconds=since(began))

    def _turn(self, running: Script) -> None:
        words = self.answers.words
        watched = self.front.input_fd() if words.waiting else -1
        if watched >= 0:
            self.loop.watch(watched, self._typed)
        try:
            self.loop.turn()
        finally:
            if watched >= 0:
                self.loop.forget(watched)
        if words.waiting and self.loop.signal in (signal.SIGHUP, signal.SIGTERM):
            self._hung_up()
        self.front.tick()
        if self.plan.step_timeout:
            self._check_time(running)

    def _hear(self) -> None:
        assert self._script is not None
        for fields in self._script.messages():
            # Everything printed before the script said this belongs before it.
            self.loop.drain()
            self.answers.hear(fields)

    def _on_output(self, raw: bytes) -> None:
        self.journal.write(raw)
        self.front.output(self.answers.current, raw)

    def _typed(self) -> None:
        request = self.front.typed()
        if request is not None:
            problem = self.answers.words.take(request, "terminal")
            if problem:
                self.journal.event("note", step=self.answers.current, text=problem)

    def _hung_up(self) -> None:
        """Nobody is there to answer any more (a dropped ssh session): the work is kept, for --resume."""
        came, self.loop.signal, self.answers.words.waiting = signal.Signals(self.loop.signal), 0, ""
        waited = self.answers.name(self.answers.current)
        self.answers.stop(f"{came.name} came while {waited} waited", 128 + came)

    def _check_time(self, running: Script) -> None:
        elapsed = self.answers.elapsed()
        if elapsed >= self.plan.step_timeout and not self.answers.timed_out:
            self.answers.timed_out = True
            end_step_processes(running.pid, time.clock_gettime(time.CLOCK_BOOTTIME) - elapsed)
