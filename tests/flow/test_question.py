"""Questions: what they take, what they say when they do not, and what they keep."""

from __future__ import annotations

from wizard.flow.question import Answer, Choice, Kind, Question, Source

FRUIT = Question(
    "fruit",
    "Fruit",
    "Which?",
    Kind.ONE,
    lambda values: Answer("apple", Source.DEFAULT, "keeps the doctor away"),
    lambda values: (Choice("apple", "An apple"), Choice("pear", "A pear")),
)
TOPPINGS = Question(
    "toppings",
    "Toppings",
    "What on it?",
    Kind.MANY,
    lambda values: Answer((), Source.DEFAULT),
    lambda values: tuple(Choice(name, name.title()) for name in ("nuts", "cream", "honey")),
)
NAME = Question(
    "name",
    "Name",
    "Who?",
    Kind.TEXT,
    lambda values: Answer("nobody", Source.DEFAULT),
    check=lambda value, values: "" if value.isalpha() else "A name has letters only.",
)


def test_one_of_the_choices() -> None:
    assert FRUIT.problem("pear", {}) == ""
    assert FRUIT.problem("plum", {}) == "Fruit: 'plum' is not offered here; take apple or pear."
    assert FRUIT.problem(("pear",), {}) == "Fruit takes one answer, not a list."


def test_many_are_kept_in_the_order_of_the_choices_and_once() -> None:
    assert TOPPINGS.problem((), {}) == ""
    assert TOPPINGS.tidy(("honey", "nuts", "honey"), {}) == ("nuts", "honey")
    assert (
        TOPPINGS.problem(("nuts", "salt"), {}) == "Toppings: 'salt' is not offered here; take nuts or cream or honey."
    )
    assert TOPPINGS.problem("nuts", {}) == "Toppings takes a list."


def test_a_text_is_judged_by_the_questions_own_check() -> None:
    assert NAME.problem("Ada", {}) == ""
    assert NAME.problem("$(reboot)", {}) == "A name has letters only."
    assert NAME.problem(("Ada",), {}) == "Name takes one answer, not a list."


def test_the_review_speaks_in_the_words_of_the_choices() -> None:
    assert FRUIT.say("pear", {}) == "A pear"
    assert TOPPINGS.say(("nuts", "honey"), {}) == "Nuts, Honey"
    assert TOPPINGS.say((), {}) == "none"
    assert NAME.say("Ada", {}) == "Ada"


def test_sources_are_ordered_and_have_words() -> None:
    strongest_first = sorted(Source, reverse=True)
    assert [str(source) for source in strongest_first] == [
        "person",
        "file",
        "kernel command line",
        "detected",
        "default",
    ]


LINES = Question(
    "keys",
    "Keys",
    "Whose?",
    Kind.LINES,
    lambda values: Answer((), Source.DEFAULT),
    check=lambda value, values: "" if value.startswith("ssh-") else "No key.",
    secret=True,
)
LONG = Question(
    "zone",
    "Zone",
    "Where?",
    Kind.ONE,
    lambda values: Answer("Europe/Paris", Source.DEFAULT),
    lambda values: tuple(Choice(f"Europe/{name}", name) for name in ("Paris", "Parma", "Rome", *"abcdefgh")),
)


def test_lines_are_each_judged_and_kept_once_without_blanks() -> None:
    assert LINES.problem(("ssh-a", "rsa"), {}) == "No key."
    assert LINES.problem("ssh-a", {}) == "Keys takes a list."
    assert LINES.tidy((" ssh-a", "ssh-b ", "ssh-a", ""), {}) == ("ssh-a", "ssh-b")


def test_a_secret_is_not_said() -> None:
    assert LINES.say(("ssh-a",), {}) == "(not shown)"
    assert LINES.say((), {}) == "none"


def test_of_many_choices_the_nearest_are_named() -> None:
    assert LONG.problem("Europe/Pari", {}) == (
        "Zone: 'Europe/Pari' is none of the 11 there are; is it Europe/Paris or Europe/Parma or Europe/a?"
    )
    assert LONG.problem("x", {}).endswith("is none of the 11 there are.")


def test_one_text_stands_for_a_value() -> None:
    assert FRUIT.read("pear") == "pear"
    assert NAME.read("Ada, Countess") == "Ada, Countess"
    assert TOPPINGS.read("nuts, honey,") == ("nuts", "honey")
    assert LINES.read("") == ()
