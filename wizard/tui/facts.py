"""What screens say about a run, as plain text: pure functions of its state."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from wizard.engine.events import Event, MacrostepState, RunState, StepState
from wizard.units import size

#: State → the mark that shows it. Every glyph is in code page 437, the font of a Linux console.
MARKS = {
    "waiting": "\u00b7",  # middle dot
    "running": ">",
    "done": "\u221a",  # square root: the check mark of code page 437
    "failed": "x",
    "skipped": "-",
    "stopped": "=",
}
BREAKPOINT = "B"
_CLEAN = re.compile(r"^_clean_\d+_")

#: Control word → key, label, what it does. The order is the order they are offered in.
CHOICES: dict[str, tuple[str, str, str]] = {
    "retry": ("r", "Retry", "run the step again as it began; files are not undone"),
    "replace": ("e", "Edit and retry", "change its commands in your editor first"),
    "continue": ("c", "Continue", "go on"),
    "skip": ("s", "Skip", "leave this step, go on with the next"),
    "shell": ("h", "Shell", "look around inside; leaving returns here"),
    "stop": ("t", "Stop", "end here and keep the work, to resume later"),
    "abort": ("a", "Abort", "clean up and end the run"),
}


def duration(seconds: float) -> str:
    """`0.4s`, `12s`, `3m05s`, `1h02m`: at most six characters."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def step_time(step: StepState | MacrostepState, now: float) -> str:
    """How long a step took, or has been running; "" when it has not begun."""
    if step.state == "running":
        return duration(now - step.began)
    return duration(step.seconds) if step.state in ("done", "failed", "stopped") else ""


def step_name(state: RunState, number: int) -> str:
    """`macrostep/microstep` of a step number."""
    step = state.steps[number]
    return f"{state.macrosteps[step.macrostep].name}/{shown_name(step)}"


def shown_name(step: StepState) -> str:
    """A microstep's name; that of an on_clean one without the number that makes it unique."""
    return f"{_CLEAN.sub('', step.name)} (clean-up)" if step.clean else step.name


def choices_of(waiting: Event) -> list[str]:
    """The control words to offer while the run waits. A shell is ours to open, wherever the run waits."""
    taken = set(waiting["choices"]) | {"shell"}
    return [word for word in CHOICES if word in taken]


def elapsed(state: RunState, now: float) -> float:
    """Seconds since the run began, until its end."""
    if not state.began:
        return 0.0
    return float(state.end["seconds"]) if state.end else now - state.began


def phase(state: RunState, living: bool) -> str:
    """One word for the title: what the run is doing."""
    if state.end is not None:
        return {"done": "done", "failed": "FAILED", "stopped": "stopped"}.get(state.end["result"], "interrupted")
    if not living:
        return "DIED"
    if state.waiting is not None:
        return {"failure": "FAILED, waiting", "breakpoint": "at a breakpoint", "pause": "paused"}.get(
            state.waiting["why"], "waiting"
        )
    if state.pausing:
        return "pausing"
    return "running" if state.run else "starting"


def failure_facts(failure: Event) -> list[str]:
    """What is known of a failure, a fact a line; the last lines of output are not among them."""
    shell_line = int(failure.get("shell_line") or 0)
    reason = str(failure["reason"])
    if str(failure["status"]) not in reason:
        reason += f" (status {failure['status']})"
    facts = [
        f"{failure['macrostep']}/{failure['microstep']}: {reason}",
        f"command {failure['command']} of {failure['commands']} ({failure['name']})"
        f"  {failure['file']}:{failure['line']}",
    ]
    text = str(failure.get("shell_text") or "").strip()
    text, *others = text.splitlines() or [""]
    if others:
        text += " ..."
    if text:
        facts.append(f"line {shell_line}: {text}" if shell_line else text)
    return facts


def why_waiting(state: RunState, waiting: Event) -> list[str]:
    """The first lines of the panel while the run waits at a breakpoint or a pause."""
    name = step_name(state, waiting["step"])
    reason = "breakpoint" if waiting["why"] == "breakpoint" else "paused"
    return [f"Stopped before {name} ({reason}).", "Nothing of it has run yet."]


def died(run: str) -> list[str]:
    """What to say when the runner is gone without a word."""
    return [
        "The process that ran this build is gone, and did not say why (killed, or the machine stopped).",
        f"To go on: kameleon-tui build --resume {run}",
        f"What it printed: kameleon-tui runs log {run}",
    ]


def end_summary(state: RunState, run: str, uses: Sequence[str] = ()) -> list[str]:
    """How the run ended: result, artefacts, what was kept, how to go on. Also printed when the screen closes.

    `uses`: how what was made is used, in its export steps' words.
    """
    end = state.end
    if end is None:
        return []
    skipped = f", with {counted(end['skipped'], 'step')} skipped" if end.get("skipped") else ""
    after = duration(end["seconds"])
    if end["result"] == "done":
        lines = [f"Done in {after}{skipped}: {counted(len(state.artefacts), 'file')} in {state.output}"]
        # The image is the largest; what is beside it (package list, log, events) comes after how to use it.
        ordered = sorted(state.artefacts, key=lambda artefact: -int(artefact["size"]))
        lines += [line for artefact in ordered[:1] for line in artefact_lines(artefact, artefact["path"])]
        if ordered:
            lines += [f"To check: cd {shlex.quote(state.output)} && sha256sum -c SHA256SUMS", *uses]
        return lines + [line for artefact in ordered[1:] for line in artefact_lines(artefact)]
    words = {"failed": "Failed", "stopped": "Stopped", "interrupted": "Interrupted"}
    lines = [f"{words.get(end['result'], 'Ended')} after {after}{skipped}: {end['message']}"]
    if end.get("kept"):
        lines += [f"Kept: {end['kept']}", f"To go on: kameleon-tui build --resume {run}"]
    lines.append(f"What it printed: kameleon-tui runs log {run}")
    return lines


def artefact_lines(artefact: Event, name: str = "") -> list[str]:
    """Name (that of its file, unless another is given), size and checksum: on its own line, for 80 columns."""
    shown = name or artefact["path"].rpartition("/")[2]
    return [f"{shown}  {size(artefact['size'])}", f"  sha256 {artefact['sha256']}"]


def counted(number: int, what: str) -> str:
    """1 step, 2 steps."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
