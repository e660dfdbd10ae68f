"""oar_packages as an archive with its key: a real signature, a real apt, and a real, small, appliance."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT
from tests.image.archive import Archive, keyring, served
from tests.recipes.shell import run, scripts

pytestmark = pytest.mark.real

PACKAGE = "oar-node"
#: Older than Debian's: what was asked for wins nevertheless.
VERSION = "2.5.0-0mine"

RECIPE = """\
global:
  strict: true
  suite: bookworm
  variant: minbase
  mirror: ""
  security: ""
  oar_packages: ""
  base_packages: ""
  packages: oar-node
  kernel: ""

bootstrap:
  - debian

setup:
  - oar_packages
  - packages
  - oar_image:
      - forget_where_packages_came_from
  - cleaning

export:
  - keep
"""
KEEP = """\
- keep:
    - exec_local: |
        cp -a -- "$KAMELEON_CHROOT/etc/apt" "$KAMELEON_CHROOT/usr/share/keyrings" "$KAMELEON_OUTPUT/"
        cp -- "$KAMELEON_CHROOT/usr/share/oar-node/from" "$KAMELEON_CHROOT/var/lib/dpkg/status" "$KAMELEON_OUTPUT/"
"""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with served(tmp_path / "archive") as found:
        found.add(PACKAGE, VERSION)
        yield found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    # Not tmp_path: an agent's socket has a short name.
    with keyring(tmp_path / "gpg") as found:
        yield found


def test_it_is_built_from_there_and_goes_on_to_trust_that_key_only(
    tmp_path: Path, archive: Archive, home: Path
) -> None:
    archive.sign(home)
    (tmp_path / "small.yaml").write_text(RECIPE)
    (tmp_path / "steps/export").mkdir(parents=True)
    (tmp_path / "steps/export/keep.yaml").write_text(KEEP)
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "build", "./small.yaml", "-g", f"oar_packages:{archive.source('gpg/key.asc')}",
         "--output", "out", "--on-failure", "abort"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    out = tmp_path / "out"
    assert (out / "from").read_text() == "my own archive\n"
    status = (out / "status").read_text()
    assert f"Package: {PACKAGE}\nStatus: install ok installed\n" in status
    assert f"Version: {VERSION}\n" in status
    source = (out / "apt/sources.list.d/kameleon-oar.list").read_text()
    assert source == f"{archive.source('/usr/share/keyrings/kameleon-oar.asc')}\n"
    assert (out / "keyrings/kameleon-oar.asc").read_bytes() == (home / "key.asc").read_bytes()
    assert "Pin: origin 127.0.0.1\n" in (out / "apt/preferences.d/kameleon-oar").read_text()
    assert str(tmp_path) not in "".join(
        path.read_text() for path in (out / "apt").rglob("*") if path.is_file() and path.suffix != ".gpg"
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """As much of an appliance as apt needs to fetch an index."""
    chroot = tmp_path / "chroot"
    names = ["etc/apt/sources.list.d", "etc/apt/preferences.d", "usr/share/keyrings", "var/lib/dpkg"]
    for name in [*names, "var/cache/apt/archives/partial", "var/lib/apt/lists/partial"]:
        (chroot / name).mkdir(parents=True)
    (chroot / "var/lib/dpkg/status").touch()
    (tmp_path / "apt.conf").touch()
    return chroot


def add(tmp_path: Path, archive: Archive, key: Path) -> subprocess.CompletedProcess[str]:
    script = scripts("debian-bookworm-x86_64-oar-2.5-iso", "add_source")
    return run(script, tmp_path, {"oar_packages": archive.source(key)})


def indices(tree: Path) -> list[Path]:
    """What apt took to be true of archives; compressed, if this host's apt does so."""
    return list((tree / "var/lib/apt/lists").glob("*_Packages*"))


@pytest.mark.parametrize("name", ["key.asc", "key.gpg"])
def test_both_forms_of_a_key(tmp_path: Path, tree: Path, archive: Archive, home: Path, name: str) -> None:
    archive.sign(home)
    done = add(tmp_path, archive, home / name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert indices(tree) != []


def test_somebody_elses_signature(tmp_path: Path, tree: Path, archive: Archive, home: Path) -> None:
    with keyring(tmp_path / "other") as other:
        archive.sign(other)
    done = add(tmp_path, archive, home / "key.asc")
    assert done.returncode != 0
    assert "is not signed" in done.stderr
    assert indices(tree) == []


def test_an_index_that_was_changed_after_it_was_signed(
    tmp_path: Path, tree: Path, archive: Archive, home: Path
) -> None:
    archive.sign(home)
    index = archive.folder / "dists/local/main/binary-amd64/Packages"
    index.write_text(index.read_text().replace(VERSION, "9:9"))
    done = add(tmp_path, archive, home / "key.asc")
    assert done.returncode != 0
    assert indices(tree) == []
