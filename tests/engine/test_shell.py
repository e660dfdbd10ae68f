"""What a shell in a run's state is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.engine.runs import Run
from wizard.engine.shell import state_text


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "state").mkdir()
    return Run(tmp_path)


def test_the_state_after_the_failing_command_is_stronger(run: Run) -> None:
    assert state_text(run, "in") == ""
    (run.path / "state" / "in").write_text("declare -- a=1\n")
    assert state_text(run, "in").strip() == "declare -- a=1"
    (run.path / "state" / "in.end").write_text("# 3 false\ndeclare -- a=2\n#kt-complete\n")
    assert "a=2" in state_text(run, "in")
    assert "#kt-complete" not in state_text(run, "in")


def test_half_a_state_is_none(run: Run) -> None:
    (run.path / "state" / "in").write_text("declare -- a=1\n")
    (run.path / "state" / "in.end").write_text("declare -- a=2\ndecla")
    assert state_text(run, "in").strip() == "declare -- a=1"


def test_the_last_of_several_states_counts(run: Run) -> None:
    (run.path / "state" / "in.end").write_text("declare -- a=1\n#kt-complete\ndeclare -- a=2\n#kt-complete\n")
    assert state_text(run, "in").strip() == "declare -- a=2"


def test_bytes_of_any_kind_come_through(run: Run) -> None:
    (run.path / "state" / "in").write_bytes(b"declare -- a=\xff\n")
    assert state_text(run, "in").encode(errors="surrogateescape") == b"declare -- a=\xff"
