"""For every test of the screens."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The screens look at their run more often than a person needs, so that no test waits for them."""
    monkeypatch.setattr("wizard.tui.screens.build.REFRESH", 0.1)
    monkeypatch.setattr("wizard.tui.follow.LIVING_EVERY", 0.2)
