"""What a recipe says by itself, before anybody is asked: the defaults of the questions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wizard.recipe import chain
from wizard.recipe.errors import Problems
from wizard.recipe.find import find_recipe
from wizard.recipe.variables import Variables


@dataclass(frozen=True, slots=True)
class Base:
    """`globals` are its own and those of what it extends, filled in; `steps` its macrosteps by section; `place` is
    where it was found."""

    recipe: str
    place: Path
    globals: dict[str, str]
    steps: dict[str, tuple[str, ...]]

    @property
    def types(self) -> tuple[str, ...]:
        """Its export section."""
        return self.steps.get("export", ())


def read_base(recipe: str) -> Base:
    """The recipe of that bare name. UserError when there is none, or one with mistakes.

    The files of the recipe are read, not those of its steps: 1 ms where resolving takes 40.
    """
    problems = Problems()
    here = Path.cwd()
    place = here / find_recipe(recipe)
    text = chain.load(chain.Reader(here, problems), place, {})
    problems.raise_any()
    assert text is not None
    variables = Variables(text.layers, problems)
    # A global may name what is known only when it is built (a work directory): such a one is nobody's default.
    values = {name: variables.value(name) for name in text.keys}
    return Base(
        recipe,
        place,
        {name: value.text for name, value in values.items() if not value.broken},
        {section: tuple(call.name.value for call in calls) for section, calls in text.calls.items()},
    )
