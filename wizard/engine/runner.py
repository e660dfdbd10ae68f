"""The runner: starts each macrostep's script, answers its questions, and writes down what happens.

One thread, one loop. The script asks before each microstep and after each failure (runtime.bash); the answer comes from
the plan (--from, --until, breakpoints), from the failure policy, or, after a `waiting` event, from a front end.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from wizard.engine import control, script
from wizard.engine.events import Event
from wizard.engine.failure import describe
from wizard.engine.front import FrontEnd
from wizard.engine.journal import Journal
from wizard.engine.sandbox import Place, Sandbox
from wizard.engine.words import Words
from wizard.errors import DONE, FAILED, STOPPED
from wizard.recipe.model import ResolvedRecipe

_TICK = 0.1  # seconds between a front end's ticks
_CHUNK = 65536


@dataclass(slots=True)
class Plan:
    """What is to be done with the steps of a recipe; steps are numbers in the whole recipe."""

    first: int = 0  # the steps before are not run
    last: int = -1  # stop after this one; -1 for none
    breakpoints: set[int] = field(default_factory=set)
    on_failure: str = "abort"
    step_timeout: float = 0.0
    done: frozenset[int] = frozenset()  # finished by an earlier process of this run


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
        self._signal = 0
        self._script: subprocess.Popen[bytes] | None = None
        self._answers = -1  # descriptor of the words to the script
        self._messages = b""
        self._selector = selectors.DefaultSelector()

    # --- the whole run

    def run(self) -> Outcome:
        """Everything from the sandbox to the last script; the sandbox is gone when it returns."""
        wake_read, wake_write = socket.socketpair()
        wake_read.setblocking(False)
        wake_write.setblocking(False)
        old_wakeup = signal.set_wakeup_fd(wake_write.fileno(), warn_on_full_buffer=False)
        old = {
            number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        self._output, self._output_write = os.pipe()
        os.set_blocking(self._output, False)
        server = control.listen(self.run_path)
        self._selector.register(wake_read, selectors.EVENT_READ, lambda: wake_read.recv(100))
        self._selector.register(self._output, selectors.EVENT_READ, self._drain)
        self._selector.register(server, selectors.EVENT_READ, lambda: self.words.accept(server, self._selector))
        try:
            self.sandbox = self._place()
            (self.run_path / "sandbox").write_text(f"{self.sandbox.pid}\n")
            if self.plan.breakpoints:
                self.journal.event("breakpoints", steps=sorted(self.plan.breakpoints))
            first = 0
            for number, macrostep in enumerate(self.recipe.macrosteps):
                after = first + len(macrostep.microsteps)
                if after > self.plan.first and self.outcome is None:
                    self._run_macrostep(number, first)
                else:
                    self._pass_over(range(first, after))
                first = after
        finally:
            if self.sandbox is not None:
                self.sandbox.close()
            if self._script is not None:
                self._script.wait()
            self._drain()
            (self.run_path / "sandbox").unlink(missing_ok=True)
            (self.run_path / "control").unlink(missing_ok=True)
            self.words.close()
            server.close()
            self._selector.close()
            os.close(self._output)
            os.close(self._output_write)
            signal.set_wakeup_fd(old_wakeup)
            for number, handler in old.items():
                signal.signal(number, handler)
            wake_read.close()
            wake_write.close()
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

    def _run_macrostep(self, number: int, first: int) -> None:
        assert self.sandbox is not None
        macrostep = self.recipe.macrosteps[number]
        self._macrostep = number
        name = script.script_name(number, macrostep)
        self.journal.open_log(f"logs/{name.removesuffix('.sh')}.log")
        self.journal.event("macrostep", macrostep=number, state="begin")
        began = time.monotonic()
        events_read, events_write = os.pipe()
        words_read, self._answers = os.pipe()
        os.set_blocking(events_read, False)
        environment = script.environment(
            self.recipe, str(self.run_path / "state"), os.readlink("/proc/self/ns/mnt")
        ) | {"KT_EVENTS": str(events_write), "KT_WORDS": str(words_read)}
        self._script = subprocess.Popen(
            [*self.sandbox.enter(), "/bin/bash", str(self.run_path / "scripts" / name)],
            stdin=subprocess.DEVNULL, stdout=self._output_write, stderr=self._output_write, env=environment,
            pass_fds=(events_write, words_read), start_new_session=True,
        )  # fmt: skip
        os.close(events_write)
        os.close(words_read)
        pidfd = os.pidfd_open(self._script.pid)
        ended: list[int] = []
        self._selector.register(events_read, selectors.EVENT_READ, lambda: self._hear(events_read))
        self._selector.register(pidfd, selectors.EVENT_READ, lambda: ended.append(1))
        self._messages = b""
        try:
            # A script ends by its exit status, never by end-of-file on a pipe: a step may leave a daemon.
            while not ended and not self._signal:
                self._turn()
            self._drain()
            if not self._signal:
                self._hear(events_read)
        finally:
            for descriptor in (events_read, pidfd):
                self._selector.unregister(descriptor)
                os.close(descriptor)
            os.close(self._answers)
            self._answers = -1
        if self._signal:
            name = signal.Signals(self._signal).name
            self.end("interrupted", 128 + self._signal, f"interrupted by {name}")
        status = self._script.wait() if not self._signal else 0
        if status and self.outcome is None:
            self.end("failed", FAILED, f"the script of {macrostep.name} ended with status {status}")
        state = "done" if self.outcome is None else "failed" if self.outcome.result == "failed" else "stopped"
        self.journal.event("macrostep", macrostep=number, state=state, seconds=_since(began))

    def _turn(self) -> None:
        """One round of the loop: at most a tenth of a second."""
        watched = self.front.input_fd() if self.words.waiting else -1
        if watched >= 0:
            self._selector.register(watched, selectors.EVENT_READ, self._typed)
        try:
            ready = self._selector.select(_TICK)
            for key, _ in ready:
                key.data()
        finally:
            if watched >= 0:
                with suppress(KeyError, ValueError):
                    self._selector.unregister(watched)
        self.front.tick()
        if self.plan.step_timeout and self._began and not self.words.waiting:
            self._check_time()

    def _typed(self) -> None:
        request = self.front.typed()
        if request is not None:
            problem = self.words.take(request, "terminal")
            if problem:
                self.journal.event("note", step=self.current, text=problem)

    def _drain(self) -> None:
        while True:
            try:
                raw = os.read(self._output, _CHUNK)
            except BlockingIOError:
                return
            if not raw:
                return
            self.journal.write(raw)
            self.front.output(self.current, raw)

    def _on_signal(self, number: int, frame: object) -> None:
        self._signal = self._signal or number

    def interrupt(self) -> None:
        """As Ctrl-C."""
        self._signal = self._signal or signal.SIGINT

    # --- what the script says

    def _hear(self, descriptor: int) -> None:
        try:
            self._messages += os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return
        *whole, self._messages = self._messages.split(b"\0")
        for message in whole:
            # Everything printed before the script said this belongs before it.
            self._drain()
            fields = message.decode("utf-8", "replace").split("\t")
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
        with suppress(BrokenPipeError):
            os.write(self._answers, "\t".join(fields).encode() + b"\0")

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

    def stop(self, message: str) -> None:
        """Ends the run before the step that was asked for; the work is kept."""
        self.end("stopped", STOPPED, message)
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
        end_step_processes(self._script.pid, time.time() - elapsed)


def end_step_processes(script_pid: int, since: float) -> None:
    """Ends what a step started: the context at work (the script does that, told by SIGUSR1), then its descendants
    younger than `since` (seconds since the epoch); daemons of earlier steps live on. `script_pid` is nsenter's."""
    import psutil  # 50 ms to import: only when a limit is reached

    with suppress(psutil.NoSuchProcess):
        nsenter = psutil.Process(script_pid)
        family = nsenter.children(recursive=True)
        shells = nsenter.children()
        young = [process for process in family if process.create_time() >= since - 0.02]
        for process in shells:
            process.send_signal(signal.SIGUSR1)
        for process in young:
            if process not in shells:
                with suppress(psutil.NoSuchProcess):
                    process.kill()


def _since(began: float) -> float:
    return round(time.monotonic() - began, 6)
