"""The questions of a flow in lines: numbered choices, ? for help, b to go back, Enter for what is in brackets.

For serial lines, screen readers, and terminals that can do nothing but print: no escape sequence is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wizard.flow.flow import Flow
from wizard.flow.question import Choice, Kind, Question, Value
from wizard.plain.typist import Typist

#: More choices than this are not listed but searched; more lines than this are told in pages.
_LISTED = 20

_KEYS = (
    "Enter alone takes the answer in brackets. A number takes that choice. ? says more, b goes back, r goes to the "
    "review. An answer that is one of these is typed with = before it; = alone is no text at all."
)


def ask(
    flow: Flow,
    typist: Typist,
    title: str,
    plan: Callable[[], Iterable[str]],
    look: Callable[[], None] = lambda: None,
) -> None:
    """Ask until somebody applies what the review shows. `plan` gives the lines of all that will be done; `look` is
    called before each question, to see what came or went since. EOFError when the person goes away or leaves; TimeUp
    (typist.py)."""
    typist.say(title, "", _KEYS)
    while True:
        look()
        question = flow.current
        if question is None:
            if _review(flow, typist, plan):
                return
        else:
            _Asking(flow, typist, question).ask()


class _Asking:
    """One question until it is answered, or left. `found`: the choices that numbers stand for."""

    def __init__(self, flow: Flow, typist: Typist, question: Question) -> None:
        self.flow, self.typist, self.question = flow, typist, question
        self.choices = flow.choices(question)
        self.found = self.choices if len(self.choices) <= _LISTED else ()
        self.answer = flow.answers()[question.id]
        #: The person came from the review for this answer alone, and goes back there.
        self.returns = flow.visiting

    def ask(self) -> None:
        number, total = self.flow.position
        where = "" if self.returns else f"{number} of {total}  "
        self.typist.say("", f"{where}{self.question.title}", self.question.text)
        self.typist.say(*(f"  {line}" for line in self.flow.shows(self.question)))
        self._list()
        while not self._take(self.typist.ask(self._prompt())):
            pass

    def _prompt(self) -> str:
        words = self.question.say(self.answer.value, self.flow.values())
        return f"{self.question.title} [{words}]: "

    def _list(self) -> None:
        if self.found:
            for number, choice in enumerate(self.found, 1):
                more = f": {told}" if (told := choice.told) else ""
                self.typist.say(f"  {number}  {choice.title}{more}")
        elif self.choices:
            self.typist.say(f"  {len(self.choices)} choices: type a part of a name to see those that have it.")
        if self.question.kind is Kind.MANY:
            self.typist.say("  Several numbers with blanks between them; 0 for none.")
        elif self.question.kind is Kind.LINES:
            self.typist.say("  A line each, an empty line after the last; 0 for none.")

    def _take(self, typed: str) -> bool:
        """Whether this question is done with."""
        text = typed.strip()
        if text == "?":
            self._help()
        elif text == "b":
            if self.returns:
                self.flow.go(None)
            elif not self.flow.back():
                self.typist.say("This is the first question.")
                return False
            return True
        elif text == "r":
            self.flow.go(None)
            return True
        elif not text:
            return self._keep(None)
        else:
            value = self._value(text)
            return value is not None and self._keep(value)
        return False

    def _help(self) -> None:
        default = self.flow.default(self.question)
        why = f" ({default.source}: {default.reason})" if default.reason else f" ({default.source})"
        self.typist.say(self.question.help or self.question.text)
        self.typist.say(f"The default is {self.question.say(default.value, self.flow.values())}{why}.", _KEYS)
        self._list()

    def _keep(self, value: Value | None) -> bool:
        if value is not None or self.question.problem(self.answer.value, self.flow.values()):
            problem = self.flow.answer(self.answer.value if value is None else value)
            if problem:
                self.typist.say(problem)
                return False
        if self.returns:
            self.flow.go(None)
        else:
            self.flow.next()
        return True

    def _value(self, text: str) -> Value | None:
        """The value that was typed; None when it was told why it is none."""
        literal = text.startswith("=")
        text = text[1:].strip() if literal else text
        if self.question.kind is Kind.TEXT:
            return text
        if self.question.kind is Kind.LINES:
            return () if text == "0" and not literal else self._lines(text)
        if self.question.kind is Kind.MANY:
            return self._many(text)
        return self._one(text)

    def _lines(self, first: str) -> Value | None:
        lines = [first]
        while (line := self.typist.ask("and: ").strip()) != "":
            lines.append(line)
        return tuple(lines)

    def _many(self, text: str) -> Value | None:
        if text == "0":
            return ()
        picked = [self._pick(word) for word in text.replace(",", " ").split()]
        if None in picked:
            self.typist.say(f"Type numbers from 1 to {len(self.found)}, or 0.")
            return None
        return tuple(choice.id for choice in picked if choice is not None)

    def _one(self, text: str) -> Value | None:
        choice = self._pick(text)
        if choice is not None:
            return choice.id
        words = text.casefold().split()
        near = [one for one in self.choices if all(word in f"{one.id} {one.title}".casefold() for word in words)]
        if len(near) == 1:
            return near[0].id
        if not near or text.isdecimal():
            self.typist.say(self.flow_problem(text))
        elif len(near) > _LISTED:
            self.typist.say(f"{len(near)} choices have that; type more of the name.")
        else:
            self.found = tuple(near)
            self._list()
        return None

    def flow_problem(self, text: str) -> str:
        """Why that is none of the choices."""
        if self.found and text.isdecimal():
            return f"Type a number from 1 to {len(self.found)}."
        return f"None of the {len(self.choices)} choices has {text[:64]!r} in its name."

    def _pick(self, word: str) -> Choice | None:
        """The choice of that number, or of that very id."""
        if word.isdecimal() and word.isascii():
            number = int(word[:9])
            return self.found[number - 1] if 1 <= number <= len(self.found) else None
        return next((choice for choice in self.choices if choice.id.casefold() == word.casefold()), None)


def _review(flow: Flow, typist: Typist, plan: Callable[[], Iterable[str]]) -> bool:
    """Whether it is to be applied."""
    lines = flow.review()
    widest = max((len(line.question.title) for line in lines), default=0)
    typist.say("", "Review")
    for number, line in enumerate(lines, 1):
        why = f"{line.answer.source}: {line.answer.reason}" if line.answer.reason else str(line.answer.source)
        typist.say(f"  {number:>2}  {line.question.title:<{widest}}  {line.words}  ({why})")
    while True:
        typed = typist.ask("Enter applies this; a number changes that answer; c shows what will be done: ").strip()
        if not typed:
            wanting = flow.open()
            if not wanting:
                return True
            typist.say(*(f"{question.title}: {problem}" for question, problem in wanting))
            flow.go(wanting[0][0].id)
            return False
        if typed == "b":
            if flow.back():
                return False
            typist.say("There is no question to go back to.")
        elif typed == "c":
            _page(typist, list(plan()))
        elif typed.isdecimal() and typed.isascii() and 1 <= int(typed[:9]) <= len(lines):
            flow.go(lines[int(typed) - 1].question.id)
            return False
        else:
            typist.say(f"Type Enter, a number from 1 to {len(lines)}, c, or b.")


def _page(typist: Typist, lines: list[str]) -> None:
    """All lines, until there is enough of them: a thousand take minutes on a slow line."""
    while lines:
        typist.say(*lines[:_LISTED])
        lines = lines[_LISTED:]
        if lines and typist.ask(f"Enter shows more of {len(lines)} lines, q is enough: ").strip() == "q":
            return
