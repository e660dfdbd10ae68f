"""Linters are tests: one command, one report, and nobody forgets one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.contracts.tree import ROOT, files


def run(*words: str) -> None:
    done = subprocess.run(
        words,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1"},
    )
    if done.returncode:
        pytest.fail(f"{' '.join(words[:6])} …\n{done.stdout}", pytrace=False)


def shell_files() -> list[str]:
    """Every sh or bash script of the tree: by its name, or by its first line."""
    found = []
    for path in files():
        if path.suffix in (".sh", ".bash"):
            found.append(str(path))
        elif not path.suffix:
            with (ROOT / path).open("rb") as stream:
                first = stream.readline(64)
            if first.startswith(b"#!") and first.split(b"#!")[1].split()[-1].rpartition(b"/")[2] in (b"sh", b"bash"):
                found.append(str(path))
    return found


def test_types() -> None:
    run(sys.executable, "-m", "mypy")


def test_ruff() -> None:
    run(sys.executable, "-m", "ruff", "check", ".")


def test_format() -> None:
    run(sys.executable, "-m", "ruff", "format", "--check", "--diff", ".")


def test_shell_scripts() -> None:
    found = shell_files()
    assert "scripts/setup.sh" in found
    assert ".ci/run" in found
    run("shellcheck", "--external-sources", *found)


def test_import_contracts() -> None:
    run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")


@pytest.mark.parametrize(
    "leaf", ["wizard.errors", "wizard.arguments", "wizard.data", "wizard.engine.events", "wizard.recipe.model"]
)
def test_leaves_import_nothing_of_ours(leaf: str) -> None:
    """What every room may use must drag no room along; import-linter has no contract for a module inside a room."""
    graph = grimp.build_graph("wizard", cache_dir=None)
    assert graph.find_modules_directly_imported_by(leaf) <= {"wizard.errors"}
