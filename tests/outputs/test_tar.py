"""The output type tar: each compression, read by its own tool, holds the appliance; the same bytes twice."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.outputs import contents, little, odd
from tests.outputs.appliance import NAME, Appliance, exported

pytestmark = pytest.mark.real

#: Compressions, and the tool that says whether a file is whole.
TOOLS = {"zst": "zstd", "gz": "gzip", "xz": "xz"}


@pytest.fixture(scope="module")
def small(folder: Path) -> Appliance:
    return little.make(folder / "little")


@pytest.fixture(scope="module")
def outputs(small: Appliance, folder: Path) -> dict[str, Path]:
    """The archive in each compression."""
    return {
        kind: exported(small, folder / kind, "tar", values={"archive_compression": kind}) / f"{NAME}.tar.{kind}"
        for kind in TOOLS
    }


@pytest.mark.parametrize("kind", TOOLS)
def test_each_compression_holds_the_appliance(
    small: Appliance, outputs: dict[str, Path], folder: Path, kind: str
) -> None:
    subprocess.run([TOOLS[kind], "-tq", outputs[kind]], check=True)
    tree = unpack(outputs[kind], folder / f"tree-{kind}")
    held = contents.of_tree(tree)
    assert contents.differences(small.contents, held, but=contents.LEFT_OUT, epoch=small.epoch) == []
    assert contents.without(held, contents.LEFT_OUT) == held
    # Holes are still holes, and took no place in the archive either.
    for name in ("sparse", "hole"):
        assert (tree / odd.PLACE / name).stat().st_blocks * 512 < 1 << 20
    unpacked = subprocess.run([TOOLS[kind], "-dc", outputs[kind]], capture_output=True, check=True)
    assert len(unpacked.stdout) < 2 << 20


def test_the_same_bytes_twice(small: Appliance, outputs: dict[str, Path], folder: Path) -> None:
    again = exported(small, folder / "again", "tar") / f"{NAME}.tar.zst"
    assert again.read_bytes() == outputs["zst"].read_bytes()


def unpack(archive: Path, tree: Path) -> Path:
    """GNU tar unpacks an archive with everything it holds."""
    tree.mkdir()
    words = ["--xattrs", "--xattrs-include=*", "--numeric-owner", "--same-owner", "--preserve-permissions"]
    subprocess.run(["tar", "--extract", *words, "--file", archive, "--directory", tree], check=True)
    return tree
