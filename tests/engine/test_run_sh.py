"""run.sh: what `recipe script` writes builds without Python, and takes away what it made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.faults import Ground, ground_for

pytestmark = pytest.mark.real

SETUP = """\
- m:
  - leave:
    - exec_in: sleep 1000 & echo inside
    - exec_local: mkdir $$workdir/mounted && mount -t tmpfs mine $$workdir/mounted && touch $$workdir/mounted/x
    - exec_local: test ! -e {base}/fail
"""


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    yield from ground_for(tmp_path)


def scripts(ground: Ground) -> Path:
    ground.write(SETUP.format(base=ground.base))
    command = ground.command("recipe", "script", "./toy.yaml", "scripts")
    subprocess.run(command, cwd=ground.cwd, env=ground.environment(), capture_output=True, check=True)
    return ground.cwd / "scripts" / "run.sh"


def start(run: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([run, *words], capture_output=True, text=True, timeout=60, check=False)


def test_the_work_is_removed_when_all_is_done(ground: Ground) -> None:
    run = scripts(ground)
    done = start(run)
    assert done.returncode == 0, done
    assert "inside\n" in done.stdout
    assert (ground.output / "toy.tar").exists()
    assert ground.works() == []
    assert ground.mounts() == []
    assert start(run).returncode == 0


def test_it_is_kept_when_asked_for(ground: Ground) -> None:
    run = scripts(ground)
    done = start(run, "--keep")
    assert done.returncode == 0, done
    (work,) = ground.works()
    assert f"the work is kept in {work}" in done.stderr
    assert (work / "chroot" / "bin" / "bash").exists()
    again = start(run)
    assert again.returncode == 3
    assert f"rm -r --one-file-system {work}" in again.stderr
    assert (work / "chroot" / "bin" / "bash").exists()


def test_it_is_kept_after_a_failure(ground: Ground) -> None:
    run = scripts(ground)
    (ground.base / "fail").touch()
    done = start(run)
    assert done.returncode == 1
    assert "m/leave: command 3 failed" in done.stderr
    (work,) = ground.works()
    assert f"the work is kept in {work}" in done.stderr
    assert ground.mounts() == []


def test_words_it_does_not_know(ground: Ground) -> None:
    done = start(scripts(ground), "--everything")
    assert (done.returncode, done.stderr) == (2, "usage: run.sh [--keep]\n")


LIVE = """\
global: {{target: live, strict: true}}
setup:
  - m:
      - where:
          - exec_local: pwd >{base}/where; readlink /proc/self/ns/mnt >>{base}/where
          - exec_local: test ! -e {base}/fail
"""


def test_a_live_recipe_runs_where_it_is(ground: Ground) -> None:
    """Its commands start in /; what its steps leave for each other is below /var/lib/kameleon-tui."""
    ground.recipe.write_text(LIVE.format(base=ground.base))
    command = ground.command("recipe", "script", "./toy.yaml", "scripts")
    said = subprocess.run(command, cwd=ground.cwd, env=ground.environment(), capture_output=True, text=True, check=True)
    assert "run.sh to run toy" in said.stdout
    run = ground.cwd / "scripts/run.sh"
    kept = "export KAMELEON_RUN=/var/lib/kameleon-tui/toy\n"
    assert kept in run.read_text()
    run.write_text(run.read_text().replace(kept, f"export KAMELEON_RUN={ground.base}/kept\n"))
    assert start(run).returncode == 0
    assert (ground.base / "where").read_text().split() == ["/", os.readlink("/proc/self/ns/mnt")]
    assert (ground.base / "kept/facts").is_dir()
    (ground.base / "fail").touch()
    assert start(run).returncode == 1
