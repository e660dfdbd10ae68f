"""A run told in lines: one per microstep as it finishes, the running one on a last line where that can be rewritten."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from wizard.engine.events import Event, RunState, StepState
from wizard.plain.output import LastLine, Lines
from wizard.plain.paper import Paper
from wizard.plain.words import counted, duration, end_lines, failure_lines, last_line, step_name

STATUS_EVERY = 0.2  # seconds: five times a second is as fast as anybody reads
_MARKS = {"done": ("ok", "green"), "skipped": ("skip", "yellow"), "failed": ("FAIL", "red")}
_NAME = 44  # columns a name is padded to, at most


class Reporter:
    """Reads a run's events and output (live, or from files) and writes lines on `paper`.

    `quiet`: failures and the result only. `verbose`: what the steps print, too. `state` is the sum of the events.
    """

    def __init__(
        self, paper: Paper, *, quiet: bool = False, verbose: int = 0, clock: Callable[[], float] = time.time
    ) -> None:
        self.paper = paper
        self.state = RunState()
        self.run = Path()
        self._quiet = quiet
        self.verbose = verbose > 0
        self._clock = clock
        self._lines = Lines()
        self._last = LastLine()
        self._shown = 0.0
        self._failed: set[int] = set()  # steps whose last attempt failed
        self._passed: list[StepState] = []  # skipped in a row, not told yet
        self._name = 0

    def begin(self, run: Path) -> None:
        """The run's directory; called once, before anything else."""
        self.run = run

    def past(self, events: list[Event]) -> None:
        """Events of an earlier process of this run: taken in, not told."""
        for event in events:
            self.state.apply(event)
        self._measure()

    def event(self, event: Event) -> None:
        # The status goes, and comes back with a tick: thousands of short steps cost no more than their lines.
        self.paper.status("")
        self._flush_output()
        self.state.apply(event)
        kind = event.get("event")
        if not (kind == "step" and event["state"] == "skipped"):
            self._flush_passed()
        handler = getattr(self, f"_on_{kind}", None)
        if handler is not None:
            handler(event)

    def output(self, step: int, raw: bytes) -> None:
        if self.verbose:
            for line in self._lines.feed(raw):
                self._output_line(line)
        self._last.feed(raw)

    def tick(self) -> None:
        if self._clock() - self._shown >= STATUS_EVERY:
            self._status()

    # Events

    def _on_run(self, event: Event) -> None:
        self._measure()
        if not self._quiet:
            self.paper.line(f"{self.paper.paint(event['recipe'], 'bold')}  {event['file']}")
            steps = counted(len(self.state.steps), "microstep")
            to = f", to {event['output']}" if event["output"] else ", in place"
            self.paper.line(f"  {steps} in {counted(len(self.state.macrosteps), 'macrostep')}{to}")
            done = f", goes on: {counted(len(event['done']), 'step')} done before" if event.get("done") else ""
            self.paper.line(f"  run {event['run'] if event['output'] else self.run}{done}")

    def _on_step(self, event: Event) -> None:
        step = self.state.steps[event["step"]]
        if event["state"] == "begin":
            self._last.clear()
            self._failed.discard(step.number)
            if self.verbose:
                self._step_line("..", "faint", step, "" if step.attempt == 1 else f"attempt {step.attempt}")
        elif event["state"] == "skipped":
            if step.number in self._failed:
                self._step_line(*_MARKS["skipped"], step, "")
            else:
                self._passed.append(step)
        else:
            if event["state"] == "failed":
                self._failed.add(step.number)
            attempt = f", attempt {step.attempt}" if step.attempt > 1 else ""
            self._step_line(*_MARKS[event["state"]], step, duration(step.seconds) + attempt)

    def _on_failure(self, event: Event) -> None:
        for line in failure_lines(event, self.run.name):
            label, rest = line[:8], line[8:]
            self.paper.line(f"      {self.paper.paint(label, 'faint')}{rest}")

    def _on_note(self, event: Event) -> None:
        if not self._quiet:
            self.paper.line(f"{self.paper.paint('note', 'yellow')}  {event['text']}")

    def _on_decision(self, event: Event) -> None:
        # What was typed here is on the screen already; the abort that is the policy follows from the failure.
        told = event["by"] == "terminal" or (event["do"], event["by"]) == ("abort", "policy")
        if not self._quiet and not told:
            self.paper.line(f"      {event['do']} (by {event['by']})")

    def _on_pausing(self, event: Event) -> None:
        if not self._quiet:
            self.paper.line("      will pause before the next step" if event["on"] else "      will not pause")

    def _on_end(self, event: Event) -> None:
        first, *others = end_lines(self.state, self.run)
        style = {"done": "green", "failed": "red"}.get(event["result"], "yellow")
        self.paper.line(self.paper.paint(first, style))
        for line in others:
            self.paper.line(line)
        if last_line(self.state):
            self.paper.line(last_line(self.state))

    # Lines

    def _measure(self) -> None:
        self._name = min(max((len(step_name(self.state, step)) for step in self.state.steps), default=0), _NAME)

    def _number(self, step: StepState) -> str:
        total = str(len(self.state.steps))
        return f"{step.number + 1:>{len(total)}}/{total}"

    def _step_line(self, mark: str, style: str, step: StepState, after: str) -> None:
        if self._quiet and mark != "FAIL":
            return
        name = step_name(self.state, step)
        line = f"{self.paper.paint(f'{mark:<4}', style)}  {self._number(step)}  {name:<{self._name}}  {after}"
        self.paper.line(line.rstrip())

    def _flush_passed(self) -> None:
        passed, self._passed = self._passed, []
        if len(passed) > 2:
            # --from leaves out everything before: one line for all of it.
            first, last = passed[0], passed[-1]
            self._step_line(*_MARKS["skipped"], first, f"and {len(passed) - 2} more, to")
            passed = [last]
        for step in passed:
            self._step_line(*_MARKS["skipped"], step, "")

    def _output_line(self, line: str) -> None:
        self.paper.line(f"      {line}")

    def _flush_output(self) -> None:
        if self.verbose:
            for line in self._lines.flush():
                self._output_line(line)

    def _status(self) -> None:
        self._shown = self._clock()
        self.paper.status(self._status_text())

    def _status_text(self) -> str:
        state, step = self.state, self.state.current
        if self._quiet or step is None or step.state != "running" or state.waiting or state.end:
            return ""
        elapsed = duration(max(0.0, self._clock() - step.began))
        attempt = f" (attempt {step.attempt})" if step.attempt > 1 else ""
        text = f">     {self._number(step)}  {step_name(state, step)}{attempt}  {elapsed}"
        last = self._last.text()
        return f"{text}  {last}" if last else text
