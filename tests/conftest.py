"""For every test: directories of its own, so that no test sees this machine's runs, or another test's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_directories(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """XDG directories in a temporary place; the variables that change what the program does are not set."""
    base = tmp_path_factory.mktemp("xdg")
    for name in ("STATE", "DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(base / name.lower()))
    for name in ("KAMELEON_PATH", "NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    return base
