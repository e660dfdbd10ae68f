"""The table of runs and the outline of one."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plain.told import BEGAN, NAME, Teller
from wizard.engine.runs import Run
from wizard.plain.paper import Paper
from wizard.plain.past import describe, disk_usage, outline, state_of, table


@pytest.fixture
def teller(tmp_path: Path) -> Iterator[Teller]:
    made = Teller(tmp_path / "runs" / NAME)
    yield made
    made.let_go()


def word(teller: Teller) -> str:
    assert teller.path is not None
    run = Run(teller.path)
    return state_of(run, run.state())


def test_a_run_in_one_word(teller: Teller) -> None:
    teller.run()
    assert word(teller) == "dead"
    teller.hold()
    assert word(teller) == "running"
    teller.begin(2)
    teller.finish(2, "failed")
    teller.failure()
    teller.waiting()
    assert word(teller) == "waiting"
    teller.end("stopped")
    teller.let_go()
    assert word(teller) == "stopped"


def test_table(teller: Teller) -> None:
    assert teller.path is not None
    teller.failed_run()
    line = describe(Run(teller.path), BEGAN + 1000)
    assert (line.name, line.recipe, line.state, line.seconds, line.kept) == (NAME, "toy", "failed", 65.0, 0)
    stream = io.StringIO()
    table(Paper(stream), [line])
    heading, row = stream.getvalue().splitlines()
    assert heading.split() == ["RUN", "STATE", "BEGAN", "TOOK", "KEPT"]
    assert row.split()[:2] == [NAME, "failed"]
    assert row.endswith("-")


def test_a_run_directory_without_events_is_still_listed(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    line = describe(Run(tmp_path / "odd"), BEGAN)
    assert (line.state, line.recipe) == ("dead", "?")
    outline(Paper(io.StringIO()), Run(tmp_path / "odd"))


def test_outline_tells_steps_failure_and_end(teller: Teller) -> None:
    assert teller.path is not None
    teller.failed_run()
    stream = io.StringIO()
    outline(Paper(stream), Run(teller.path))
    lines = stream.getvalue().splitlines()
    assert lines[0] == f"{NAME}  failed"
    assert "  ok    tools  1.5 s" in lines
    assert "  FAIL  hostname  1.5 s" in lines
    assert "  .     motd" in lines
    assert "failed at identity/hostname" in lines
    assert lines[-1] == "kameleon-tui: toy failed at identity/hostname: exit status 1: two"


def test_outline_of_a_dead_run_says_so(teller: Teller) -> None:
    assert teller.path is not None
    teller.run()
    teller.begin(0)
    stream = io.StringIO()
    outline(Paper(stream), Run(teller.path))
    assert "runner was killed" in stream.getvalue()


def test_disk_usage_is_that_of_du(tmp_path: Path) -> None:
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "file").write_bytes(b"x" * 100_000)
    os.symlink("/usr", tmp_path / "tree" / "link")
    blocks = sum(os.lstat(path).st_blocks for path in [tmp_path / "tree", *(tmp_path / "tree").rglob("*")])
    assert disk_usage(tmp_path / "tree") == blocks * 512
    assert 100_000 <= disk_usage(tmp_path / "tree") < 200_000
    assert disk_usage(tmp_path / "none") == 0
    assert disk_usage(Path("")) == 0
