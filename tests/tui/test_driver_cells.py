"""The screen in memory, and that what is written makes a terminal show it."""

from __future__ import annotations

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.tui.driver.cells import BLANK, BOLD, REVERSE, UNDERLINE, USUAL, Cell, Look, Screen, difference, shown
from wizard.tui.driver.glyphs import glyph

COLUMNS, LINES = 20, 5


def screen(*fed: str, columns: int = COLUMNS, lines: int = LINES, colours: bool = True) -> Screen:
    made = Screen(columns, lines, glyph, colours=colours)
    for data in fed:
        made.feed(data)
    return made


def lines_of(made: Screen) -> list[str]:
    return ["".join(cell.glyph for cell in row).rstrip() for row in made.rows]


def test_text_goes_where_the_cursor_is_put() -> None:
    made = screen("\x1b[2;3Hhello\x1b[1;1Hx\r\n\x1b[5;20H!\x1b[3;4H")
    assert lines_of(made) == ["x", "  hello", "", "", " " * 19 + "!"]
    assert made.cursor == (3, 2)


def test_what_is_outside_is_dropped() -> None:
    made = screen("\x1b[1;18Habcdef", "\x1b[9;1Hno", "\x1b[1;1H\n\n\n\n\n\n\nno")
    assert lines_of(made) == [" " * 17 + "abc", "", "", "", ""]
    assert made.cursor[1] == LINES - 1


def test_wide_and_combining_characters_keep_their_cells() -> None:
    assert lines_of(screen("\x1b[1;1H語x\x1b[2;1He\u0301y\x1b[3;20H語"))[:3] == ["? x", "ey", ""]


def test_modes_queries_and_titles_are_left_out() -> None:
    made = screen("\x1b[?2026$p\x1b[>25u\x1b]22;text\x07\x1b]52;c;aGk=\x1b\\\x1b[?1000h\x1bP+q\x1b\\\x1b(B\x1b[6n\x1b7")
    assert lines_of(made) == [""] * LINES
    assert not made.bell


def test_a_bell_is_kept() -> None:
    assert screen("\x07").bell


def test_looks() -> None:
    assert shown(USUAL, "1;32;44", True) == Look(2, 4, BOLD)
    assert shown(Look(2, 4, BOLD), "", True) == USUAL
    assert shown(Look(2, 4, BOLD | REVERSE), "22;39", True) == Look(-1, 4, REVERSE)
    # Bright is bold; what these terminals lack (palettes, italics, dim) changes nothing; bold black would be grey.
    assert shown(USUAL, "92;103", True) == Look(2, 3, BOLD)
    assert shown(USUAL, "38;5;208;3;2;4", True) == Look(-1, -1, UNDERLINE)
    assert shown(USUAL, "48;2;1;2;3;7", True) == Look(-1, -1, REVERSE)
    assert shown(USUAL, "1;30;42", True) == Look(0, 2, 0)


def test_without_colours_a_background_is_reverse() -> None:
    assert shown(USUAL, "1;32;44", False) == Look(-1, -1, BOLD | REVERSE)
    assert shown(USUAL, "31", False) == USUAL


def test_a_space_has_no_foreground() -> None:
    assert screen("\x1b[1;31m  \x1b[42m \x1b[7m ").rows[0][:4] == [
        BLANK, BLANK, Cell(" ", Look(-1, 2)), Cell(" ", Look(1, 2, BOLD | REVERSE)),
    ]  # fmt: skip


def test_a_clock_costs_its_digits() -> None:
    old = screen("\x1b[1;1H\x1b[30;42m build  12s ", columns=80, lines=24)
    new = screen("\x1b[1;1H\x1b[30;42m build  13s ", columns=80, lines=24)
    assert difference(old.rows, new.rows, range(24)) == "\x1b[1;10H\x1b[30;42m3\x1b[m"
    assert difference(new.rows, new.rows, range(24)) == ""


def test_the_rest_of_a_line_is_cleared() -> None:
    old, new = screen("\x1b[2;1Hthe whole long line"), screen("\x1b[2;1Hthe")
    assert difference(old.rows, new.rows, [1]) == "\x1b[2;4H\x1b[K"


def test_resizing_keeps_what_fits() -> None:
    made = screen("\x1b[1;1Habcdef\x1b[5;1Hlast")
    made.touched.clear()
    made.resize(4, 6)
    assert lines_of(made) == ["abcd", "", "", "", "last", ""]
    assert made.touched == set(range(6))


_LOOKS = st.builds(Look, st.integers(-1, 7), st.integers(-1, 7), st.integers(0, 7))
_SGR = st.lists(st.sampled_from([0, 1, 4, 7, 22, 24, 27, 31, 34, 39, 42, 47, 49, 93]), max_size=4)
_PIECES = st.tuples(
    st.integers(1, LINES), st.integers(1, COLUMNS), _SGR, st.text(st.sampled_from("ab ─█√語\n"), max_size=8)
)


def written(pieces: list[tuple[int, int, list[int], str]]) -> str:
    return "".join(
        f"\x1b[{y};{x}H\x1b[{';'.join(map(str, sgr))}m{text}\x1b[0m" for y, x, sgr, text in pieces
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(_PIECES, max_size=6), min_size=1, max_size=4))
def test_a_terminal_that_gets_the_differences_shows_the_screen(
    frames: list[list[tuple[int, int, list[int], str]]],
) -> None:
    """Whatever is written in whatever order: the terminal, after each difference, has the same cells."""
    terminal = pyte.Screen(COLUMNS, LINES)
    terminal.reset_mode(pyte.modes.DECAWM)
    stream = pyte.Stream(terminal)
    made = screen()
    seen = [tuple(row) for row in made.rows]
    for frame in frames:
        made.touched.clear()
        made.feed(written(frame))
        now = [tuple(row) for row in made.rows]
        stream.feed(difference(seen, now, sorted(made.touched)))
        seen = now
        assert [[cell_of(terminal.buffer[y][x]) for x in range(COLUMNS)] for y in range(LINES)] == [
            [bare(cell) for cell in row] for row in made.rows
        ]


_COLOURS = ["black", "red", "green", "brown", "blue", "magenta", "cyan", "white"]


def cell_of(cell: pyte.screens.Char) -> Cell:
    bits = BOLD * cell.bold | UNDERLINE * cell.underscore | REVERSE * cell.reverse
    foreground, background = (-1 if name == "default" else _COLOURS.index(name) for name in (cell.fg, cell.bg))
    return bare(Cell(cell.data, Look(foreground, background, bits)))


def bare(cell: Cell) -> Cell:
    """A space without what cannot be seen of it."""
    if cell.glyph == " " and not cell.look.bits & REVERSE:
        return Cell(" ", Look(-1, cell.look.background, cell.look.bits & UNDERLINE))
    return cell
