"""Events that a full disk or a kill cut short."""

from __future__ import annotations

from pathlib import Path

from wizard.engine.events import EventReader
from wizard.engine.journal import Journal


def test_a_cut_line_is_passed_over_and_the_next_process_begins_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "run"}\n{"event": "st')
    reader = EventReader(path)
    assert [event["event"] for event in reader.read()] == ["run"]
    journal = Journal(tmp_path, lambda event: None)
    journal.event("note", text="x")
    journal.close()
    assert [event["event"] for event in reader.read()] == ["note"]
    assert [event["event"] for event in EventReader(path).read()] == ["run", "note"]


def test_lines_that_are_no_events_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "a"}{"event": "b"}\n\n[1]\n\xff\n{"event": "c"}\n')
    assert [event["event"] for event in EventReader(path).read()] == ["c"]
