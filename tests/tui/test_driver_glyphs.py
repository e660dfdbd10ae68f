"""The glyph table against the code points of the fonts themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui import fonts
from wizard.tui import facts
from wizard.tui.driver.glyphs import FONT, ascii_glyph, glyph


def test_the_set_is_in_both_fonts() -> None:
    assert fonts.both() >= FONT


def test_what_the_second_font_lacks_is_not_in_the_set() -> None:
    assert fonts.kernel() - fonts.lat15() >= set("√▀▄▌▐▓►◄")
    assert not FONT & set("√▀▄▌▐▓►◄")


@given(st.characters())
def test_every_character_becomes_one_of_the_font(character: str) -> None:
    assert glyph(character) in FONT
    assert ascii_glyph(character).isascii()
    assert len(ascii_glyph(character)) == 1


def test_what_the_font_has_stays() -> None:
    assert [glyph(character) for character in sorted(FONT)] == sorted(FONT)


def test_every_line_and_block_has_a_stand_in() -> None:
    """U+2500 to U+259F: borders, scroll bars and progress bars are made of them."""
    assert [chr(code) for code in range(0x2500, 0x25A0) if glyph(chr(code)) == "?"] == []


@pytest.mark.parametrize(
    ("shown", "characters"),
    [
        ("┌", "╭┏╓╔┍"), ("┐", "╮┓"), ("└", "╰┗"), ("┘", "╯┛"), ("─", "━┄╌▔▁▀▄"), ("│", "┃┆▎▊▌▐"), ("├", "┣┡"),
        ("┼", "╋╂"), ("*", "●✓√✔⠋"), ("o", "○⭘"), ("x", "✗×"), (">", "▶►❯"), ("<", "◀◄"),
        ("~", "…"), ("/", "╱"), ("▒", "▓▚"), ("█", "▉▙"), ("-", "—–"),
        ("é", "é"), ("e", "ě"), ("s", "š"), ("?", "語한😀я"),
    ],
)  # fmt: skip
def test_the_table(shown: str, characters: str) -> None:
    # Double lines the fonts have.
    assert {glyph(character) for character in characters} - set("╓╔") == {shown}


def test_the_marks_of_steps_can_be_told_apart() -> None:
    for each in (glyph, ascii_glyph):
        assert len({each(mark) for mark in facts.MARKS.values()}) == len(facts.MARKS)


def test_ascii() -> None:
    assert "".join(map(ascii_glyph, "┌─┐│├┼█░■·•»Æé√語")) == "+-+|++#:#.*>Ae*?"
