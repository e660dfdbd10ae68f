"""`kameleon-tui firstboot` as a command: what it prints, what it refuses, and what it imports."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.test_cost_of_starting import modules_after
from tests.contracts.tree import ROOT
from tests.firstboot.recorded import KEY, tree
from wizard import cli
from wizard.commands import firstboot as command
from wizard.firstboot import system


def firstboot(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wizard", "firstboot", *words],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tree(tmp_path / "tree")


def test_the_plan_is_one_line_of_canonical_json(root: Path) -> None:
    done = firstboot("--dry-run", "--json", "--root", str(root))
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert done.stdout == json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    assert plan["recipe"] == "both"
    assert "default" not in plan["answers"].values()
    assert done.stdout == firstboot("--defaults", "--dry-run", "--json", "--root", str(root)).stdout


def test_the_plan_for_people_has_sources_and_commands(root: Path) -> None:
    (root / "a.yaml").write_text(f"answers: {{role: node, server: head, server_key: {KEY}}}\n")
    done = firstboot("--dry-run", "--root", str(root), "--answers", str(root / "a.yaml"))
    assert "  role node (file)" in done.stdout
    assert "  keymap us (default)" in done.stdout
    assert "admit_server" in done.stdout


def test_a_file_is_checked(root: Path) -> None:
    (root / "a.yaml").write_text("answers: {role: nod}\n")
    done = firstboot("--check", str(root / "a.yaml"), "--root", str(root))
    assert done.returncode == 2
    assert done.stderr.startswith(f"kameleon-tui: {root}/a.yaml:1:17: Role: 'nod' is not offered here")
    (root / "a.yaml").write_text("answers: {role: node}\nmachines: [{match: {mac: '*'}, answers: {}}]\n")
    done = firstboot("--check", str(root / "a.yaml"), "--root", str(root))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{root}/a.yaml: no mistakes in its answers, 1 of them for some machines only\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--answers", "/none.yaml"), "/none.yaml:1:1: cannot be read: no such file"),
        (("--root", "/none"), "/none: is not a directory"),
        (("--timeout", "soon"), "a number of seconds was expected"),
        (("--state", "/none"), "/none: No such file"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], said: str) -> None:
    done = firstboot("--dry-run", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_nobody_can_answer_is_told_by_name(root: Path) -> None:
    (root / "a.yaml").write_text("answers: {network: static}\n")
    done = firstboot("--defaults", "--dry-run", "--root", str(root), "--answers", str(root / "a.yaml"))
    assert done.returncode == 2
    assert "Address: '' is no address with its network" in done.stderr
    assert "address" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("live", "before", "due"),
    [(True, "never", True), (True, "ended", True), (True, "done", False), (False, "never", False)],
)
def test_when_the_program_alone_means_the_first_boot(
    monkeypatch: pytest.MonkeyPatch, live: bool, before: str, due: bool
) -> None:
    monkeypatch.setattr(system, "kernel_command_line", lambda: "quiet boot=live" if live else "quiet")
    monkeypatch.setattr(system, "before", lambda root: system.Before(before))
    assert command.due() is due


@pytest.mark.parametrize("words", [[], ["--defaults"], ["--defaults", "--timeout", "9"]])
def test_the_program_alone_starts_it_with_the_same_options(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    asked: list[argparse.Namespace] = []

    def run(arguments: argparse.Namespace) -> int:
        asked.append(arguments)
        return 7

    monkeypatch.setattr(command, "due", lambda: True)
    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(cli, "on_terminal", lambda: True)
    assert cli.main(words) == 7
    assert (asked[0].defaults, asked[0].timeout) == ("--defaults" in words, 9.0 if "9" in words else None)
    assert (asked[0].root, asked[0].dry_run, asked[0].quiet) == ("/", False, False)


def test_with_nobody_there_no_screens_are_imported(root: Path) -> None:
    for words in (["--defaults", "--dry-run", "--json"], ["--defaults", "--dry-run"]):
        found = {name.split(".")[0] for name in modules_after("firstboot", *words, "--root", str(root))}
        assert not found & {"textual", "rich", "http", "pyudev"}
