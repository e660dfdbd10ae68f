"""Lines and the status line, on terminals and elsewhere."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plain.told import Terminal, screen_of
from wizard.plain.paper import Paper, columns, cut, same_file


class Narrow(Paper):
    """A live paper whose terminal has 30 columns."""

    def width(self) -> int:
        return 30


@given(st.text(alphabet="aé漢\u0301😀 ", max_size=60), st.integers(0, 40))
def test_cut_text_fits_and_is_the_longest_that_does(text: str, width: int) -> None:
    kept = cut(text, width)
    assert text.startswith(kept)
    assert columns(kept) <= width
    if kept != text:
        assert columns(text[: len(kept) + 1]) > width


def test_columns_are_those_of_a_terminal() -> None:
    assert [columns(text) for text in ("abc", "é", "e\u0301", "漢字", "")] == [3, 1, 1, 4, 0]


def test_a_status_stays_last_and_is_rewritten() -> None:
    paper = Narrow(io.StringIO(), live=True)
    paper.line("first")
    paper.status("> step 1 s")
    paper.status("> step 2 s")
    paper.line("second")
    assert screen_of(paper.stream.getvalue()) == ["first", "second", "> step 2 s"]  # type: ignore[attr-defined]
    paper.status("")
    paper.line("third")
    assert screen_of(paper.stream.getvalue()) == ["first", "second", "third"]  # type: ignore[attr-defined]


def test_a_long_status_never_wraps() -> None:
    paper = Narrow(io.StringIO(), live=True)
    for number in range(3):
        paper.status(f"{number} 漢" + "x" * 100)
    paper.line("end")
    shown = screen_of(paper.stream.getvalue(), columns=30)  # type: ignore[attr-defined]
    assert shown[0] == "end"
    assert len(shown) == 2
    assert shown[1].startswith("2 漢")


def test_nothing_is_rewritten_where_it_cannot_be() -> None:
    paper = Paper(io.StringIO())
    paper.status("> step")
    paper.line("line")
    assert paper.stream.getvalue() == "line\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("terminal", "term", "no_color", "live", "colour"),
    [
        (True, "xterm", "", True, True),
        (True, "xterm", "1", True, False),
        (True, "dumb", "", False, False),
        (True, "", "", False, False),
        (False, "xterm", "", False, False),
    ],
)
def test_what_a_stream_can(
    terminal: bool, term: str, no_color: str, live: bool, colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", no_color)
    paper = Paper.on(Terminal() if terminal else io.StringIO())
    assert (paper.live, paper.colour) == (live, colour)
    assert ("\x1b" in paper.paint("text", "red")) is colour


def test_a_decision_by_somebody_else_begins_a_line_after_the_prompt() -> None:
    paper = Paper(io.StringIO(), live=True)
    paper.ask("what? ")
    paper.line("skip (by socket)")
    paper.ask("what? ")
    paper.answered()
    paper.line("next")
    assert paper.stream.getvalue() == "what? \nskip (by socket)\nwhat? next\n"  # type: ignore[attr-defined]


def test_a_reader_that_leaves_silences_the_paper_only() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        paper = Paper.on(stream)
        paper.line("nobody reads this")
        paper.line("nor this")


def test_a_character_the_locale_lacks_is_replaced(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as stream:
        Paper.on(stream).line("漢 ok")
    assert (tmp_path / "out").read_text() == "? ok\n"


def test_same_file(tmp_path: Path) -> None:
    one, other = (tmp_path / "one").open("w"), (tmp_path / "other").open("w")
    with one, other, os.fdopen(os.dup(one.fileno()), "w") as again:
        assert same_file(one, again)
        assert not same_file(one, other)
        assert not same_file(one, None)
