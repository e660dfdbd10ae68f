"""A screen in memory: what was written to it is kept as cells, and two of them can be told apart.

Textual writes whole regions: 26.7 kB for the first 80x24 screen, 2.2 kB for a tick of a clock. The cells that differ
take 5.3 kB and 0.1 kB, which a line of 115200 baud carries in half a second and in ten milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

BOLD, UNDERLINE, REVERSE = 1, 2, 4


class Look(NamedTuple):
    """Colours by their number (0 to 7; -1: the terminal's own), and the bits of BOLD, UNDERLINE and REVERSE."""

    foreground: int = -1
    background: int = -1
    bits: int = 0


class Cell(NamedTuple):
    glyph: str
    look: Look


USUAL = Look()
BLANK = Cell(" ", USUAL)
Row = Sequence[Cell]

_TOKENS = re.compile(
    r"\x1b\[(?P<parameters>[0-9;:<=>?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[ -/]*[0-~]"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
)


class Screen:
    """Takes what Textual writes: text, colours, cursor positions. Everything else in it (modes, queries, titles) is
    left out: a console gets only what it knows."""

    def __init__(self, columns: int, lines: int, glyph: Callable[[str], str], *, colours: bool = True) -> None:
        """`glyph` says what is shown for a character; without `colours` a coloured background becomes reverse."""
        self._glyph = glyph
        self._colours = colours
        self.rows: list[list[Cell]] = []
        #: Numbers of the rows that were written to since somebody emptied it.
        self.touched: set[int] = set()
        self.bell = False
        self.cursor = (0, 0)  # column, line
        self._x = self._y = 0
        self._look = USUAL
        self.columns = self.lines = 0
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        """Another size: what is outside is lost, what comes new is blank."""
        self.rows = [
            [*row[:columns], *[BLANK] * (columns - len(row))]
            for row in [*self.rows[:lines], *([] for _ in range(lines - len(self.rows)))]
        ]
        self.columns, self.lines = columns, lines
        self.touched = set(range(lines))

    def feed(self, data: str) -> None:
        """Take what was written; whole sequences only."""
        for token in _TOKENS.finditer(data):
            kind = token.lastgroup
            if kind == "text":
                self._put(token["text"])
            elif kind == "final":
                self._sequence(token["parameters"], token["final"])
            elif kind == "control":
                self._control(token["control"])
        self.cursor = (min(self._x, self.columns - 1), min(self._y, self.lines - 1))

    def _sequence(self, parameters: str, final: str) -> None:
        if final == "m":
            self._look = shown(self._look, parameters, self._colours)
        elif final == "H":
            line, _, column = parameters.partition(";")
            self._y, self._x = int(line or 1) - 1, int(column or 1) - 1

    def _control(self, control: str) -> None:
        if control == "\n":
            self._x, self._y = 0, self._y + 1
        elif control == "\a":
            self.bell = True

    def _put(self, text: str) -> None:
        if not 0 <= self._y < self.lines:
            return
        row, look = self.rows[self._y], self._look
        self.touched.add(self._y)
        blank = _blank(look)
        for character in text:
            width = 1 if character.isascii() else cell_len(character)
            if width and 0 <= self._x <= self.columns - width:
                shape = self._glyph(character)
                row[self._x] = blank if shape == " " else Cell(shape, look)
                if width == 2:
                    row[self._x + 1] = blank
            self._x += width


@lru_cache(maxsize=256)
def _blank(look: Look) -> Cell:
    """A space has no foreground: one in bold is the same cell, and needs no bytes."""
    if look.bits & REVERSE:
        return Cell(" ", look)
    return Cell(" ", Look(-1, look.background, look.bits & UNDERLINE))


@lru_cache(maxsize=1024)
def shown(look: Look, parameters: str, colours: bool) -> Look:
    """A look after an SGR sequence, as sixteen colours can show it."""
    foreground, background, bits = look
    numbers = [int(number or 0) for number in parameters.replace(":", ";").split(";")] if parameters else [0]
    while numbers:
        number = numbers.pop(0)
        if number == 0:
            foreground, background, bits = USUAL
        elif number in (1, 4, 7):
            bits |= {1: BOLD, 4: UNDERLINE, 7: REVERSE}[number]
        elif number in (22, 24, 27):
            bits &= ~{22: BOLD, 24: UNDERLINE, 27: REVERSE}[number]
        elif number in (38, 48):
            # A colour of a palette these terminals have not: `38;5;N` or `38;2;R;G;B`.
            del numbers[: 2 if numbers[:1] == [5] else 4]
        elif number // 10 in (3, 9) and number % 10 < 8:
            foreground = number % 10
            # Bright ones are what bold is on a console; the numbers from 90 are not known everywhere.
            bits |= BOLD if number >= 90 else 0
        elif number // 10 in (4, 10) and number % 10 < 8:
            background = number % 10
        elif number == 39:
            foreground = -1
        elif number == 49:
            background = -1
    if not colours:
        bits |= REVERSE if background >= 0 else 0
        foreground = background = -1
    if foreground == 0:
        bits &= ~BOLD  # bold black is grey there: hardly to be read on a coloured bar
    return Look(foreground, background, bits)


def difference(old: Sequence[Row], new: Sequence[Row], touched: Sequence[int]) -> str:
    """What to write so that a terminal that shows `old` shows `new`; both of one size, only `touched` rows differ.

    Begins and ends in the usual look; the cursor is wherever the last cell left it. "" when nothing differs.
    """
    pen = _Pen()
    for y in sorted(touched):
        _row_difference(pen, y, old[y], new[y])
    pen.look(USUAL)
    return "".join(pen.out)


class _Pen:
    """Writes cells, and only those moves and colours that change something."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self._now = USUAL
        self._at = (-1, -1)

    def look(self, look: Look) -> None:
        if look != self._now:
            self.out.append(_sgr(self._now, look))
            self._now = look

    def put(self, y: int, x: int, cells: Row) -> None:
        if self._at != (y, x):
            self.out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
        for cell in cells:
            self.look(cell.look)
            self.out.append(cell.glyph)
        self._at = (y, x + len(cells))

    def clear_rest(self, y: int, x: int) -> None:
        """From here to the end of the line, blank; some terminals fill with the colour they write in."""
        self.look(USUAL)
        self.put(y, x, ())
        self.out.append("\x1b[K")


#: Up to this many equal cells between two that differ are written again: a move would be longer (6 bytes).
_GAP = 4


def _row_difference(pen: _Pen, y: int, old: Row, new: Row) -> None:
    width = len(new)
    # Where the blank rest of the line begins, if clearing it is shorter than writing it.
    rest = width
    while rest and new[rest - 1] == BLANK:
        rest -= 1
    changed = [x for x in range(width) if old[x] != new[x]]
    to_clear = sum(1 for x in changed if x >= rest)
    if to_clear > 3:
        changed = [x for x in changed if x < rest]
    start = 0
    while start < len(changed):
        end = start
        while end + 1 < len(changed) and _joined(new, changed[end], changed[end + 1]):
            end += 1
        pen.put(y, changed[start], new[changed[start] : changed[end] + 1])
        start = end + 1
    if to_clear > 3:
        pen.clear_rest(y, rest)


def _joined(new: Row, left: int, right: int) -> bool:
    between = new[left + 1 : right]
    return len(between) <= _GAP and all(cell.look == new[left].look for cell in between)


@lru_cache(maxsize=1024)
def _sgr(before: Look, after: Look) -> str:
    """The shortest sequence from one look to another."""
    if after == USUAL:
        return "\x1b[m"
    numbers: list[int] = []
    gone = before.bits & ~after.bits
    if gone or (before.foreground >= 0 > after.foreground) or (before.background >= 0 > after.background):
        numbers.append(0)
        before = USUAL
    numbers += [number for bit, number in ((BOLD, 1), (UNDERLINE, 4), (REVERSE, 7)) if after.bits & ~before.bits & bit]
    if after.foreground != before.foreground:
        numbers.append(30 + after.foreground)
    if after.background != before.background:
        numbers.append(40 + after.background)
    return f"\x1b[{';'.join(map(str, numbers))}m"
