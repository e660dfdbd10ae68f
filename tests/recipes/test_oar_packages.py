"""OAR's packages from elsewhere: a directory or an archive with its key becomes a source that wins, or is refused."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.recipes.shell import run, scripts

ADD = scripts("debian-bookworm-x86_64-oar-2.5-iso", "add_source")
LIST, PIN = "etc/apt/sources.list.d/kameleon-oar.list", "etc/apt/preferences.d/kameleon-oar"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An appliance's apt directories; in tmp_path/bin an apt-get that says what it was given."""
    chroot = tmp_path / "chroot"
    for name in ("etc/apt/sources.list.d", "etc/apt/preferences.d", "usr/share/keyrings", "var/cache"):
        (chroot / name).mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/apt-get").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "bin/apt-get").chmod(0o755)
    (tmp_path / "key file").write_text("x")
    (tmp_path / "key.asc").write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    return chroot


def add(tmp_path: Path, value: str) -> subprocess.CompletedProcess[str]:
    return run(ADD, tmp_path, {"oar_packages": value}, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")


def test_nothing_asked_for(tmp_path: Path, tree: Path) -> None:
    done = add(tmp_path, "")
    assert (done.returncode, done.stdout) == (0, "OAR's packages come from the distribution\n")
    assert not (tree / LIST).exists()


def test_a_directory(tmp_path: Path, tree: Path) -> None:
    control = tmp_path / "p/DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text("Package: oar-x\nVersion: 1:2-3\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: x\n y\n")
    debs = tmp_path / "my $(id) debs"
    debs.mkdir()
    subprocess.run(["dpkg-deb", "-b", tmp_path / "p", debs / "a b.deb"], check=True, capture_output=True)
    done = add(tmp_path, "my $(id) debs")
    assert done.returncode == 0, done.stderr
    assert "Package: oar-x Version: 1:2-3\n" in done.stdout
    assert (tree / LIST).read_text() == f"deb [trusted=yes] copy:{tree}/var/cache/kameleon-oar ./\n"
    assert (tree / PIN).read_text() == 'Package: *\nPin: origin ""\nPin-Priority: 1001\n'
    index = (tree / "var/cache/kameleon-oar/Packages").read_text()
    size = (debs / "a b.deb").stat().st_size
    assert f"Description: x\n y\nFilename: ./a b.deb\nSize: {size}\nSHA256: " in index


@pytest.mark.parametrize(("key", "kept"), [("key.asc", "kameleon-oar.asc")])
def test_an_archive(tmp_path: Path, tree: Path, key: str, kept: str) -> None:
    done = add(tmp_path, f"deb [signed-by={key}] https://oar.example.org:8080/debian bookworm main contrib")
    assert done.returncode == 0, done.stderr
    place = f"{tree}/usr/share/keyrings/{kept}"
    assert (tree / LIST).read_text() == (
        f"deb [signed-by={place}] https://oar.example.org:8080/debian bookworm main contrib\n"
    )
    assert "Pin: origin oar.example.org\n" in (tree / PIN).read_text()
    assert Path(place).read_text() == (tmp_path / key).read_text()
    assert f"Dir::Etc::sourcelist={tree}/{LIST}" in done.stdout


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("deb http://x.example.org/debian bookworm main", "is no line such as"),
        ("deb [trusted=yes] http://x.example.org/debian bookworm main", "is no line such as"),
        ("deb [signed-by=key.asc] http://x.example.org/debian", "is no line such as"),
        ("deb [signed-by=key.asc] http://x.example.org/debian a main\ndeb http://y.example.org/ a main", "is no line"),
        ("deb [signed-by=none.asc] http://x.example.org/debian bookworm main", "cannot be read"),
        ("deb [signed-by=key.asc] http://me:secret@x.example.org/debian bookworm main", "must hold no password"),
        ("chroot", "no .deb file in it"),
        ("nowhere", "no .deb file in it"),
    ],
)
def test_what_is_refused(tmp_path: Path, tree: Path, value: str, said: str) -> None:
    done = add(tmp_path, value)
    assert done.returncode != 0
    assert said in done.stderr
    assert "secret" not in done.stderr + done.stdout
    assert not (tree / LIST).exists()
