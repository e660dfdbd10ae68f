"""Names and values with quotes, spaces, newlines and $(…): taken literally, never run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.faults import Ground, ground_for

pytestmark = pytest.mark.real

ODD = [
    "with space",
    'it\'s "quoted"',
    "$(touch pwned)`touch pwned`",
    "a;touch pwned;b&&touch pwned|cat",
    "new\nline",
    "tab\tand\\backslash\\n",
    "-n",
    "*?[a-z]{1,2}~!#%",
    "ünïcødé 漢字",
    "$$chroot $HOME ${HOME}",
]

VALUES = """\
- values:
  - by_environment:
    - exec_local: printf '%s' "$KAMELEON_VALUE" > "$KAMELEON_OUTPUT/local"
    - exec_in: printf '%s' "$KAMELEON_VALUE" > /in
    - exec_local: cp "$KAMELEON_CHROOT/in" "$KAMELEON_OUTPUT/in"
  - by_file:
    - write_file:
      - /file
      - $$value
    - exec_local: cp "$KAMELEON_CHROOT/file" "$KAMELEON_OUTPUT/file"
"""


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    yield from ground_for(tmp_path)


def pwned(ground: Ground) -> list[Path]:
    return [path for path in ground.base.rglob("pwned*") if path.name == "pwned"]


@pytest.mark.parametrize("odd", ODD)
def test_a_global_and_an_output_directory_may_be_anything(ground: Ground, odd: str) -> None:
    ground.write(VALUES, export="")
    ground.output = ground.cwd / odd
    done = ground.build("-g", f"value:{odd}", f"--output=./{odd}")
    assert done.returncode == 0, done
    for name in ("local", "in", "file"):
        assert (ground.output / name).read_text() == odd, name
    assert ground.artefact_is_whole()
    assert not pwned(ground)
    ground.nothing_left()


@pytest.mark.parametrize("name", ODD[1:5])
def test_a_recipe_file_may_be_called_anything(ground: Ground, name: str) -> None:
    ground.write()
    os.rename(ground.recipe, ground.cwd / f"{name}.yaml")
    done = subprocess.run(
        ground.command("build", f"./{name}.yaml"), cwd=ground.cwd, env=ground.environment(), stdin=subprocess.DEVNULL,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    assert not pwned(ground)
    ground.nothing_left()
    assert ground.works() == []


def test_a_working_directory_may_be_called_anything(ground: Ground) -> None:
    odd = ground.base / 'it\'s $(touch pwned) "here"\nand there'
    ground.cwd.rename(odd)
    ground.cwd = odd
    ground.recipe, ground.output = odd / "toy.yaml", odd / "build" / "toy"
    ground.write(VALUES, export="")
    done = ground.build("-g", "value:x")
    assert done.returncode == 0, done
    assert ground.artefact_is_whole()
    assert not pwned(ground)
