"""The first boot's screens of the real program on a real terminal: bytes, glyphs, what is left behind."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.firstboot.recorded import tree
from tests.pty.console import WIZARD, Console, console
from tests.tui import fonts
from wizard.errors import STOPPED

pytestmark = pytest.mark.real

FIRST = ("Keyboard", "defaults are taken in", "F10 Quit")
DOWN, F4, F5, F10 = "\x1b[B", "\x1bOS", "\x1b[15~", "\x1b[21~"
FIRST_SCREEN, TICK = 5000, 300  # bytes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tree(tmp_path / "root", graphical=True)


@pytest.fixture
def asked(tmp_path: Path, root: Path) -> Iterator[Console]:
    with console(tmp_path, *WIZARD, "firstboot", "--dry-run", "--json", "--root", str(root)) as made:
        made.wait(*FIRST)
        yield made


def glyphs(made: Console) -> set[str]:
    return set(made.text) - set("\r\n\x0f")


def plan_of(made: Console) -> Any:
    """What it printed when the screens were gone."""
    printed = made.said.rpartition(b"\x1b[?1049l")[2]
    return json.loads(printed[printed.index(b"{") :])


@pytest.mark.parametrize("term", ["linux", "vt220"])
def test_bytes_and_glyphs(tmp_path: Path, root: Path, term: str) -> None:
    with console(tmp_path, *WIZARD, "firstboot", "--dry-run", "--root", str(root), term=term) as made:
        made.wait(*FIRST)
        assert len(made.said) <= FIRST_SCREEN
        made.read(0.3)
        before, end = len(made.said), time.monotonic() + 3
        while time.monotonic() < end:
            made.read(0.05)
        # Three or four ticks of the countdown.
        assert 0 < len(made.said) - before <= 4 * TICK
        made.press(DOWN)
        made.wait("> ")
        made.press(F4)
        made.wait("Apply: show the plan")
        made.read(0.5)
        assert glyphs(made) <= fonts.both()


def test_keys_to_a_plan(asked: Console) -> None:
    asked.press(DOWN, DOWN)
    asked.wait("> French")
    assert asked.row_of_cursor.startswith(" > French")
    asked.press("\r")
    asked.wait("2 of 7")
    asked.press(F4)
    asked.wait("Apply: show the plan", "French", "person")
    resident = next(
        int(line.split()[1])
        for line in Path(f"/proc/{asked.process.pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )
    assert resident <= 50_000  # kB
    asked.press("a")
    assert asked.end() == 0
    assert asked.as_before
    assert plan_of(asked)["answers"]["keymap"] == "fr"


def test_nobody_there(tmp_path: Path, root: Path) -> None:
    words = (*WIZARD, "firstboot", "--dry-run", "--json", "--timeout", "2", "--root", str(root))
    with console(tmp_path, *words) as made:
        assert made.end(30) == 0
        assert plan_of(made)["answers"]["role"] == "both"


def test_leaving_changes_nothing(tmp_path: Path, root: Path) -> None:
    with console(tmp_path, *WIZARD, "firstboot", "--root", str(root)) as made:
        made.wait(*FIRST)
        made.press(F10)
        made.wait("Nothing was changed.")
        made.press("q")
        assert made.end() == STOPPED
    assert not (root / "var").exists()


def test_a_step_that_fails_is_told_on_the_screen_and_behind_it(tmp_path: Path, root: Path) -> None:
    """In this tree there is no shell: the first step fails, is tried again, and given up."""
    with console(tmp_path, *WIZARD, "firstboot", "--root", str(root)) as made:
        made.wait(*FIRST)
        made.press(F4)
        made.wait("Apply: configure this machine so")
        made.press("\r")
        made.wait("FAILED, waiting", "> r  Retry", "/bin/bash", limit=60)
        made.press("r")
        made.wait("(attempt 2)", "> r  Retry")
        made.read(0.3)
        assert glyphs(made) <= fonts.both()
        made.press("a")
        made.wait("first boot failed at system/", "To go on where it ended")
        made.press("q")
        assert made.end() == 1
        assert made.as_before
        # What is left behind is the summary, at the top of a screen that is otherwise as it was.
        assert made.screen.startswith("kameleon: first boot failed at system/")
    assert (root / "var/lib/kameleon-tui/firstboot/events.jsonl").exists()


def test_it_is_carried_out_once(tmp_path: Path, root: Path) -> None:
    """A screen and a serial line ask both; the second that applies is told, and goes back to its review."""
    words = (*WIZARD, "firstboot", "--root", str(root))
    with console(tmp_path, *words) as screen, console(tmp_path, *words, term="vt220", size=(0, 0)) as serial:
        for made in (screen, serial):
            made.wait(*FIRST)
            made.press(F4)
            made.wait("Apply: configure this machine so")
        screen.press("a")
        screen.wait("FAILED, waiting", "> r  Retry", limit=60)
        serial.press("a")
        serial.wait("not started", "firstboot is running", limit=60)
        serial.press("\x1b")
        serial.wait("Apply: configure this machine so")
        serial.press(F10)
        serial.wait("Quit?")
        serial.press("q")
        assert serial.end() == STOPPED
        assert "FAILED, waiting" in screen.screen
        screen.press("a")
        screen.wait("first boot failed at system/")
        screen.press("q")
        assert screen.end() == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_asks(asked: Console, number: signal.Signals) -> None:
    asked.process.send_signal(number)
    assert asked.end() == 128 + number
    assert asked.as_before


def test_no_color(tmp_path: Path, root: Path) -> None:
    words = (*WIZARD, "firstboot", "--dry-run", "--root", str(root))
    with console(tmp_path, *words, environment={"NO_COLOR": "1"}) as made:
        made.wait(*FIRST)
        made.read(0.2)
        assert {(fg, bg) for fg, bg, _ in made.looks} == {("default", "default")}
        # The row of the focus, and the bar.
        assert any(reverse for _, _, reverse in made.looks)
        assert made.row_of_cursor.startswith(" > English (US)")
        made.press(F5)
        made.wait(*FIRST)


def test_what_is_typed_at_once_is_in_the_line_as_it_was_typed(asked: Console) -> None:
    """A slow machine takes in many keys together; what rubs out is not behind the letters that follow."""
    for words in ("2 of", "3 of", "small letters, digits"):
        asked.press("\r")
        asked.wait(words)
    asked.press("\x15mayon\x7f\x7f\x7fisonx\x7f-1\x1b[D\x1b[Da")
    asked.wait("maisona-1")
