"""Walking through questions: forward, back, to and fro, and answers from elsewhere."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.flow.flow import Flow, give_all
from wizard.flow.question import Answer, Choice, Kind, Question, Source, Value, Values

COLOURS = {"car": ("red", "black"), "tree": ("green",), "ghost": ()}


def _colours(values: Values) -> tuple[Choice, ...]:
    return tuple(Choice(name, name.title()) for name in COLOURS[str(values["thing"])])


def _flow() -> Flow:
    """thing; colour, whose choices the thing decides, and which a ghost is not asked; a text."""
    return Flow(
        (
            Question(
                "thing",
                "Thing",
                "",
                Kind.ONE,
                lambda values: Answer("car", Source.DEFAULT, "most have one"),
                lambda values: tuple(Choice(name, name.title()) for name in COLOURS),
            ),
            Question(
                "colour",
                "Colour",
                "",
                Kind.ONE,
                lambda values: Answer(_colours(values)[0].id, Source.DEFAULT, "the first there is"),
                _colours,
                when=lambda values: values["thing"] != "ghost",
            ),
            Question(
                "name",
                "Name",
                "",
                Kind.TEXT,
                lambda values: Answer(f"my {values['thing']}", Source.DETECTED, "it is yours"),
                check=lambda value, values: "" if value else "A name is not empty.",
            ),
        )
    )


def test_forward_with_defaults_to_the_review() -> None:
    flow = _flow()
    seen = []
    while flow.current is not None:
        seen.append((flow.current.id, flow.position))
        flow.next()
    assert seen == [("thing", (1, 3)), ("colour", (2, 3)), ("name", (3, 3))]
    assert flow.position == (4, 3)
    assert flow.next() is None
    assert [(line.question.id, line.words, line.answer.source, line.answer.reason) for line in flow.review()] == [
        ("thing", "Car", Source.DEFAULT, "most have one"),
        ("colour", "Red", Source.DEFAULT, "the first there is"),
        ("name", "my car", Source.DETECTED, "it is yours"),
    ]


def test_going_back_keeps_answers() -> None:
    flow = _flow()
    assert flow.answer("tree") == ""
    flow.next()
    flow.next()
    assert flow.answer("Yggdrasil") == ""
    assert flow.back()
    assert flow.back()
    assert flow.current is not None
    assert flow.current.id == "thing"
    assert not flow.back()
    assert flow.values() == {"thing": "tree", "colour": "green", "name": "Yggdrasil"}
    assert flow.answers()["name"] == Answer("Yggdrasil", Source.PERSON)


def test_an_answer_that_an_earlier_one_made_impossible_comes_back_with_it() -> None:
    flow = _flow()
    flow.next()
    assert flow.answer("black") == ""
    flow.back()
    flow.answer("tree")
    assert flow.values()["colour"] == "green"
    flow.answer("ghost")
    assert "colour" not in flow.values()
    assert flow.position == (1, 2)
    flow.answer("car")
    assert flow.answers()["colour"] == Answer("black", Source.PERSON)


def test_a_refused_answer_changes_nothing() -> None:
    flow = _flow()
    flow.answer("tree")
    assert flow.answer("boat") == "Thing: 'boat' is not offered here; take car or tree or ghost."
    assert flow.values()["thing"] == "tree"
    flow.go("name")
    assert flow.answer("") == "A name is not empty."


def test_from_the_review_to_one_question_and_back() -> None:
    flow = _flow()
    flow.go(None)
    assert flow.current is None
    flow.go("colour")
    flow.answer("black")
    flow.go(None)
    assert flow.values()["colour"] == "black"
    assert flow.back()
    assert flow.current is not None
    assert flow.current.id == "name"
    with pytest.raises(KeyError):
        flow.go("colou")


def test_a_question_that_is_no_longer_asked_cannot_be_gone_to() -> None:
    flow = _flow()
    flow.answer("ghost")
    with pytest.raises(KeyError):
        flow.go("colour")


def test_the_strongest_possible_source_counts_whatever_the_order() -> None:
    flow = _flow()
    assert flow.give("thing", "tree", Source.FILE) == ""
    assert flow.give("thing", "ghost", Source.KERNEL) == ""
    assert flow.answers()["thing"] == Answer("tree", Source.FILE)
    flow.answer("car")
    assert flow.answers()["thing"] == Answer("car", Source.PERSON)


def test_answers_from_a_file_that_cannot_be_are_told_and_not_taken() -> None:
    flow = _flow()
    sentences = give_all(
        flow, [("thing", "tree", Source.FILE), ("colour", "black", Source.FILE), ("colr", "x", Source.FILE)]
    )
    assert sentences == [
        "There is no question 'colr'; there are thing, colour, name.",
        "Colour: 'black' is not offered here; take green. (from: file)",
    ]
    assert flow.values()["colour"] == "green"


def test_of_many_those_still_offered_stay() -> None:
    tools = {"car": ("jack", "rope"), "tree": ("rope", "saw"), "ghost": ()}
    flow = Flow(
        (
            _flow().questions[0],
            Question(
                "tools",
                "Tools",
                "",
                Kind.MANY,
                lambda values: Answer((), Source.DEFAULT),
                lambda values: tuple(Choice(name, name) for name in tools[str(values["thing"])]),
            ),
        )
    )
    flow.next()
    assert flow.answer(("rope", "jack")) == ""
    flow.back()
    flow.answer("tree")
    assert flow.answers()["tools"] == Answer(("rope",), Source.PERSON)
    flow.answer("car")
    assert flow.values()["tools"] == ("jack", "rope")


def test_a_flow_without_questions_is_at_its_review() -> None:
    flow = Flow(())
    assert flow.current is None
    assert flow.review() == []
    assert not flow.back()
    assert flow.answer("x") == "Every question is answered."


_MOVES = st.lists(
    st.one_of(
        st.just(("next", "")),
        st.just(("back", "")),
        st.tuples(st.just("answer"), st.sampled_from(["car", "tree", "ghost", "red", "black", "green", "Ada", ""])),
        st.tuples(st.sampled_from(list(Source)), st.sampled_from(["car", "ghost", "green", "Bob"])),
    ),
    max_size=25,
)


@given(_MOVES)
def test_whatever_is_done_every_question_asked_has_a_possible_answer(moves: list[tuple[str | Source, str]]) -> None:
    flow = _flow()
    for move, text in moves:
        if isinstance(move, Source):
            flow.give("colour" if text == "green" else "thing", text, move)
        elif move == "next":
            flow.next()
        elif move == "back":
            flow.back()
        else:
            flow.answer(text)
    values: dict[str, Value] = {}
    for question in flow.asked():
        answer = flow.answers()[question.id]
        assert question.problem(answer.value, values) == ""
        values[question.id] = answer.value
    number, total = flow.position
    assert 1 <= number <= total + 1
    assert (flow.current is None) == (number == total + 1)
    assert [line.question.id for line in flow.review()] == [question.id for question in flow.asked()]


def _walk(flow: Flow) -> list[str]:
    seen = []
    while flow.current is not None:
        seen.append(flow.current.id)
        flow.next()
    return seen


def _quiet_flow(asked: list[str]) -> Flow:
    """As `_flow`, but a person is led to `asked` alone."""
    return Flow(
        tuple(
            dataclasses.replace(one, ask=lambda values, one=one: one.id in asked)  # type: ignore[misc]
            for one in _flow().questions
        )
    )


def test_a_question_a_person_is_not_led_to_has_an_answer_all_the_same() -> None:
    flow = _quiet_flow(["colour"])
    flow.give("name", "Ada", Source.KERNEL, "kameleon.name=Ada")
    assert _walk(flow) == ["colour"]
    assert flow.position == (2, 1)
    assert flow.answers()["name"] == Answer("Ada", Source.KERNEL, "kameleon.name=Ada")
    assert [line.question.id for line in flow.review()] == ["thing", "colour", "name"]
    flow.go("thing")  # from the review it can be changed
    assert flow.current is not None
    assert flow.current.id == "thing"
    assert flow.position == (1, 1)
    assert flow.answer("tree") == ""
    assert flow.next() is not None
    assert flow.current.id == "colour"
    flow.go("name")
    assert flow.back()
    assert flow.current.id == "colour"


def test_a_question_that_is_no_longer_asked_gives_way_to_the_next() -> None:
    asked = ["thing", "colour", "name"]
    flow = _quiet_flow(asked)
    flow.next()
    asked.remove("colour")  # a keyboard that was unplugged
    assert flow.current is not None
    assert flow.current.id == "name"
    assert flow.position == (2, 2)


def test_nobody_asked_is_at_the_review() -> None:
    flow = _quiet_flow([])
    assert flow.current is None
    assert flow.position == (1, 0)
    assert not flow.back()
    assert flow.values() == {"thing": "car", "colour": "red", "name": "my car"}


def test_what_has_no_possible_default_must_be_answered() -> None:
    flow = _flow()
    assert flow.open() == []
    sure = Question("sure", "Erase", "", Kind.TEXT, lambda values: Answer("", Source.DEFAULT, "nobody said so"),
                    check=lambda value, values: "" if value == "yes" else "Type yes to erase.")  # fmt: skip
    flow = Flow((*flow.questions, sure))
    assert flow.open() == [(sure, "Type yes to erase.")]
    flow.give("sure", "yes", Source.FILE)
    assert flow.open() == []


def test_the_default_a_person_sees_is_what_counts_without_them() -> None:
    flow = _flow()
    flow.give("thing", "ghost", Source.KERNEL, "kameleon.thing=ghost")
    flow.answer("tree")
    assert flow.default(flow.questions[0]) == Answer("ghost", Source.KERNEL, "kameleon.thing=ghost")
    flow.forget("thing", Source.KERNEL)
    assert flow.default(flow.questions[0]).value == "car"
    flow.forget("thing", Source.PERSON)
    assert flow.values()["thing"] == "car"


@given(_MOVES)
def test_another_process_goes_on_where_this_one_stands(moves: list[tuple[str | Source, str]]) -> None:
    flow, other = _flow(), _flow()
    for move, text in moves:
        if isinstance(move, Source):
            flow.give("colour" if text == "green" else "thing", text, move, "a reason")
        elif move in ("next", "back"):
            getattr(flow, move)()
        else:
            flow.answer(text)
    other.restore(json.loads(json.dumps(flow.state())))
    assert other.answers() == flow.answers()
    assert other.position == flow.position
    assert other.state() == flow.state()


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"at": "moon", "called": False, "given": {}},
        {"at": None, "called": False, "given": {"thing": {"rumour": {"value": "tree", "reason": ""}}}},
        {"at": None, "called": False, "given": {"moon": {"person": {"value": "tree", "reason": ""}}}},
        {"at": None, "called": False, "given": {"thing": {"person": {"value": 3, "reason": ""}}}},
    ],
)
def test_a_state_that_is_none_changes_nothing(state: dict[str, object]) -> None:
    flow = _flow()
    flow.answer("tree")
    with pytest.raises((KeyError, TypeError, ValueError)):
        flow.restore(state)
    assert flow.values()["thing"] == "tree"


def test_at_least_so_many_of_several() -> None:
    flow = Flow((
        Question(
            "size", "Size", "", Kind.ONE, lambda values: Answer("s", Source.DEFAULT),
            lambda values: (Choice("s", "Small"), Choice("l", "Large")),
        ),
        Question(
            "shapes", "Shapes", "", Kind.MANY, lambda values: Answer(("dot",), Source.DEFAULT), least=1,
            choices=lambda values: (Choice("dot", "Dot"), *([Choice("box", "Box")] if values["size"] == "l" else [])),
        ),
    ))  # fmt: skip
    flow.answer("l")
    flow.next()
    assert flow.answer(()) == "Shapes: at least 1 must be chosen."
    assert flow.answer(("box",)) == ""
    assert flow.values()["shapes"] == ("box",)
    # Nothing of what was chosen is left: the default, until it is possible again.
    flow.go("size")
    flow.answer("s")
    assert flow.answers()["shapes"] == Answer(("dot",), Source.DEFAULT)
    flow.answer("l")
    assert flow.values()["shapes"] == ("box",)
