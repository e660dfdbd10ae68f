"""`runs` on recorded run directories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plain.told import Teller
from wizard.cli import main
from wizard.engine.runs import composed_directory, runs_directory

Make = Callable[..., Teller]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A run directory by name, with a work tree."""

    def make(name: str) -> Teller:
        teller = Teller(runs_directory() / name)
        work = tmp_path / "work" / name
        (work / "chroot").mkdir(parents=True)
        (work / "chroot" / "file").write_bytes(b"x" * 100_000)
        asked = {"workdir": str(work), "output": str(tmp_path / "out"), "name": "toy", "recipe": "toy.yaml"}
        assert teller.path is not None
        (teller.path / "run.json").write_text(json.dumps(asked))
        return teller

    return make


def work_of(teller: Teller) -> Path:
    assert teller.path is not None
    return Path(json.loads((teller.path / "run.json").read_text())["workdir"])


def test_no_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "list"]) == 0
    assert capsys.readouterr() == ("", "no runs yet: kameleon-tui build makes one\n")


def test_list_names_every_run_and_what_it_keeps(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    make("toy-1").failed_run()
    living = make("toy-2")
    living.run()
    living.hold()
    assert main(["runs", "list"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    living.let_go()
    assert [(row[0], row[1]) for row in rows] == [("toy-1", "failed"), ("toy-2", "running")]
    assert all(row[-1] in ("kB", "MB") for row in rows)


def test_a_run_is_found_by_its_beginning_or_last(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    make("toy-1").failed_run()
    make("toy-2").failed_run()
    for name in ("toy-2", "last"):
        assert main(["runs", "show", name]) == 0
        assert capsys.readouterr().out.startswith("toy-2  failed\n")
    assert main(["runs", "show", "toy"]) == 2
    assert "toy-1, toy-2" in capsys.readouterr().err
    assert main(["runs", "show", "nope"]) == 2
    assert "kameleon-tui runs list" in capsys.readouterr().err


def test_attach_without_a_terminal_tells_the_run_and_gives_its_status(make: Make) -> None:
    make("toy-1").failed_run()
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "runs", "attach", "last"],
        cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("kameleon-tui: toy failed at identity/hostname")


def test_log_of_a_step(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    teller = make("toy-1")
    teller.run()
    teller.begin(0)
    teller.printed(0, b"\x1b[2Jsaid\n")
    teller.finish(0)
    assert main(["runs", "log", "toy", "debian/tools"]) == 0
    assert capsys.readouterr().out == "said\n"
    assert main(["runs", "log", "toy", "debian/nope"]) == 2
    assert "kameleon-tui runs show toy-" in capsys.readouterr().err


def test_prune_removes_work_nobody_keeps(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    failed, dead, stopped, living = (make(name) for name in ("toy-failed", "toy-dead", "toy-stopped", "toy-living"))
    failed.failed_run()
    dead.run()
    stopped.run()
    stopped.end("stopped")
    living.run()
    living.hold()
    assert main(["runs", "prune"]) == 0
    out = capsys.readouterr().out
    assert [work_of(teller).exists() for teller in (failed, dead, stopped, living)] == [False, False, True, True]
    assert "toy-failed: work removed, 1" in out
    assert "2 runs pruned" in out
    assert all(teller.path is not None and teller.path.exists() for teller in (failed, dead, stopped, living))
    assert main(["runs", "prune"]) == 0
    assert capsys.readouterr().out == "nothing to prune\n"
    assert main(["runs", "prune", "--all"]) == 0
    living.let_go()
    assert [teller.path.exists() for teller in (failed, dead, stopped, living) if teller.path] == [
        False,
        False,
        False,
        True,
    ]


def test_prune_removes_unsaved_recipes_that_no_run_refers_to(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    def composed(name: str, *, old: bool = True) -> Path:
        path = composed_directory() / name / "toy.yaml"
        path.parent.mkdir(parents=True)
        path.write_text("setup: []\n")
        if old:
            os.utime(path.parent, (time.time() - 7200, time.time() - 7200))
        return path

    gone, young, again = composed("toy-gone"), composed("toy-young", old=False), composed("toy-again")
    own = composed("toy-own")
    make("toy-own").end("done")
    teller = make("toy-other")
    teller.end("done")
    assert teller.path is not None
    asked = json.loads((teller.path / "run.json").read_text())
    (teller.path / "run.json").write_text(json.dumps(asked | {"recipe": str(again)}))
    assert main(["runs", "prune"]) == 0
    assert "1 unsaved recipe removed, which no run refers to" in capsys.readouterr().out
    assert [path.exists() for path in (gone, young, again, own)] == [False, True, True, True]
    assert not gone.parent.exists()


def test_prune_removes_old_run_directories(make: Make) -> None:
    teller = make("toy-old")
    teller.failed_run()
    assert teller.path is not None
    long_ago = time.time() - 31 * 86400
    os.utime(teller.path, (long_ago, long_ago))
    assert main(["runs", "prune"]) == 0
    assert not teller.path.exists()
