"""The thread that writes: the newest picture on a line however slow it is, and an end on one that takes nothing."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator

import pyte
import pytest

from wizard.tui.driver.cells import Screen
from wizard.tui.driver.glyphs import glyph
from wizard.tui.driver.painter import ENTER, LEAVE, Painter

SIZE = (80, 24)


class Line:
    """A pipe for a serial line, a painter at one end."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.screen = Screen(*SIZE, glyph)
        self.lost: list[bool] = []
        self.painter = Painter(self.writing, self.screen, str.encode, lambda: self.lost.append(True))
        self.painter.again(*SIZE)

    def write(self, text: str) -> None:
        with self.painter.lock:
            self.screen.feed(text)
            self.painter.changed()

    def read(self, seconds: float = 0.3) -> bytes:
        data = b""
        while select.select([self.reading], [], [], seconds)[0]:
            new = os.read(self.reading, 65536)
            data += new
            if not new:
                break
        return data


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    if made.painter.is_alive():
        made.painter.finish()
    for descriptor in (made.reading, made.writing):
        try:
            os.close(descriptor)
        except OSError:
            continue  # the test closed it


def seen(data: bytes) -> list[str]:
    screen = pyte.Screen(*SIZE)
    pyte.ByteStream(screen).feed(data)
    return [row.rstrip() for row in screen.display]


def test_a_slow_line_gets_the_newest_picture_only(line: Line) -> None:
    line.painter.start()
    line.write("\x1b[1;1H" + "\r\n".join(f"\x1b[{y + 1};1H{'x' * 80}" for y in range(24)))
    filled = "\x1b[1;1H" + "".join(f"\x1b[{y};1H{{0:<80}}" for y in range(1, 25))
    for number in range(200):  # 400 kB, where a pipe holds 64
        line.write(filled.format(f"picture {number}"))
        time.sleep(0.0005)
    data = line.read()
    assert seen(data) == ["picture 199"] * 24
    assert len(data) < 100_000


def test_only_the_cursor_moved(line: Line) -> None:
    line.painter.start()
    line.write("\x1b[3;5H")
    assert line.read() == ENTER.encode() + b"\x1b[3;5H"
    line.write("\x1b[3;5H")
    assert line.read(0.1) == b""
    line.write("\x07")
    assert line.read(0.1) == b"\a"


def test_what_cannot_be_seen_is_not_written(line: Line) -> None:
    """Screens are laid out for 20x5 at least; what is outside of a smaller terminal would be heaped at its edge."""
    line.painter.again(3, 2)
    line.write("\x1b[1;1Habcdef\x1b[2;1Hghijkl\x1b[5;6Hmno")
    line.painter.start()
    assert seen(line.read()) == ["abc", "ghi", *[""] * 22]


def test_the_end_comes_on_a_line_that_takes_nothing(line: Line) -> None:
    os.set_blocking(line.writing, True)
    line.painter.start()
    held = os.write(line.writing, b"x" * 65536)  # a pipe's all
    assert held == 65536
    line.write("\x1b[1;1Hmore")
    began = time.monotonic()
    line.painter.finish()
    assert time.monotonic() - began < 4
    line.read()
    line.painter.join(5)


def test_the_last_word_gives_the_terminal_back(line: Line) -> None:
    line.painter.start()
    line.write("\x1b[1;1Hhello")
    line.painter.finish()
    assert line.read().endswith(LEAVE.encode())


def test_a_line_that_is_gone_is_told(line: Line) -> None:
    os.close(line.reading)
    line.painter.start()
    end = time.monotonic() + 5
    while not line.lost:
        assert time.monotonic() < end
        time.sleep(0.01)
    line.write("\x1b[1;1Hhello")
    line.painter.finish()
    assert line.lost == [True]
