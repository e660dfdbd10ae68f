"""What is asked and what is answered: questions and answers as data. No front end, no engine."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

#: One choice's id or a text; or several: the ids chosen, in the order of the choices, or lines as they were given.
Value: TypeAlias = str | tuple[str, ...]
#: The values of the questions asked before this one, by question id.
Values: TypeAlias = Mapping[str, Value]

#: A message lists no more choices than this; of more it names the nearest.
_LISTED = 8


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
    """ONE of the choices, MANY (also none) of them, a TEXT of one line, or LINES (also none) of text."""

    ONE = "one"
    MANY = "many"
    TEXT = "text"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Choice:
    """`id` is the value, `title` is shown on its line, `text` says more when it is highlighted (`told`): a function
    where saying it takes time, which who only gives or checks an answer need not spend; the same one each time, because
    choices are compared.

    `under` is the id of the choice it belongs to, which stands before it ("" at the top): long lists are trees (a
    keyboard's layout and its variants). Every choice may be taken, the upper ones too.
    """

    id: str
    title: str
    text: str | Callable[[], str] = ""
    under: str = ""

    @property
    def told(self) -> str:
        return self.text if isinstance(self.text, str) else self.text()


@dataclass(frozen=True, slots=True)
class Answer:
    """`reason` says why it is what it is, or where exactly it stands (a file's line): one short clause, or ""."""

    value: Value
    source: Source
    reason: str = ""


def left_empty(reason: str, value: Value = "") -> Callable[[Values], Answer]:
    """The default of a question that nobody can answer for a person, whatever was answered before: nothing."""
    return lambda values: Answer(value, Source.DEFAULT, reason)


def _no_choices(values: Values) -> tuple[Choice, ...]:
    return ()


def _always(values: Values) -> bool:
    return True


def _any_text(value: str, values: Values) -> str:
    return ""


def _nothing(values: Values) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Each function gets the values of the questions asked before it: `choices` gives what is offered, `default` an
    Answer whose source is DEFAULT or DETECTED, `when` whether there is such a question at all, `check` why a text, or
    one of the lines, will not do (a sentence; "" when it will).

    `ask` says whether a person is led to it; when not, it has an answer all the same, and can be changed from the
    review. A default that is itself no possible answer means that somebody must answer: that is how what destroys
    something asks. `help` is a paragraph for who wants more than `text`; `shows` lines drawn with the question (a
    preview of what the answers so far lead to). `secret`: the value is shown and logged nowhere. `least`: how many of
    MANY or LINES there must be.
    """

    id: str
    title: str
    text: str
    kind: Kind
    default: Callable[[Values], Answer]
    choices: Callable[[Values], tuple[Choice, ...]] = _no_choices
    when: Callable[[Values], bool] = _always
    check: Callable[[str, Values], str] = _any_text
    ask: Callable[[Values], bool] = _always
    help: str = ""
    shows: Callable[[Values], tuple[str, ...]] = _nothing
    secret: bool = False
    least: int = 0

    @property
    def several(self) -> bool:
        """Whether its value is a tuple."""
        return self.kind in (Kind.MANY, Kind.LINES)

    def problem(self, value: Value, values: Values) -> str:
        """Why `value` is no answer here, as a sentence; "" when it is one."""
        if self.several == isinstance(value, str):
            return f"{self.title} takes {'a list' if self.several else 'one answer, not a list'}."
        judge = self.check if self.kind in (Kind.TEXT, Kind.LINES) else self._not_offered
        items = (value,) if isinstance(value, str) else value
        if self.several and len(items) < self.least:
            return f"{self.title}: at least {self.least} must be chosen."
        return next(filter(None, (judge(item, values) for item in items)), "")

    def tidy(self, value: Value, values: Values) -> Value:
        """The value as it is kept: many in the order of the choices and each once, lines each once and none empty."""
        if isinstance(value, str):
            return value
        if self.kind is Kind.MANY:
            return tuple(choice.id for choice in self.choices(values) if choice.id in value)
        return tuple(dict.fromkeys(line.strip() for line in value if line.strip()))

    def read(self, text: str) -> Value:
        """The value that one text stands for (a word of the kernel command line, a typed line): several, where it
        takes several, are between commas."""
        return tuple(part.strip() for part in text.split(",") if part.strip()) if self.several else text

    def say(self, value: Value, values: Values) -> str:
        """The value in the words of its choices, for the review; "none" for nothing, and no secret."""
        if self.secret and value:
            return "(not shown)"
        titles = {choice.id: choice.title for choice in self.choices(values)}
        if isinstance(value, str):
            return titles.get(value, value) or "none"
        return ", ".join(titles.get(item, item) for item in value) or "none"

    def _not_offered(self, item: str, values: Values) -> str:
        offered = [choice.id for choice in self.choices(values)]
        if item in offered:
            return ""
        if len(offered) > _LISTED:
            from difflib import get_close_matches

            near = get_close_matches(item[:64], offered, 3)
            return f"{self.title}: {item[:64]!r} is none of the {len(offered)} there are" + (
                f"; is it {' or '.join(near)}?" if near else "."
            )
        return f"{self.title}: {item!r} is not offered here; take {' or '.join(offered) or 'nothing'}."
