"""Runs as lines: a table of all, the outline of one. Pure, but for looking at run directories."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from wizard.engine.events import RunState
from wizard.engine.runs import Run
from wizard.plain.paper import Paper
from wizard.plain.words import duration, end_lines, failure_lines, last_line, step_name
from wizard.units import size

_STYLES = {"done": "green", "failed": "red", "dead": "red", "waiting": "yellow", "running": "bold"}
_MARKS = {"done": "ok", "failed": "FAIL", "skipped": "skip", "running": ">", "waiting": "."}


@dataclass(frozen=True, slots=True)
class Line:
    """A run in the table. `state`: running, waiting, done, failed, stopped, interrupted, dead (its runner was killed).
    `began`: seconds since the epoch. `kept`: bytes of its work tree on disk, 0 without one."""

    name: str
    recipe: str
    state: str
    began: float
    seconds: float
    kept: int


def describe(run: Run, now: float) -> Line:
    """What the table says of a run."""
    state = run.state()
    began = state.began or run.path.stat().st_mtime
    what = state_of(run, state)
    ended = state.end["t"] if state.end else now if what in ("running", "waiting") else _last_sign(run, began)
    seconds = state.end["seconds"] if state.end else max(0.0, ended - began)
    workdir = run.asked.get("workdir") or state.workdir
    return Line(
        run.name, state.recipe or str(run.asked.get("name", "?")), what, began, seconds, disk_usage(Path(workdir))
    )


def state_of(run: Run, state: RunState) -> str:
    """One word for what a run is doing, or how it ended."""
    if run.living():
        return "waiting" if state.waiting is not None else "running"
    return str(state.end["result"]) if state.end else "dead"


def _last_sign(run: Run, began: float) -> float:
    try:
        return (run.path / "events.jsonl").stat().st_mtime
    except OSError:
        return began


def disk_usage(path: Path) -> int:
    """Bytes a tree takes on its disk, as du says; other file systems and links are not entered; 0 without it."""
    if not str(path) or str(path) == ".":
        return 0
    try:
        start = os.lstat(path)
    except OSError:
        return 0
    total, todo = start.st_blocks * 512, [str(path)]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    facts = entry.stat(follow_symlinks=False)
                    if facts.st_dev == start.st_dev:
                        total += facts.st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            todo.append(entry.path)
        except OSError:
            continue  # it went away while we looked
    return total


def table(paper: Paper, lines: list[Line]) -> None:
    """All runs, oldest first."""
    rows = [("RUN", "STATE", "BEGAN", "TOOK", "KEPT")]
    for line in lines:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(line.began))
        rows.append((line.name, line.state, when, duration(line.seconds), size(line.kept) if line.kept else "-"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for number, row in enumerate(rows):
        name, state, when, took = (f"{text:<{width}}" for text, width in zip(row, widths, strict=False))
        if number and row[1] in _STYLES:
            state = paper.paint(state, _STYLES[row[1]])
        paper.line(f"{name}  {state}  {when}  {took}  {row[4]}".rstrip())


def outline(paper: Paper, run: Run) -> None:
    """One run: its macrosteps and microsteps with states and times, the failure, the end."""
    state = run.state()
    what = state_of(run, state)
    line = describe(run, time.time())
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(line.began))
    paper.line(f"{paper.paint(run.name, 'bold')}  {paper.paint(what, _STYLES.get(what, 'yellow'))}")
    paper.line(f"  recipe  {state.file or run.asked.get('recipe', '?')}")
    paper.line(f"  began   {when}, {duration(line.seconds)}")
    paper.line(f"  output  {state.output}")
    if line.kept:
        paper.line(f"  work    {state.workdir} ({size(line.kept)})")
    for macro in state.macrosteps:
        paper.line(f"{macro.section}  {paper.paint(macro.name, 'bold')}")
        width = max((len(step.name) for step in macro.steps), default=0)
        for step in macro.steps:
            if step.clean and step.state == "waiting":
                continue
            mark = _MARKS[step.state]
            took = f"  {duration(step.seconds)}" if step.state in ("done", "failed") else ""
            again = f", attempt {step.attempt}" if step.attempt > 1 else ""
            mark = paper.paint(f"{mark:<4}", _STYLES.get(step.state, "faint"))
            paper.line(f"  {mark}  {step.name:<{width}}{took}{again}".rstrip())
    failure = state.failure
    if failure is not None and state.steps[failure["step"]].state == "failed":
        paper.line(f"failed at {step_name(state, state.steps[failure['step']])}")
        for text in failure_lines(failure, run.name):
            paper.line(f"  {text}")
    if what == "waiting":
        paper.line(f"It waits for a word: kameleon-tui runs attach {run.name}")
    elif what == "dead":
        paper.line("Its runner was killed. kameleon-tui runs prune removes what it left.")
    for text in end_lines(state, run.path):
        paper.line(text)
    if last_line(state):
        paper.line(last_line(state))
