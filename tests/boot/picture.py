"""What a picture of a machine's screen says: the letters of a console, found by the shapes its font has."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

_PSF1, _PSF2 = b"\x36\x04", b"\x72\xb5\x4a\x86"
HEIGHT = 16  # dots
#: The character of each shape: a byte for each line of eight dots.
Shapes = Mapping[bytes, str]


def shapes(psf: bytes) -> dict[bytes, str]:
    """Of a font of 8x16 dots, as a .psf.gz of consolefonts has it."""
    data = gzip.decompress(psf) if psf[:2] == b"\x1f\x8b" else psf
    if data[:2] == _PSF1:
        start, count, size = 4, 512 if data[2] & 1 else 256, data[3]
        names = list(_names_of_psf1(data[start + count * size :]))
    else:
        assert data[:4] == _PSF2
        start, _, count, size, _, width = struct.unpack_from("<6I", data, 8)
        assert width == 8
        names = [entry.decode("utf-8", "replace")[:1] for entry in data[start + count * size :].split(b"\xff")]
    assert size == HEIGHT
    found: dict[bytes, str] = {}
    for index, name in enumerate(names[:count]):
        if name:
            found.setdefault(data[start + index * size :][:size], name)
    return found


def _names_of_psf1(table: bytes) -> Iterator[str]:
    first = ""
    for (code,) in struct.iter_unpack("<H", table):
        if code == 0xFFFF:
            yield first
            first = ""
        elif code != 0xFFFE and not first:
            first = chr(code)


def read(picture: Path, known: Shapes) -> list[str]:
    """The lines of a screen, of a picture as QEMU's `screendump` makes it (PPM). What is no letter is a question mark,
    and so is what the blinking cursor stands on."""
    return ["".join(_letter(cell, known) for cell in line).rstrip() for line in _cells(picture)]


def differing(one: Path, other: Path) -> set[tuple[int, int]]:
    """The cells (line, column) that are not the same, dot for dot, in two such pictures of one screen."""
    pairs = zip(_cells(one), _cells(other), strict=True)
    return {
        (y, x)
        for y, lines in enumerate(pairs)
        for x, cells in enumerate(zip(*lines, strict=True))
        if cells[0] != cells[1]
    }


def _cells(picture: Path) -> Iterator[list[list[bytes]]]:
    """The cells of each line: sixteen rows of eight dots."""
    magic, size, depth, dots = picture.read_bytes().split(b"\n", 3)
    assert (magic, depth) == (b"P6", b"255")
    width, height = map(int, size.split())
    wide = 9 if width == 720 else 8  # VGA's own text mode has a column between letters
    for y in range(0, height - HEIGHT + 1, HEIGHT):
        rows = [dots[line * width * 3 : (line + 1) * width * 3] for line in range(y, y + HEIGHT)]
        yield [[row[x * 3 : x * 3 + 24] for row in rows] for x in range(0, width - 7, wide)]


def _letter(rows: list[bytes], known: Shapes) -> str:
    first = rows[0][:3]
    if all(row == first * 8 for row in rows):
        return " "
    # Letters seldom reach into the corner; a reversed one has its ground there, too.
    corners = dict.fromkeys((first, rows[0][-3:], rows[-1][:3], rows[-1][-3:]))
    for ground in corners:
        shape = bytes(sum(128 >> bit for bit in range(8) if row[bit * 3 : bit * 3 + 3] != ground) for row in rows)
        if shape in known:
            return known[shape]
    return "?"
