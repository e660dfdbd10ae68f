"""A streamOptimized VMDK filled by this program is, byte for byte, the one that qemu-img converts to."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from wizard.image import grains, identity

pytestmark = pytest.mark.real

UUID = "0123abcd-4567-489a-abcd-ef0123456789"
_MIB = 1 << 20


def empty(folder: Path, size: int) -> Path:
    image = folder / "x.vmdk"
    folder.mkdir(exist_ok=True)
    words = ["qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=streamOptimized", str(image), str(size)]
    subprocess.run(words, check=True)
    return image


def filled(disk: Path, folder: Path) -> Path:
    image = empty(folder, disk.stat().st_size)
    assert grains.main([str(disk), str(image)]) == 0
    return image


def random_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


#: Pieces by their place; what is between is a hole.
DISKS = {
    "pieces": (64 * _MIB, {655_360: b"a line\n" * 100_000, 40 * _MIB + 4096: random_bytes(70_000)}),
    "two tables": (200 * _MIB, {0: b"begin", 100 * _MIB: b"middle" * 9000, 200 * _MIB - 4: b"end."}),
    "nothing": (3 * _MIB, {}),
    "written zeros": (3 * _MIB, {_MIB: bytes(_MIB)}),
    "does not compress": (3 * _MIB, {0: random_bytes(3 * _MIB)}),
    "half a grain at the end": (_MIB + 61_440, {0: random_bytes(_MIB), _MIB + 40_960: b"last" * 5120}),
}


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    size, pieces = DISKS[request.param]
    path = tmp_path / "disk.raw"
    with path.open("wb") as stream:
        stream.truncate(size)
        for place, piece in pieces.items():
            os.pwrite(stream.fileno(), piece, place)
    return path


def test_it_is_what_qemu_makes(disk: Path, tmp_path: Path) -> None:
    ours = filled(disk, tmp_path / "ours")
    theirs = tmp_path / "theirs/x.vmdk"  # its name stands in it
    theirs.parent.mkdir()
    words = [
        "qemu-img",
        "convert",
        "-f",
        "raw",
        "-O",
        "vmdk",
        "-o",
        "subformat=streamOptimized",
        str(disk),
        str(theirs),
    ]
    subprocess.run(words, check=True)
    for image in (ours, theirs):
        assert identity.main(["vmdk", str(image), UUID, "0"]) == 0
    assert ours.read_bytes() == theirs.read_bytes()


def test_it_holds_the_disk(disk: Path, tmp_path: Path) -> None:
    image = filled(disk, tmp_path)
    for words in (["compare", "-f", "raw", "-F", "vmdk", disk], ["check", "-q", "-f", "vmdk"]):
        done = subprocess.run(["qemu-img", *words, image], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_no_empty_image_of_that_size_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(b"x" * _MIB)
    image = filled(disk, tmp_path / "full")
    before = image.read_bytes()
    other = empty(tmp_path / "larger", 2 * _MIB)
    none = tmp_path / "none"
    none.write_bytes(bytes(70_000))
    sparse = tmp_path / "sparse"
    subprocess.run(["qemu-img", "create", "-q", "-f", "vmdk", sparse, "1M"], check=True)
    for file, why in (
        (image, "there is something in it"),
        (other, "no streamOptimized VMDK of the size of the disk"),
        (none, "no VMDK"),
        (sparse, "no streamOptimized VMDK of the size of the disk"),
    ):
        assert grains.main([str(disk), str(file)]) == 1
        assert capsys.readouterr().err == f"{file}: {why}\n"
    assert image.read_bytes() == before
