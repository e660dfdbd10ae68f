"""A run that is taken up again goes on with the commands that were edited in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.faults import Ground, ground_for
from wizard.engine import control

pytestmark = pytest.mark.real

BROKEN = """\
- m:
  - first:
    - exec_local: echo first
  - broken:
    - exec_local: echo the recipe\\'s; false
"""
EDITED = "- exec_local: echo edited; test -e {flag}\n"


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    yield from ground_for(tmp_path)


@pytest.fixture
def stopped(ground: Ground) -> Path:
    """A run whose broken step was edited, failed again, and was left; an edit after that one was refused."""
    ground.write(BROKEN)
    first = ground.start("--on-failure", "ask")
    ground.wait_for_event(first, '"waiting"')
    run = ground.run()
    assert control.ask(run, {"do": "replace", "yaml": EDITED.format(flag=ground.base / "flag")}) == ""
    ground.wait_for_event(first, "test -e")
    assert control.ask(run, {"do": "replace", "yaml": "- exec_nowhere: x\n"})
    edited = next((run / "edited").glob("*.yaml"))
    edited.write_text("- exec_nowhere: x\n")  # as the editor leaves it
    assert control.ask(run, {"do": "abort"}) == ""
    first.communicate(timeout=30)
    assert first.returncode == 1
    return run


def test_a_resumed_run_uses_the_edited_commands(ground: Ground, stopped: Path) -> None:
    again = ground.resume()
    assert again.returncode == 1
    assert f"m/broken: with the commands edited in this run ({stopped}/edited/" in again.stdout.decode()
    (ground.base / "flag").touch()
    done = ground.resume()
    assert done.returncode == 0, done
    log = ground.log().decode()
    assert log.count("first\n") == 1
    assert log.count("the recipe's\n") == 1
    assert log.count("edited\n") == 3
    resolved = json.loads((ground.output / "toy.resolved.json").read_text())
    assert "echo edited" in json.dumps(resolved)


def test_a_recipe_that_was_mended_since_is_stronger(ground: Ground, stopped: Path) -> None:
    ground.write(BROKEN.replace("false", "true"))
    done = ground.resume("--until", "m/broken")
    assert done.returncode == 4, done
    assert "the recipe has other commands now; those edited in this run are left aside" in done.stdout.decode()
    assert ground.log().decode().count("the recipe's\n") == 2
    again = ground.resume("--from", "m/broken")
    assert again.returncode == 0, again
    assert "edited in this run" not in again.stdout.decode()
    assert ground.log().decode().count("the recipe's\n") == 3
