"""A walk through questions: forward, back without losing anything, and the review at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wizard.flow.question import Answer, Choice, Kind, Question, Source, Value


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A question, its answer, and the answer in the words of the choices."""

    question: Question
    answer: Answer
    words: str


class Flow:
    """Questions in order, and where the person stands among them.

    Every answer ever given is kept, by source: the strongest one that is still possible counts, else the question's
    default. So going back, or changing an earlier answer to and fro, loses nothing.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = tuple(questions)
        self._given: dict[str, dict[Source, Answer]] = {question.id: {} for question in questions}
        self._at: str | None = questions[0].id if questions else None
        self._called = False  # the person went to a question that is not asked by itself

    # Answers

    def give(self, question_id: str, value: Value, source: Source, reason: str = "") -> str:
        """Keep an answer from a file, a kernel command line, a detection …; "" or why it is not understood.

        A value the question does not offer yet (its choices may change with other answers) is kept all the same:
        `problems` tells when it stays impossible. `reason` says where exactly it comes from.
        """
        if question_id not in self._given:
            return f"There is no question {question_id!r}; there are {', '.join(self._given)}."
        self._given[question_id][source] = Answer(value, source, reason)
        return ""

    def offer(self, question_id: str, value: Value, source: Source, reason: str = "") -> str:
        """As `give`, but a value that is not possible with the answers as they are is not kept; "" or why. What is not
        asked of now is kept: it may be, once other answers change."""
        values = self.values()
        question = next((one for one in self.questions if one.id == question_id), None)
        if question is not None and question_id in values:
            problem = question.problem(value, self._before(question, values))
            if problem:
                return problem
        return self.give(question_id, value, source, reason)

    def forget(self, question_id: str, source: Source) -> None:
        """Take back what that source said of the question, if it did."""
        self._given[question_id].pop(source, None)

    def answer(self, value: Value) -> str:
        """The person's answer to the current question; "" when it is kept, else a sentence saying why it is not."""
        question = self.current
        if question is None:
            return "Every question is answered."
        before = self._values_before(question)
        problem = question.problem(value, before)
        if not problem:
            self.give(question.id, question.tidy(value, before), Source.PERSON)
        return problem

    def answers(self) -> dict[str, Answer]:
        """The answer that counts for every question there is, by id, in order."""
        found: dict[str, Answer] = {}
        values: dict[str, Value] = {}
        for question in self.questions:
            if question.when(values):
                found[question.id] = self._counting(question, values)
                values[question.id] = found[question.id].value
        return found

    def values(self) -> dict[str, Value]:
        """As `answers`, the values alone."""
        return {question_id: answer.value for question_id, answer in self.answers().items()}

    def problems(self) -> list[str]:
        """A sentence for each given answer that is not possible with the others; answers files are refused with it."""
        return [sentence for _, sentence in self.impossible()]

    def impossible(self) -> list[tuple[Answer, str]]:
        """Each given answer that is not possible with the others, and why, as a sentence."""
        found: list[tuple[Answer, str]] = []
        values = self.values()
        for question in self.questions:
            if question.id in values:
                before = self._before(question, values)
                for source, answer in self._given[question.id].items():
                    problem = question.problem(answer.value, before)
                    if problem:
                        found.append((answer, f"{problem} (from: {answer.reason or source})"))
        return found

    def open(self) -> list[tuple[Question, str]]:
        """The questions that somebody must answer before anything is done, each with what its default lacks."""
        values = self.values()
        return [
            (question, problem)
            for question in self.questions
            if question.id in values
            and (problem := question.problem(values[question.id], self._before(question, values)))
        ]

    def settle(self, source: Source = Source.PERSON) -> list[Question]:
        """Where answers of `source` leave a question open, and nobody is there to answer it: take back those that lead
        there, as few as will do, the latest first. The questions whose answers were taken back."""
        taken: list[Question] = []
        said = [one for one in reversed(self.questions) if source in self._given[one.id]]
        while self.open() and said:
            enough = next((one for one in said if not self._open_without(one, source)), said[0])
            self.forget(enough.id, source)
            said.remove(enough)
            taken.append(enough)
        return taken

    def _open_without(self, question: Question, source: Source) -> bool:
        kept = self._given[question.id].pop(source)
        try:
            return bool(self.open())
        finally:
            self._given[question.id][source] = kept

    # Walking

    @property
    def current(self) -> Question | None:
        """The question the person stands at; None at the review. One that is no longer asked gives way to the next."""
        answers = self.answers()
        if self._called and self._at in answers:
            return next(question for question in self.questions if question.id == self._at)
        ids = [question.id for question in self.questions]
        start = ids.index(self._at) if self._at is not None else len(ids)
        asked = {question.id for question in self.asked()}
        return next((question for question in self.questions[start:] if question.id in asked), None)

    @property
    def visiting(self) -> bool:
        """Whether the person went to this very question (`go`): whoever did that from the review goes back there."""
        return self._called

    @property
    def position(self) -> tuple[int, int]:
        """(number of the current question from 1, how many are asked); at the review the number is one more."""
        asked, current = self.asked(), self.current
        if current is None:
            return len(asked) + 1, len(asked)
        return min(sum(self._comes_before(question, current) for question in asked) + 1, max(len(asked), 1)), len(asked)

    def asked(self) -> list[Question]:
        """The questions a person is led through, with the answers as they are now."""
        values = self.values()
        return [
            question
            for question in self.questions
            if question.id in values and question.ask(self._before(question, values))
        ]

    def next(self) -> Question | None:
        """Go one question on, or to the review (None); an answer that was not given is the default."""
        here = self.current
        later = [] if here is None else [one for one in self.asked() if self._comes_before(here, one)]
        self._at, self._called = (later[0].id if later else None), False
        return self.current

    def back(self) -> bool:
        """Go one question back; False when there is none before."""
        here = self.current
        earlier = [one for one in self.asked() if here is None or self._comes_before(one, here)]
        if not earlier:
            return False
        self._at, self._called = earlier[-1].id, False
        return True

    def go(self, question_id: str | None) -> None:
        """Go to that question (from the review, to change one answer), or to the review with None."""
        if question_id is not None and question_id not in self.answers():
            raise KeyError(question_id)
        self._at, self._called = question_id, question_id is not None

    # What a front end shows

    def choices(self, question: Question) -> tuple[Choice, ...]:
        """What the question offers with the answers as they are."""
        return question.choices(self._values_before(question))

    def default(self, question: Question) -> Answer:
        """What the question's answer is when no person says anything: the strongest of the other sources, or the
        question's own default; with its reason."""
        return self._counting(question, self._values_before(question), without=Source.PERSON)

    def shows(self, question: Question) -> tuple[str, ...]:
        """The lines drawn with the question, with the answers as they are."""
        return question.shows(self._values_before(question))

    def review(self) -> list[ReviewLine]:
        """Every question there is with its answer, in order; also those a person was not led to."""
        answers = self.answers()
        values = {question_id: answer.value for question_id, answer in answers.items()}
        return [
            ReviewLine(question, answer, question.say(answer.value, self._before(question, values)))
            for question in self.questions
            if (answer := answers.get(question.id)) is not None
        ]

    # Handing over: from one console to the next, and to the process that applies

    def state(self) -> dict[str, Any]:
        """All that was given, and where the person stands, as plain data for json.dumps; `restore` takes it back."""
        return {
            "at": self._at,
            "called": self._called,
            "given": {
                question_id: {
                    source.name.lower(): {
                        "value": answer.value if isinstance(answer.value, str) else list(answer.value),
                        "reason": answer.reason,
                    }
                    for source, answer in given.items()
                }
                for question_id, given in self._given.items()
                if given
            },
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over such data in place of everything that was given. KeyError, TypeError or ValueError when it is not
        of this form; then nothing has changed."""
        given: dict[str, dict[Source, Answer]] = {question.id: {} for question in self.questions}
        for question_id, by_source in state["given"].items():
            for name, entry in by_source.items():
                value = entry["value"]
                kept = value if isinstance(value, str) else tuple(map(str, value))
                given[question_id][Source[name.upper()]] = Answer(kept, Source[name.upper()], str(entry["reason"]))
        at = state["at"]
        if at is not None and at not in given:
            raise KeyError(at)
        self._given, self._at, self._called = given, at, bool(state["called"])

    def _comes_before(self, one: Question, other: Question) -> bool:
        return self.questions.index(one) < self.questions.index(other)

    def _before(self, question: Question, values: Mapping[str, Value]) -> dict[str, Value]:
        before: dict[str, Value] = {}
        for earlier in self.questions:
            if earlier.id == question.id:
                break
            if earlier.id in values:
                before[earlier.id] = values[earlier.id]
        return before

    def _values_before(self, question: Question) -> dict[str, Value]:
        return self._before(question, self.values())

    def _counting(self, question: Question, before: dict[str, Value], without: Source | None = None) -> Answer:
        given = self._given[question.id]
        for source in sorted(given, reverse=True):
            value = given[source].value
            # Of many, those that are still offered stay when others are not.
            if question.kind is Kind.MANY and not isinstance(value, str):
                value = question.tidy(value, before)
            if source is not without and not question.problem(value, before):
                return Answer(question.tidy(value, before), source, given[source].reason)
        return question.default(before)


def give_all(flow: Flow, answers: Iterable[tuple[str, Value, Source]]) -> list[str]:
    """Give many answers; every sentence about those that are not understood or not possible."""
    unknown = [flow.give(question_id, value, source) for question_id, value, source in answers]
    return [sentence for sentence in unknown if sentence] + flow.problems()
