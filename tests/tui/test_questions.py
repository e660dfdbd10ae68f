"""The questions of the wizard, by keys."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.tui.screen import lines, seen, showing, text, until
from wizard.flow.flow import Flow
from wizard.flow.question import Answer, Choice, Kind, Question, Source
from wizard.tui.screens.questions import QuestionsScreen
from wizard.tui.screens.review import ReviewScreen
from wizard.tui.screens.settings import SettingsScreen
from wizard.tui.setup import Setup, make_setup


def setup_of(*questions: Question) -> Setup:
    """The workstation's setup with other questions: what this screen draws is any flow."""
    setup = make_setup()
    setup.flow = Flow(questions)
    return setup


COLOUR = Question(
    "colour", "Colour", "What it is painted with.", Kind.ONE,
    lambda values: Answer("green", Source.DEFAULT, "chameleons are"),
    lambda values: (Choice("red", "Red", "As a tomato."), Choice("green", "Green", "As a leaf.")),
)  # fmt: skip
EXTRAS = Question(
    "extras", "Extras", "Any number of them.", Kind.MANY,
    lambda values: Answer((), Source.DEFAULT, "less is more"),
    lambda values: tuple(Choice(f"e{number}", f"Extra {number}") for number in range(30)),
)  # fmt: skip
SHADE = Question(
    "shade", "Shade", "How dark.", Kind.ONE,
    lambda values: Answer("light", Source.DEFAULT, "easier to see"),
    lambda values: (Choice("light", "Light"), Choice("dark", "Dark")),
    when=lambda values: values["colour"] == "red",
)  # fmt: skip
NAME = Question(
    "name", "Name", "Letters only.", Kind.TEXT,
    lambda values: Answer("kim", Source.DEFAULT, "short"),
    check=lambda value, values: "" if value.isalpha() else "A name has letters only.",
)  # fmt: skip


async def test_the_first_question_shows_its_default_and_why() -> None:
    async with showing(QuestionsScreen(setup_of(COLOUR, NAME))) as (app, _):
        shown = lines(app)
        assert shown[0].endswith("1 of 2 · Colour")
        assert shown[1].split() == ["[Colour]", "Name", "Review"]
        assert "What it is painted with." in text(app)
        assert any(line.startswith(" > Green") and line.endswith("default") for line in shown)
        assert any(line.startswith("   Red") and "default" not in line for line in shown)
        assert "As a leaf." in text(app)
        assert "Default: Green (chameleons are)." in text(app)


async def test_moving_tells_about_what_is_under_the_cursor() -> None:
    async with showing(QuestionsScreen(setup_of(COLOUR))) as (app, pilot):
        await pilot.press("up")
        assert "As a tomato." in text(app)
        assert "Default: Green (chameleons are)." in text(app)


async def test_esc_goes_back_and_answers_are_kept() -> None:
    setup = setup_of(COLOUR, SHADE, EXTRAS, NAME)
    async with showing(QuestionsScreen(setup)) as (app, pilot):
        await pilot.press("up", "enter")
        assert lines(app)[0].endswith("2 of 4 · Shade"), "red asks one question more"
        await pilot.press("down", "enter", "space", "down", "down", "space", "escape")
        assert "> Dark" in text(app)
        await pilot.press("enter")
        assert "> [x] Extra 0" in text(app)
        assert "[ ] Extra 1" in text(app)
        assert "[x] Extra 2" in text(app)
        await pilot.press("enter", "backspace", "escape", "enter")
        assert app.screen.query_one(Input).value == "ki"
        assert setup.flow.values() == {"colour": "red", "shade": "dark", "extras": ("e0", "e2"), "name": "ki"}
        assert setup.flow.answers()["extras"].source is Source.PERSON


async def test_a_text_that_will_not_do_is_refused_with_the_reason() -> None:
    async with showing(QuestionsScreen(setup_of(NAME))) as (app, pilot):
        await pilot.press("1", "enter")
        assert "A name has letters only." in text(app)
        assert isinstance(app.screen, QuestionsScreen)


async def test_long_lists_scroll_to_the_cursor() -> None:
    async with showing(QuestionsScreen(setup_of(EXTRAS))) as (app, pilot):
        await pilot.press("end", "space")
        assert "> [x] Extra 29" in text(app)
        await pilot.press("home")
        assert "> [ ] Extra 0" in text(app)
        await pilot.press("pagedown")
        assert "> [ ] Extra 0" not in text(app)


async def test_the_terminal_cursor_is_on_the_row() -> None:
    """Braille and speech read where the terminal's own cursor is."""
    async with showing(QuestionsScreen(setup_of(COLOUR))) as (app, pilot):
        await pilot.press("up")
        row = next(number for number, line in enumerate(lines(app)) if line.startswith(" > Red"))
        assert app.cursor_position.y == row


async def test_esc_at_the_first_question_and_f10_ask_before_leaving() -> None:
    async with showing(QuestionsScreen(setup_of(COLOUR))) as (app, pilot):
        for key in ("escape", "f10", "ctrl+q", "ctrl+c"):
            await pilot.press(key)
            await seen(pilot, "Quit?", "Nothing has been built.")
            await pilot.press("escape")
            await until(pilot, lambda: "Quit?" not in text(app))
        await pilot.press("f10", "q")
        await until(pilot, lambda: app.return_code is not None)
        assert app.return_code == 0


async def test_f1_helps() -> None:
    async with showing(QuestionsScreen(setup_of(COLOUR))) as (app, pilot):
        await pilot.press("f1")
        await seen(pilot, "Help: questions", "another answer")
        await pilot.press("escape")
        await until(pilot, lambda: "Help: questions" not in text(app))


async def test_the_workstation_flow_to_its_review_and_back() -> None:
    setup = make_setup()
    setup.problems = lambda setup: []
    async with showing(QuestionsScreen(setup)) as (app, pilot):
        for _ in range(setup.flow.position[1]):
            await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        last = setup.flow.asked()[-1]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, QuestionsScreen))
        assert setup.flow.current == last
        assert lines(app)[0].endswith(last.title)


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (132, 43), (200, 60), (20, 5)])
async def test_every_question_at_every_size(size: tuple[int, int]) -> None:
    async with showing(QuestionsScreen(setup_of(COLOUR, EXTRAS, NAME)), size) as (app, pilot):
        for word in ("Green", "Extra 0", "kim"):
            if size >= (40, 12):
                assert word in text(app)
            assert all(len(line) <= size[0] for line in lines(app))
            if word != "kim":
                await pilot.press("enter")


async def test_resized_live() -> None:
    async with showing(QuestionsScreen(setup_of(EXTRAS))) as (_, pilot):
        await pilot.press("end")
        for width, height in ((60, 16), (200, 60), (40, 12), (80, 24)):
            await pilot.resize_terminal(width, height)
            await seen(pilot, "> [ ] Extra 29")
