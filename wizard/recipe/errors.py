"""Mistakes in recipes: each with its place, all told at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wizard.errors import USAGE, UserError
from wizard.recipe.model import Place


@dataclass(frozen=True, slots=True)
class RecipeError:
    """`place` is None for what stands in no file (a `-g` value). `hint`: what to write instead, or ""."""

    place: Place | None
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return where + self.message + (f"; {self.hint}" if self.hint else "")


class RecipeErrors(UserError):
    """Every mistake that was found; the message has one a line: `file:line:col: what; hint`."""

    def __init__(self, errors: Sequence[RecipeError]) -> None:
        super().__init__("\n".join(str(error) for error in errors), status=USAGE)
        self.errors = list(errors)


class Problems:
    """Collects mistakes while a recipe is read, so that one mistake does not hide the next."""

    def __init__(self) -> None:
        self.errors: list[RecipeError] = []
        self.told = 0  # how often one was added, those that were known counted too
        self.files: list[str] = []  # their names in places, in the order they were read

    def add(self, place: Place | None, message: str, hint: str = "") -> None:
        """One more mistake; the same one at the same place (a step file used twice) is kept once."""
        error = RecipeError(place, message, hint)
        self.told += 1
        if error not in self.errors:
            self.errors.append(error)

    def raise_any(self) -> None:
        """RecipeErrors with all of them, file by file in the order they were read, each from top to bottom."""
        if not self.errors:
            return
        files = list(dict.fromkeys([*self.files, *(error.place.file for error in self.errors if error.place)]))

        def order(error: RecipeError) -> tuple[int, int, int]:
            if error.place is None:
                return (-1, 0, 0)
            return (files.index(error.place.file), error.place.line, error.place.column)

        raise RecipeErrors(sorted(self.errors, key=order))


def quoted(text: str) -> str:
    """A name out of a file, safe and short enough for one line of a message."""
    text = text if len(text) <= 60 else text[:57] + "..."
    return text if text and text.isprintable() else ascii(text)


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean X?` for the known name nearest to `name`; "" when none is near."""
    from difflib import get_close_matches

    found = get_close_matches(name[:200], sorted(known), 1, 0.6)
    return f"did you mean {found[0]}?" if found else ""
