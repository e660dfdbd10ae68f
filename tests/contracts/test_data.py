"""Where files are found: what ships, and the user's directories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT
from wizard import __version__, data


def test_shipped_in_a_checkout() -> None:
    assert data.shipped("recipes") == ROOT / "recipes"


def test_what_does_not_ship_is_an_error_that_says_where_it_was_looked_for() -> None:
    with pytest.raises(FileNotFoundError, match="recipes/none"):
        data.shipped("recipes/none")


def test_user_directories_follow_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data.state_directory() == Path("/somewhere/kameleon-tui")
    assert data.user_data_directory() == Path("/home/me/.local/share/kameleon-tui")
    assert data.cache_directory() == Path("/home/me/.cache/kameleon-tui")


def test_the_program_is_this_one_wherever_it_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of the user's may hold anything: none of it is run."""
    (tmp_path / "wizard").mkdir()
    for name in ("wizard/__init__.py", "wizard/__main__.py", "argparse.py", "yaml.py"):
        (tmp_path / name).write_text("raise SystemExit('this is not the program')")
    monkeypatch.chdir(tmp_path)
    done = subprocess.run([*data.program(), "--version"], capture_output=True, text=True)
    assert (done.stderr, done.stdout) == ("", f"kameleon-tui {__version__}\n")
    monkeypatch.chdir(ROOT)
    assert subprocess.run([*data.program(), "--version"], capture_output=True, text=True).stdout == done.stdout
