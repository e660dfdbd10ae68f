"""What is asked and what is answered: questions and answers as data. No front end, no engine."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

#: One choice's id or a text; the ids chosen, in the order of the choices, for a question of many.
Value: TypeAlias = str | tuple[str, ...]
#: The values of the questions asked before this one, by question id.
Values: TypeAlias = Mapping[str, Value]


class Source(enum.IntEnum):
    """Where an answer comes from; the higher is the stronger. `str()` is the word people read."""

    DEFAULT = 0
    DETECTED = 1
    KERNEL = 2
    FILE = 3
    PERSON = 4

    def __str__(self) -> str:
        return "kernel command line" if self is Source.KERNEL else self.name.lower()


class Kind(enum.Enum):
    """ONE of the choices, MANY (also none) of them, or a TEXT."""

    ONE = "one"
    MANY = "many"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Choice:
    """`id` is the value, `title` is shown on its line, `text` says more when it is highlighted."""

    id: str
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`reason` says why it is what it is ("" when a person or a file said so): one short clause."""

    value: Value
    source: Source
    reason: str = ""


def _no_choices(values: Values) -> tuple[Choice, ...]:
    return ()


def _always(values: Values) -> bool:
    return True


def _any_text(value: str, values: Values) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Each function gets the values of the questions asked before it: `choices` gives what is offered, `default` an
    Answer whose source is DEFAULT or DETECTED, `when` whether it is asked at all, `check` why a text will not do
    (a sentence; "" when it will).
    """

    id: str
    title: str
    text: str
    kind: Kind
    default: Callable[[Values], Answer]
    choices: Callable[[Values], tuple[Choice, ...]] = _no_choices
    when: Callable[[Values], bool] = _always
    check: Callable[[str, Values], str] = _any_text

    def problem(self, value: Value, values: Values) -> str:
        """Why `value` is no answer here, as a sentence; "" when it is one."""
        if self.kind is Kind.MANY:
            if isinstance(value, str):
                return f"{self.title} takes a list."
            return next(filter(None, (self._not_offered(item, values) for item in value)), "")
        if not isinstance(value, str):
            return f"{self.title} takes one answer, not a list."
        return self.check(value, values) if self.kind is Kind.TEXT else self._not_offered(value, values)

    def tidy(self, value: Value, values: Values) -> Value:
        """The value as it is kept: many in the order of the choices and each once, the rest as it is."""
        if self.kind is Kind.MANY and not isinstance(value, str):
            return tuple(choice.id for choice in self.choices(values) if choice.id in value)
        return value

    def say(self, value: Value, values: Values) -> str:
        """The value in the words of its choices, for the review; "none" for an empty list."""
        titles = {choice.id: choice.title for choice in self.choices(values)}
        if isinstance(value, str):
            return titles.get(value, value)
        return ", ".join(titles.get(item, item) for item in value) or "none"

    def _not_offered(self, item: str, values: Values) -> str:
        offered = [choice.id for choice in self.choices(values)]
        if item in offered:
            return ""
        return f"{self.title}: {item!r} is not offered here; take {' or '.join(offered) or 'nothing'}."
