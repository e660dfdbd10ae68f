"""A walk through questions: forward, back without losing anything, and the review at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wizard.flow.question import Answer, Choice, Kind, Question, Source, Value


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A question that was asked, its answer, and the answer in the words of the choices."""

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
        self._given: dict[str, dict[Source, Value]] = {question.id: {} for question in questions}
        self._at: str | None = questions[0].id if questions else None

    # Answers

    def give(self, question_id: str, value: Value, source: Source) -> str:
        """Keep an answer from a file, a kernel command line, a detection …; "" or why it is not understood.

        A value the question does not offer yet (its choices may change with other answers) is kept all the same:
        `problems` tells when it stays impossible.
        """
        if question_id not in self._given:
            return f"There is no question {question_id!r}; there are {', '.join(self._given)}."
        self._given[question_id][source] = value
        return ""

    def answer(self, value: Value) -> str:
        """The person's answer to the current question; "" when it is kept, else a sentence saying why it is not."""
        question = self.current
        if question is None:
            return "Every question is answered."
        before = self._values_before(question)
        problem = question.problem(value, before)
        if not problem:
            self._given[question.id][Source.PERSON] = question.tidy(value, before)
        return problem

    def answers(self) -> dict[str, Answer]:
        """The answer that counts for every question that is asked, by id, in order."""
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
        found: list[str] = []
        for question in self.asked():
            before = self._values_before(question)
            for source, value in self._given[question.id].items():
                problem = question.problem(value, before)
                if problem:
                    found.append(f"{problem} (from: {source})")
        return found

    # Walking

    @property
    def current(self) -> Question | None:
        """The question the person stands at; None at the review."""
        return next((question for question in self.asked() if question.id == self._at), None)

    @property
    def position(self) -> tuple[int, int]:
        """(number of the current question from 1, how many are asked); at the review the number is one more."""
        ids = [question.id for question in self.asked()]
        return (ids.index(self._at) + 1 if self._at in ids else len(ids) + 1, len(ids))

    def asked(self) -> list[Question]:
        """The questions that are asked with the answers as they are now."""
        answers = self.answers()
        return [question for question in self.questions if question.id in answers]

    def next(self) -> Question | None:
        """Go one question on, or to the review (None); an answer that was not given is the default."""
        ids = [question.id for question in self.asked()]
        here = ids.index(self._at) + 1 if self._at in ids else len(ids)
        self._at = ids[here] if here < len(ids) else None
        return self.current

    def back(self) -> bool:
        """Go one question back; False when there is none before."""
        ids = [question.id for question in self.asked()]
        here = ids.index(self._at) if self._at in ids else len(ids)
        if here == 0:
            return False
        self._at = ids[here - 1]
        return True

    def go(self, question_id: str | None) -> None:
        """Go to that question (from the review, to change one answer), or to the review with None."""
        if question_id is not None and question_id not in self.answers():
            raise KeyError(question_id)
        self._at = question_id

    # What a front end shows

    def choices(self, question: Question) -> tuple[Choice, ...]:
        """What the question offers with the answers as they are."""
        return question.choices(self._values_before(question))

    def default(self, question: Question) -> Answer:
        """What the question's answer is when nobody says anything, with its reason."""
        return question.default(self._values_before(question))

    def review(self) -> list[ReviewLine]:
        """Every question that is asked with its answer, in order."""
        answers = self.answers()
        return [
            ReviewLine(question, answer, question.say(answer.value, self._values_before(question)))
            for question in self.questions
            if (answer := answers.get(question.id)) is not None
        ]

    def _values_before(self, question: Question) -> dict[str, Value]:
        before: dict[str, Value] = {}
        for question_id, value in self.values().items():
            if question_id == question.id:
                break
            before[question_id] = value
        return before

    def _counting(self, question: Question, before: dict[str, Value]) -> Answer:
        given = self._given[question.id]
        for source in sorted(given, reverse=True):
            value = given[source]
            # Of many, those that are still offered stay when others are not.
            if (question.kind is Kind.MANY and not isinstance(value, str)) or not question.problem(value, before):
                return Answer(question.tidy(value, before), source)
        return question.default(before)


def give_all(flow: Flow, answers: Iterable[tuple[str, Value, Source]]) -> list[str]:
    """Give many answers; every sentence about those that are not understood or not possible."""
    unknown = [flow.give(question_id, value, source) for question_id, value, source in answers]
    return [sentence for sentence in unknown if sentence] + flow.problems()
