"""Output in pieces is the same lines as output at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wizard.engine.events import make_safe
from wizard.plain.output import LINE, LastLine, Lines


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_pieces_make_the_same_lines(pieces: list[bytes]) -> None:
    lines = Lines()
    got = [line for piece in pieces for line in lines.feed(piece)] + lines.flush()
    whole = b"".join(pieces)
    expected = [make_safe(line) for line in whole.split(b"\n")]
    if not whole or whole.endswith(b"\n"):
        expected.pop()
    assert got == expected


def test_characters_are_not_torn_where_a_long_line_is_broken() -> None:
    lines = Lines()
    got = lines.feed(("x" + "漢" * LINE).encode()) + lines.flush()
    assert "".join(got) == "x" + "漢" * LINE
    assert max(len(line.encode()) for line in got) <= LINE


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    lines = Lines()
    assert sum(len(line) for line in lines.feed(b"a" * (10 * LINE))) >= 9 * LINE


def test_last_line_is_the_last_one_that_shows_something() -> None:
    last = LastLine()
    last.feed(b"one\ntwo\n\n  \n")
    assert last.text() == "two"
    last.feed(b"10%\r20%\r")
    assert last.text() == "20%"
    last.feed(b"\x1b[31m\xff red\x1b[0m")
    assert last.text().endswith("red")
    assert "\x1b" not in last.text()
    last.clear()
    assert last.text() == ""


def test_last_line_after_much_output() -> None:
    last = LastLine()
    for _ in range(1000):
        last.feed(b"x" * 1000 + b"\n")
    last.feed(b"end\n")
    assert last.text() == "end"
