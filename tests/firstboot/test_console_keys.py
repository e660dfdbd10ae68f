"""A keyboard layout tried on the console: the tools' commands, what is told of their faults, and the way back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wizard.firstboot.console_keys import ConsoleKeys, console_keys

#: Stand for the tools of packages kbd and console-setup, which need a console: each writes down how it was called.
TOOLS = {
    "dumpkeys": 'echo "dumpkeys $*" >>"$LOG"; echo old map',
    "ckbcomp": 'echo "ckbcomp $*" >>"$LOG"; [ "$3" != zz ] || { echo no layout: zz >&2; exit 1; }; echo "map $3 $4"',
    "loadkeys": 'echo "loadkeys $* < $(cat)" >>"$LOG"',
}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in TOOLS.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    return tmp_path / "log"


def test_what_was_there_first_comes_back(log: Path) -> None:
    keys = ConsoleKeys("/dev/tty1")
    assert keys.load("fr") == ""
    assert keys.load("ch:fr") == ""
    keys.restore()
    assert log.read_text().splitlines() == [
        "dumpkeys -C /dev/tty1",
        "ckbcomp -model pc105 fr",
        "loadkeys -C /dev/tty1 < map fr ",
        "ckbcomp -model pc105 ch fr",
        "loadkeys -C /dev/tty1 < map ch fr",
        "loadkeys -C /dev/tty1 < old map",
    ]


def test_nothing_is_restored_that_was_not_loaded(log: Path) -> None:
    ConsoleKeys("/dev/tty1").restore()
    assert not log.exists()


@pytest.mark.parametrize("layout", ["$(reboot)", "-h", "fr;x", "fr:", "Ü", "fr:../x", ""])
def test_no_name_of_a_layout_reaches_a_tool(log: Path, layout: str) -> None:
    assert "is no keyboard layout" in ConsoleKeys("/dev/tty1").load(layout)
    assert not log.exists()


def test_a_tool_s_complaint_is_told(log: Path) -> None:
    assert ConsoleKeys("/dev/tty1").load("zz") == "ckbcomp: no layout: zz"


def test_a_tool_that_is_not_there_is_told(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert ConsoleKeys("/dev/tty1").load("fr") == "dumpkeys: No such file or directory"


def test_no_console_has_no_keys_to_try(log: Path) -> None:
    master, slave = os.openpty()
    try:
        assert console_keys(slave) is None
    finally:
        os.close(master)
        os.close(slave)
