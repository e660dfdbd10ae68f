"""What a failure was: the facts a person needs to mend it, from what the script reported."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from wizard.recipe.model import ResolvedRecipe

_NO_ROOM = 1 << 20  # bytes; with less than this free, a failure is most likely for want of room


def describe(
    recipe: ResolvedRecipe, step: int, fields: list[str], *, output: list[str], limit: float = 0.0
) -> dict[str, Any]:
    """The fields of a `failure` event (docs/events.md).

    `fields` are those of the script's `failed` message: word, step, command, status, line, context, how the context
    ended, text. `limit` is the time limit in seconds that the step ran into, 0 for none.
    """
    macro, micro = recipe.steps()[step]
    number, status, line = (int(field) for field in fields[2:5])
    context, dead, text = fields[5], fields[6], "\t".join(fields[7:])
    commands = micro.commands
    command = commands[number - 1] if 0 < number <= len(commands) else None
    place = (command.text_place or command.place) if command else micro.place
    file_line = command.line_of(line) if command else place.line
    return {
        "step": step,
        "macrostep": macro.name,
        "microstep": micro.name,
        "command": number,
        "commands": len(commands),
        "name": command.name if command else "",
        "context": context,
        "file": place.file,
        "line": file_line,
        "column": place.column,
        "shell_line": line,
        "shell_text": text,
        "status": status,
        "reason": _reason(status, dead, context, limit) + _room(recipe),
        "output": output,
    }


def _reason(status: int, dead: str, context: str, limit: float) -> str:
    if limit:
        return f"the time limit of {limit:g} s was reached"
    if dead == "unopened":
        return f"the context {context} could not be opened"
    if dead and status == 0:
        return "the command ended its shell (exit 0)"
    if status > 128:
        try:
            return f"killed by {signal.Signals(status - 128).name}"
        except ValueError:
            pass
    return f"exit status {status}"


def _room(recipe: ResolvedRecipe) -> str:
    """Says when a file system that the steps write to is full, in bytes or in inodes."""
    for path in (recipe.workdir, recipe.output, recipe.chroot):
        if not Path(path).exists():
            continue
        facts = os.statvfs(path)
        if facts.f_bavail * facts.f_frsize < _NO_ROOM:
            return f"; no space left in {path}"
        if facts.f_files and not facts.f_favail:
            return f"; no inodes left in {path}"
    return ""
