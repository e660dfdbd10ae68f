"""The first event of a run: what will be done, step by step (docs/events.md)."""

from __future__ import annotations

import os
from collections.abc import Iterable

from wizard.engine import script
from wizard.engine.events import Event
from wizard.engine.journal import Journal
from wizard.recipe.model import ResolvedRecipe


def announce(
    journal: Journal, recipe: ResolvedRecipe, run_id: str, *, done: Iterable[int], output: str, cwd: str
) -> Event:
    """Writes the `run` event. `done`: the steps that an earlier process finished or skipped."""
    macrosteps, number = [], 0
    for index, macro in enumerate(recipe.macrosteps):
        steps = []
        for micro in macro.microsteps:
            steps.append(
                {
                    "name": micro.name,
                    "step": number,
                    "commands": len(micro.commands),
                    "clean": micro.clean,
                    "file": micro.place.file,
                    "line": micro.place.line,
                }
            )
            number += 1
        log = script.log_name(index, macro)
        macrosteps.append({"section": macro.section, "name": macro.name, "log": log, "steps": steps})
    return journal.event(
        "run",
        run=run_id,
        recipe=recipe.name,
        file=recipe.file,
        dialect=recipe.dialect,
        pid=os.getpid(),
        output=output,
        workdir=recipe.workdir,
        cwd=cwd,
        done=sorted(done),
        macrosteps=macrosteps,
    )
