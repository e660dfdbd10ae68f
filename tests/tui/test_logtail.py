"""The tail of a log: bounded, incremental, safe."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

from wizard.tui.logtail import BYTES, LINE, LINES, LogTail


def test_it_takes_in_what_came_since(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tail = LogTail(log)
    assert not tail.read()
    log.write_bytes(b"one\ntw")
    assert tail.read()
    assert (tail.lines, tail.partial) == (["one"], "tw")
    assert not tail.read()
    with log.open("ab") as stream:
        stream.write(b"o\nthree\n")
    assert tail.read()
    assert (tail.lines, tail.partial, tail.added) == (["one", "two", "three"], "", 3)


def test_only_the_bytes_of_the_step(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"before\nmine\nafter\n")
    tail = LogTail(log, 7)
    tail.read(12)
    assert (tail.lines, tail.partial) == (["mine"], "")
    assert not tail.read(12)


def test_a_hundred_megabytes_cost_one_seek(tmp_path: Path) -> None:
    log = tmp_path / "log"
    line = b"x" * 99 + b"\n"
    with log.open("wb") as stream:
        for _ in range(100):
            stream.write(line * 10_000)
        stream.write(b"the last\n")
    tail = LogTail(log)
    tracemalloc.start()
    began = time.perf_counter()
    tail.read()
    seconds, peak = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert tail.lines[-1] == "the last"
    assert tail.cut
    assert len(tail.lines) <= LINES
    assert all(len(each) == 99 for each in tail.lines[:-1]), "the first line shown is a whole one"
    assert peak < 12 * BYTES
    assert seconds < 1


def test_lines_without_end_are_broken(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"y" * (3 * LINE + 5))
    tail = LogTail(log)
    tail.read()
    assert [len(each) for each in tail.lines] == [LINE] * 3
    assert tail.partial == "y" * 5


def test_old_lines_go(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tail = LogTail(log)
    for part in range(4):
        with log.open("ab") as stream:
            stream.write(b"".join(b"%d\n" % (part * 1000 + number) for number in range(1000)))
        tail.read()
    assert (tail.lines[0], tail.lines[-1], len(tail.lines)) == ("2000", "3999", LINES)
    assert (tail.cut, tail.added) == (True, 4000)


def test_nothing_reaches_the_terminal_raw(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\x1b[2J\x1b]0;title\x07red\x1b[31m\n10%\r20%\r30%\n\xff\x00bell\x07\n\ta\n")
    tail = LogTail(log)
    tail.read()
    assert tail.lines == ["red", "30%", "\ufffd\ufffdbell\ufffd", "        a"]
