"""What tests of machines that start have in common."""

from __future__ import annotations

import subprocess

import pytest

from tests.boot.picture import Shapes, shapes
from tests.image.iso import built_iso
from tests.image.test_iso import extract


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Shapes:
    """Of the machine's screen: the font that is loaded when it starts, and one like that of the kernel."""
    place = tmp_path_factory.mktemp("font")
    names = [f"usr/share/consolefonts/Lat15-{name}16.psf.gz" for name in ("VGA", "Fixed")]
    extract(built_iso(), "/live/filesystem.squashfs", place / "squashfs")
    subprocess.run(["unsquashfs", "-no-progress", "-d", place / "tree", place / "squashfs", *names],
                   check=True, capture_output=True)  # fmt: skip
    (place / "squashfs").unlink()
    return {shape: letter for name in names for shape, letter in shapes((place / "tree" / name).read_bytes()).items()}
