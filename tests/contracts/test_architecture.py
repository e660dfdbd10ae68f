"""docs/architecture.md names every room, and nothing that is not there."""

from __future__ import annotations

import re

from tests.contracts.tree import ROOT, files

TEXT = (ROOT / "docs/architecture.md").read_text()


def test_every_room_is_named() -> None:
    rooms = {str(path.parent) for path in files() if path.parts[0] == "wizard" and len(path.parts) == 3}
    assert "wizard/engine" in rooms
    assert {room for room in rooms if f"`{room}/`" not in TEXT} == set()


def test_every_file_it_names_is_there() -> None:
    known = {str(path) for path in files()}
    for name in re.findall(r"`((?:wizard/|recipe/|engine/|host/|tui/|plain/|flow/|compose/)[\w/]+\.\w+)`", TEXT):
        assert name in known or f"wizard/{name}" in known, name
