"""The wheel holds every file the program needs, git ignores none of them, and what is installed works."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT, files, git
from wizard.data import SHIPPED


def shipped_files() -> dict[str, str]:
    """Path in the checkout → path in the wheel, of the package and everything beside it that ships."""
    found = {}
    for path in map(str, files()):
        if path.startswith("wizard/"):
            found[path] = path
        elif path.split("/")[0] in SHIPPED:
            found[path] = f"wizard/_shipped/{path}"
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = directory.glob("*.whl")
    return built


def test_git_ignores_nothing_that_ships() -> None:
    there = [
        str(path.relative_to(ROOT))
        for room in ("wizard", *SHIPPED)
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert "wizard/cli.py" in there
    # Status 1: not one of them is ignored.
    assert git("check-ignore", "--stdin", "--no-index", expect=(0, 1), text="\n".join(there)) == ""


def test_wheel_holds_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = set(shipped_files().values())
    assert inside == expected
    assert {"wizard/cli.py", "wizard/host/tools.toml", "wizard/_shipped/recipes/hello.yaml"} <= inside
    assert "wizard/_shipped/initramfs-hooks/hooks/kameleon" in inside


def test_data_is_found_in_a_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from wizard.data import shipped; print(shipped('recipes'))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], cwd="/", capture_output=True, text=True)
    assert done.stdout.strip() == str(tmp_path / "wizard/_shipped/recipes"), done.stderr


@pytest.mark.real
def test_pip_install_into_an_empty_environment(tmp_path: Path) -> None:
    """As a user would, from a copy of the files elsewhere, with the index pip is configured for."""
    source = tmp_path / "source with a space"
    for path in files():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes((ROOT / path).read_bytes())
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", str(source)],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    program = tmp_path / "venv/bin/kameleon-tui"
    done = subprocess.run([program, "recipe", "list"], cwd="/", env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stdout
    done = subprocess.run([program, "doctor", "--json"], cwd="/", env=environment, capture_output=True, text=True)
    assert '"mmdebstrap"' in done.stdout
