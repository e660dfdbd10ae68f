"""Steps by name: what --from, --break and --until mean by `macrostep` and `macrostep/microstep`."""

from __future__ import annotations

from wizard.errors import UserError
from wizard.recipe.model import ResolvedRecipe


def step_names(recipe: ResolvedRecipe) -> list[str]:
    """`macrostep/microstep` of every step, in order."""
    return [f"{macro.name}/{micro.name}" for macro, micro in recipe.steps()]


def find_steps(recipe: ResolvedRecipe, text: str) -> range:
    """The numbers of the steps that `text` names: a macrostep, macrostep/microstep, or these after their section.

    Names may hold slashes, so whole names are compared, never pieces. UserError when nothing, or more than one
    thing, is called so; it names the nearest.
    """
    found: list[range] = []
    names: list[str] = []
    first = 0
    for macro in recipe.macrosteps:
        after = first + len(macro.microsteps)
        candidates = [(macro.name, range(first, after))]
        candidates += [
            (f"{macro.name}/{micro.name}", range(number, number + 1))
            for number, micro in enumerate(macro.microsteps, first)
        ]
        for name, numbers in candidates:
            names.append(name)
            if text in (name, f"{macro.section}/{name}") and numbers:
                found.append(numbers)
        first = after
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            f"{text}: {len(found)} steps are called so", hint="put the section in front: section/macrostep/…"
        )
    from difflib import get_close_matches

    near = get_close_matches(text, names, 1)
    hint = f"did you mean {near[0]}?" if near else "kameleon-tui recipe show names the steps"
    raise UserError(f"{text}: no step of {recipe.name} is called so", hint=hint)
