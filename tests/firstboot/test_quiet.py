"""Who may write on the console meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT
from wizard.firstboot import quiet
from wizard.firstboot.quiet import quiet_consoles, shows_status


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What systemd, process 1, would be told; never the real one."""
    found: list[int] = []
    monkeypatch.setattr(quiet, "_tell_systemd", found.append)
    return found


def test_the_kernel_is_quiet_meanwhile(tmp_path: Path) -> None:
    printk = tmp_path / "printk"
    printk.write_text("4\t4\t1\t7\n")
    with quiet_consoles(printk, tmp_path / "run/quiet"):
        assert printk.read_text() == "0\n"
    # The kernel keeps the other three when one number is written.
    assert printk.read_text() == "4\n"


def test_it_comes_back_after_a_fault(tmp_path: Path) -> None:
    printk = tmp_path / "printk"
    printk.write_text("7\t4\t1\t7\n")
    with pytest.raises(ValueError, match="of ours"), quiet_consoles(printk, tmp_path / "run/quiet"):
        raise ValueError("of ours")
    assert printk.read_text() == "7\n"


def test_of_several_consoles_the_last_makes_it_as_it_was(tmp_path: Path) -> None:
    printk, shared = tmp_path / "printk", tmp_path / "run/quiet"
    printk.write_text("4\t4\t1\t7\n")
    first, second = quiet_consoles(printk, shared), quiet_consoles(printk, shared)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert printk.read_text() == "0\n"
    second.__exit__(None, None, None)
    assert printk.read_text() == "4\n"
    # And so it is the next time, with another level.
    printk.write_text("7\t4\t1\t7\n")
    with quiet_consoles(printk, shared):
        pass
    assert printk.read_text() == "7\n"


def test_what_was_before_one_that_was_killed_comes_back(tmp_path: Path) -> None:
    printk, shared = tmp_path / "printk", tmp_path / "quiet"
    printk.write_text("4\t4\t1\t7\n")
    program = (
        "import os, sys; from pathlib import Path; from wizard.firstboot import quiet\n"
        "quiet._tell_systemd = print\n"
        "with quiet.quiet_consoles(*map(Path, sys.argv[1:])): os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(printk), str(shared)], cwd=ROOT)
    assert done.returncode == -9
    assert printk.read_text() == "0\n"
    with quiet_consoles(printk, shared):
        pass
    assert printk.read_text() == "4\n"


def test_who_may_not_does_nothing(tmp_path: Path) -> None:
    with quiet_consoles(tmp_path / "none", tmp_path / "none"):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "shows"),
    [
        ("boot=live", True), ("boot=live quiet", False), ("quiet systemd.show_status=1", True),
        ("systemd.show_status=false", False), ("systemd.show_status=auto", False), ("systemd.show_status", True),
    ],
)  # fmt: skip
def test_what_systemd_shows(line: str, shows: bool) -> None:
    assert shows_status(line) is shows


def test_systemd_is_told_where_it_speaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[int]) -> None:
    monkeypatch.setattr(quiet, "kernel_command_line", lambda: "boot=live")
    monkeypatch.setattr(Path, "is_dir", lambda path: True)
    with quiet_consoles(tmp_path / "none", tmp_path / "none"):
        assert told == [21]
    assert told == [21, 20]
    monkeypatch.setattr(quiet, "kernel_command_line", lambda: "boot=live quiet")
    with quiet_consoles(tmp_path / "none", tmp_path / "none"):
        assert told == [21, 20]
