"""What an appliance gets of the running kameleon-tui: all it needs, and nothing that tells about this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT, files
from wizard.data import SHIPPED
from wizard.errors import MACHINE, UserError
from wizard.host import installation


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    destination = tmp_path_factory.mktemp("copied") / "lib"
    (destination / "old").mkdir(parents=True)
    assert installation.main([str(destination)]) == 0
    return destination


def test_the_program_is_all_there(copied: Path) -> None:
    assert not (copied / "old").exists()
    for path in files():
        if path.parts[0] == "wizard":
            assert (copied / path).read_bytes() == (ROOT / path).read_bytes()
        elif path.parts[0] in SHIPPED:
            assert (copied / "wizard/_shipped" / path).is_file()
    assert not list(copied.rglob("__pycache__"))


def test_it_runs_from_there_with_no_other_packages_of_its_own(copied: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "wizard", "--version"],
        env={"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    # -S: without this interpreter's own site-packages, textual can only come from the copy.
    words = "import importlib.metadata, textual.app; print(textual.app.__file__, importlib.metadata.version('rich'))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", words],
        env={"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(copied))


def test_nothing_tells_about_this_machine(copied: Path) -> None:
    names = {path.name for path in copied.rglob("*")}
    assert not names & {"RECORD", "direct_url.json", "INSTALLER", "REQUESTED"}
    assert "METADATA" in names
    assert any("licen" in name.lower() for name in names)
    prefix = os.fsencode(sys.prefix)
    assert [path for path in copied.rglob("*") if path.is_file() and prefix in path.read_bytes()] == []


class Package:
    """What importlib.metadata would give for one package."""

    def __init__(self, name: str, *requires: str) -> None:
        self.name, self.requires, self.version = name, list(requires), "1"


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "a": Package("a", "B_b[fast,odd]>=1,<2", 'c; python_version < "3"', 'd; extra == "tests"'),
        "b-b": Package("b-b", 'e>=1; extra == "fast"', "a (>=1)", 'missing; extra == "slow"'),
        "e": Package("e", "f-gone"),
    }

    def distribution(name: str) -> Package:
        key = name.lower().replace("_", "-")
        if key not in known:
            raise PackageNotFoundError(name)
        return known[key]

    monkeypatch.setattr(installation, "distribution", distribution)


@pytest.mark.usefixtures("packages")
def test_requirements_are_followed_where_they_hold() -> None:
    with pytest.raises(UserError, match="f-gone is not installed") as caught:
        installation.closure(["a"])
    assert caught.value.status == MACHINE


def test_a_package_with_compiled_code_is_refused() -> None:
    [psutil] = [one for one in installation.closure(["psutil"]) if one.name == "psutil"]
    with pytest.raises(UserError, match="compiled code"):
        list(installation.files_of(psutil))
