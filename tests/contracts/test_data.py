"""Where files are found: what ships, and the user's directories."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.tree import ROOT
from wizard import data


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
