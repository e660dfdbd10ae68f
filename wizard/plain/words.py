"""What is said of a run, as lines: steps, failures, ends. Pure: events and states in, text out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from wizard.engine.events import Event, RunState, StepState
from wizard.units import size

#: How a line of output says that something went wrong; with an address in it, it tells more than the last line does
#: (apt names the mirror, then ends with "Some index files failed to download").
_TROUBLE = re.compile(
    r"^(E|W|Err|Error)\b|error|fail|refused|unreachable|timed? ?out|could not|cannot|unable|no route", re.IGNORECASE
)

#: What the engine itself puts beside a recipe's artefacts, named RECIPE.KIND.
_PAPERS = ("events.jsonl", "log", "resolved.json")


def duration(seconds: float) -> str:
    """3.2 s, 2 min 05 s, 1 h 02 min."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def counted(number: int, what: str) -> str:
    """1 step, 2 steps."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def step_name(state: RunState, step: StepState) -> str:
    """macrostep/microstep."""
    return f"{state.macrosteps[step.macrostep].name}/{step.name}"


def failure_lines(failure: Event, run: str) -> list[str]:
    """What a failure event says, for a reader who has the recipe before them."""
    command = f"command {failure['command']} of {failure['commands']} ({failure['name']}, {failure['context']})"
    lines = [f"at      {failure['file']}:{failure['line']}:{failure['column']}, {command}"]
    if failure["shell_text"]:
        number = f"line {failure['shell_line']}: " if failure["shell_line"] else ""
        first, *others = failure["shell_text"].splitlines() or [""]
        lines += [f"shell   {number}{first}", *(f"        {line}" for line in others)]
    lines.append(f"why     {failure['reason']}")
    output = output_lines(failure)
    lines += [f"output  {line}" if number == 0 else f"        {line}" for number, line in enumerate(output)]
    lines.append(f"log     kameleon-tui runs log {run} {shlex.quote(failed_step(failure))}")
    return lines


def failed_step(failure: Event) -> str:
    """macrostep/microstep of a failure event."""
    return f"{failure['macrostep']}/{failure['microstep']}"


def output_lines(failure: Event) -> list[str]:
    """The last lines printed before a failure, without the empty ones around them."""
    output = failure.get("output") or ""
    return (output if isinstance(output, str) else "\n".join(output)).strip("\n").splitlines()


def telling_line(lines: Sequence[str]) -> str:
    """The one line of a failed step's output to show when only one can be: the last one that tells of trouble with
    an address, else the last one that is not empty; "" without any."""
    filled = [line.strip() for line in lines if line.strip()]
    troubles = [line for line in filled if "://" in line and _TROUBLE.search(line)]
    return (troubles or filled or [""])[-1]


def last_line(state: RunState) -> str:
    """`kameleon-tui: RECIPE failed at MACROSTEP/MICROSTEP: REASON: last output line`, in one line; "" after success."""
    end = state.end
    if end is None or end["result"] == "done":
        return ""
    failure = state.failure
    if end["result"] == "failed" and failure is not None and failure["step"] == end.get("step"):
        parts = [f"{state.recipe} failed at {failed_step(failure)}", failure["reason"].rstrip(".")]
        parts.append(telling_line(output_lines(failure)))
    else:
        message = (end.get("message") or "").rstrip(".")
        told = message.startswith(f"{end['result']} ")
        parts = [f"{state.recipe} {message}" if told else f"{state.recipe} {end['result']}", "" if told else message]
        at = step_name(state, state.steps[end["step"]]) if end.get("step") is not None else ""
        if at and (not told or end["result"] == "interrupted"):
            parts[0] += f" at {at}"
    return "kameleon-tui: " + ": ".join(" ".join(part.split()) for part in parts if part)


def end_lines(state: RunState, run: Path) -> list[str]:
    """What came out, or what is kept and how to go on; without `last_line`."""
    end = state.end
    if end is None:
        return []
    lines = [_result(state)]
    papers = []
    for artefact in state.artefacts:
        name = Path(artefact["path"]).name
        if name in {f"{state.recipe}.{kind}" for kind in _PAPERS}:
            papers.append(name)
        else:
            lines += [f"  {artefact['path']}", f"    {size(artefact['size'])}, sha256 {artefact['sha256']}"]
    if state.artefacts:
        lines.append(f"  beside      {' '.join([*papers, 'SHA256SUMS'])}")
        lines.append(f"  check       cd {shlex.quote(state.output)} && sha256sum -c SHA256SUMS")
    if end["result"] != "done":
        if end["kept"]:
            lines += [f"  work kept   {end['kept']}", f"  go on       kameleon-tui build --resume {run.name}"]
            lines.append(f"  look inside kameleon-tui shell {run.name}")
        lines.append(f"  log         {_log(state, run)}")
    return lines


def _result(state: RunState) -> str:
    assert state.end is not None
    words = {"done": "done", "failed": "failed", "stopped": "stopped", "interrupted": "interrupted"}
    text = f"{state.recipe}: {words.get(state.end['result'], state.end['result'])} in {duration(state.end['seconds'])}"
    if state.end["skipped"]:
        text += f", with {counted(state.end['skipped'], 'step')} skipped"
    return text


def _log(state: RunState, run: Path) -> Path:
    at = state.end.get("step") if state.end else None
    if at is None:
        return run / "logs"
    return run / state.macrosteps[state.steps[at].macrostep].log
