"""Answers files: YAML that answers questions, for every machine or for those that fit a match.

    answers:               # for every machine
      timezone: Europe/Paris
    machines:              # the first whose match fits adds its answers, which are stronger
      - match: {mac: "52:54:00:*"}
        answers: {role: node}

A mistake is told with its file, line and column. Plain scalars are texts: `x: no` is no truth value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from wizard.flow.flow import Flow, ReviewLine
from wizard.flow.question import Kind, Question, Source, Value
from wizard.recipe.errors import Problems, nearest, quoted
from wizard.recipe.model import Place
from wizard.recipe.nodes import ListNode, MapNode, Node, TextNode, describe

_TOP = ("answers", "machines")
_MACHINE = ("match", "answers")
#: Words that other readers of YAML take for something else than a text.
_NO_TEXT = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null")


@dataclass(frozen=True, slots=True)
class Given:
    """An answer in a file. `place`: of its value."""

    question: str
    value: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Machine:
    """Answers for machines that fit: for each key of `match` one of its patterns (`*`, `?` and `[…]` as in a shell)."""

    match: Mapping[str, tuple[str, ...]]
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class AnswersFile:
    """`given`: for every machine."""

    given: tuple[Given, ...] = ()
    machines: tuple[Machine, ...] = ()

    def for_machine(self, fits: Callable[[Mapping[str, tuple[str, ...]]], bool]) -> list[Given]:
        """The answers of a machine; `fits` says whether a match is its."""
        found = next((machine for machine in self.machines if fits(machine.match)), None)
        return [*self.given, *(found.given if found else ())]


def parse_answers(node: Node, questions: Sequence[Question], keys: Sequence[str], problems: Problems) -> AnswersFile:
    """The file whose document is `node`. `keys`: what a match may look at. Mistakes go to `problems`."""
    reader = _Reader({question.id: question for question in questions}, keys, problems)
    top = reader.mapping(node, "an answers file", _TOP)
    machines = top.get("machines")
    if machines is not None and not isinstance(machines, ListNode):
        problems.add(
            machines.place, f"machines is a list of mappings with match and answers, found {describe(machines)}"
        )
        machines = None
    return AnswersFile(
        reader.answers(top.get("answers")),
        tuple(reader.machine(item) for item in (machines.items if isinstance(machines, ListNode) else ())),
    )


def give(flow: Flow, given: Iterable[Given], problems: Problems) -> None:
    """Gives the flow these answers, as a file's; those that are not possible with the others go to `problems`."""
    places = {}
    for one in given:
        places[str(one.place)] = one.place
        flow.give(one.question, one.value, Source.FILE, str(one.place))
    for answer, sentence in flow.impossible():
        if answer.source is Source.FILE and answer.reason in places:
            problems.add(places[answer.reason], sentence.removesuffix(f" (from: {answer.reason})"))


def to_yaml(review: Iterable[ReviewLine], head: str) -> str:
    """The file that gives every one of these answers again; `head`: a comment's text, a line or more. It has all
    values, secret ones too: keep it to yourself."""
    lines = [f"# {line}".rstrip() for line in head.splitlines()] + ["answers:"]
    for line in review:
        name, value = line.question.id, line.answer.value
        if isinstance(value, str):
            lines.append(f"  {name}: {_scalar(value)}  # {line.answer.source}")
        elif not value:
            lines.append(f"  {name}: []  # {line.answer.source}")
        else:
            lines += [f"  {name}:  # {line.answer.source}", *(f"    - {_scalar(item)}" for item in value)]
    return "\n".join(lines) + "\n"


def _scalar(value: str) -> str:
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*", value) and not _NO_TEXT.fullmatch(value)
    return value if plain else json.dumps(value)


@dataclass(frozen=True, slots=True)
class _Reader:
    questions: Mapping[str, Question]
    keys: Sequence[str]
    problems: Problems

    def mapping(self, node: Node | None, what: str, known: Iterable[str]) -> dict[str, Node]:
        if not isinstance(node, MapNode):
            if node is not None:
                self.problems.add(node.place, f"{what} is a mapping, found {describe(node)}")
            return {}
        found = {}
        for key, value in node.entries:
            if key.value in known:
                found[key.value] = value
            else:
                hint = nearest(key.value, known) or f"there are {', '.join(known)}"
                self.problems.add(key.place, f"{quoted(key.value)} is not known in {what}", hint)
        return found

    def machine(self, node: Node) -> Machine:
        found = self.mapping(node, "an entry of machines", _MACHINE)
        match = self.mapping(found.get("match"), "match", self.keys)
        if isinstance(node, MapNode) and "match" not in found:
            self.problems.add(node.place, "match is missing: it says which machines these answers are for")
        patterns = {key: self.texts(value, f"match: {key}") for key, value in match.items()}
        return Machine(patterns, self.answers(found.get("answers")))

    def answers(self, node: Node | None) -> tuple[Given, ...]:
        found = []
        for name, value in self.mapping(node, "answers", self.questions).items():
            read = self.value(self.questions[name], value)
            if read is not None:
                found.append(Given(name, read, value.place))
        return tuple(found)

    def value(self, question: Question, node: Node) -> Value | None:
        """The value, of the form the question wants; None after the problem was added."""
        if isinstance(node, TextNode) and node.empty:
            self.problems.add(node.place, f"{question.id}: nothing is written", 'write "" for no text, [] for none')
        elif isinstance(node, MapNode) or (isinstance(node, ListNode) and not question.several):
            self.problems.add(node.place, f"{question.id} takes {_form(question)}, found {describe(node)}")
        elif question.several:
            return self.texts(node, question.id)
        elif isinstance(node, TextNode):
            return node.value.rstrip("\n")
        return None

    def texts(self, node: Node, name: str) -> tuple[str, ...]:
        """A list of texts; one text is a list of its lines."""
        if isinstance(node, TextNode):
            return tuple(line for line in node.value.splitlines() if line.strip())
        found = []
        for item in node.items if isinstance(node, ListNode) else ():
            if isinstance(item, TextNode) and not item.empty:
                found.append(item.value)
            else:
                self.problems.add(item.place, f"{name}: a text was expected, found {describe(item)}")
        if isinstance(node, MapNode):
            self.problems.add(node.place, f"{name}: a text or a list of texts was expected, found {describe(node)}")
        return tuple(found)


def _form(question: Question) -> str:
    return "a list" if question.several else "one of its choices" if question.kind is Kind.ONE else "a text"
