"""Plans: what will be done, as canonical JSON: the same answers make the same bytes, wherever they came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from wizard.flow.question import Value

#: Of the JSON form.
VERSION = 1


def plan_json(recipe: str, answers: Mapping[str, Value], steps: Iterable[Mapping[str, Any]]) -> str:
    """One line: the recipe's name, the answers, and the steps in their order (plain data; microsteps with their
    commands). No source, no reason and no time is in it; keys are sorted, nothing is blank that need not be."""
    plan = {"v": VERSION, "recipe": recipe, "answers": dict(answers), "steps": list(steps)}
    return json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
