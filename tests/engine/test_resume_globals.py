"""A run that is taken up again has the globals it is given then, from the step on at which it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.faults import Ground, ground_for

pytestmark = pytest.mark.real

#: Both contexts have been at work when it stops, and the variable `own`, and a global that a step changed, are theirs.
STEPS = """\
- before:
  - both:
    - exec_local: own=kept KAMELEON_CHANGED=here; echo "local before $KAMELEON_SIZE"
    - exec_in: echo "in before $KAMELEON_SIZE"
- m:
  - fits:
    - exec_local: 'echo "local $own $KAMELEON_CHANGED: $KAMELEON_SIZE"; [[ $KAMELEON_SIZE == big* ]]'
    - exec_in: 'echo "in: $KAMELEON_SIZE"'
  - after:
    - exec_local: 'echo "after: $KAMELEON_SIZE"'
"""
BIG = "big'\n\"$(touch sign) $HOME"


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    yield from ground_for(tmp_path)


def test_a_global_given_when_a_run_goes_on_counts_in_every_context(ground: Ground) -> None:
    ground.write(STEPS)
    assert ground.build("-g", "size:small", "-g", "changed:").returncode == 1
    again = ground.resume()
    assert again.returncode == 1
    assert b"since" not in again.stdout
    done = ground.resume("-g", f"size:{BIG}")
    assert done.returncode == 0, done
    log = ground.log().decode()
    assert log.count("local before small\n") == log.count("in before small\n") == 1
    assert log.count("local kept here: small\n") == 2
    assert log.count(f"local kept here: {BIG}\n") == log.count(f"in: {BIG}\n") == log.count(f"after: {BIG}\n") == 1
    assert (
        "the global size is another since before/both was done; --from before/both goes back to there"
        in done.stdout.decode()
    )


def test_a_global_that_was_changed_in_the_recipe_counts_too(ground: Ground) -> None:
    ground.write(STEPS)
    text = ground.recipe.read_text()
    ground.recipe.write_text(text.replace("global:\n", "global:\n  size: small\n  gone: x\n"))
    assert ground.build("-g", "changed:").returncode == 1
    ground.recipe.write_text(text.replace("global:\n", "global:\n  size: big\n"))
    done = ground.resume("--until", "m/fits")
    assert done.returncode == 4, done
    assert ground.log().decode().count("local kept here: big\n") == 1
    done = ground.resume("--from", "before")
    assert done.returncode == 0, done
    assert ground.log().decode().count("local before big\n") == 1
    assert b"since" not in done.stdout


def test_what_was_undone_when_a_macrostep_ended_is_not_skipped_when_the_next_one_goes_on(ground: Ground) -> None:
    undone = "- a:\n  - one:\n    - on_clean:\n      - exec_local: echo undone\n    - exec_local: echo one\n"
    ground.write(f"{undone}{STEPS}")
    assert ground.build("-g", "size:small", "-g", "changed:").returncode == 1
    done = ground.resume("-g", "size:big")
    assert done.returncode == 0, done
    assert b"skip" not in done.stdout
    assert ground.log().decode().count("\nundone\n") == 1


def test_other_output_types_and_another_place_are_refused_when_a_run_goes_on(ground: Ground) -> None:
    ground.write(STEPS)
    assert ground.build("-g", "size:small", "-g", "changed:").returncode == 1
    again = ground.resume("--type", "raw")
    assert again.returncode == 2
    assert b" makes what its recipe says: --type raw is too late" in again.stderr
    again = ground.resume("--output", "elsewhere")
    assert again.returncode == 2
    assert b"build/toy: --output elsewhere is too late" in again.stderr
    assert not (ground.cwd / "elsewhere").exists()
    done = ground.build("--from", "m", "--output", "build/toy", "-g", "size:big")
    assert done.returncode == 0, done
