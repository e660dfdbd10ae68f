"""A disk image filled by this program is, byte for byte, the one that qemu-img converts to with one processor."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from wizard.image import fill, identity

pytestmark = pytest.mark.real

UUID = "0123abcd-4567-489a-abcd-ef0123456789"
#: As qemu-img is asked for them.
OPTIONS = {"vmdk": "subformat=streamOptimized", "qcow2": "compression_type=zstd"}
KINDS = pytest.mark.parametrize("kind", OPTIONS)
_MIB = 1 << 20


def empty(kind: str, folder: Path, size: int, options: str = "") -> Path:
    image = folder / f"x.{kind}"  # the name stands in a VMDK
    folder.mkdir(exist_ok=True)
    words = ["qemu-img", "create", "-q", "-f", kind, "-o", options or OPTIONS[kind], str(image), str(size)]
    subprocess.run(words, check=True)
    return image


def filled(kind: str, disk: Path, folder: Path) -> Path:
    image = empty(kind, folder, disk.stat().st_size)
    assert fill.main([kind, str(disk), str(image)]) == 0
    return image


def converted(kind: str, disk: Path, folder: Path) -> Path:
    folder.mkdir()
    image = folder / f"x.{kind}"
    words = ["qemu-img", "convert", "-f", "raw", "-O", kind, "-o", OPTIONS[kind], *(["-c"] if kind == "qcow2" else [])]
    subprocess.run([*words, str(disk), str(image)], check=True)
    return image


def identical(kind: str, disk: Path, image: Path) -> None:
    for words in (["compare", "-f", "raw", "-F", kind, str(disk)], ["check", "-q", "-f", kind]):
        done = subprocess.run(["qemu-img", *words, str(image)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def random_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def lines(size: int) -> bytes:
    """What becomes smaller, by another length in each piece."""
    return b"".join(b"%d %d\n" % (number, number * number) for number in range(size // 8))[:size]


#: Size, and what is where; between it are holes.
DISKS = {
    "pieces": (64 * _MIB, {655_360: lines(700_000), 40 * _MIB + 4096: random_bytes(70_000)}),
    "two tables": (1100 * _MIB, {0: b"begin", 500 * _MIB: lines(900_000), 1100 * _MIB - 4: b"end."}),
    "nothing": (3 * _MIB, {}),
    "written zeros": (4 * _MIB, {2 * _MIB: bytes(2 * _MIB)}),
    "does not become smaller": (3 * _MIB, {0: random_bytes(3 * _MIB)}),
    "now smaller, now not": (3 * _MIB, {0: lines(200_000) + random_bytes(200_000) + lines(2_000_000)}),
    "half a piece at the end": (_MIB + 61_440, {0: random_bytes(_MIB), _MIB + 40_960: b"last" * 5120}),
}


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    size, held = DISKS[request.param]
    return written(tmp_path / "disk.raw", size, held)


def written(path: Path, size: int, held: dict[int, bytes]) -> Path:
    with path.open("wb") as stream:
        stream.truncate(size)
        for place, piece in held.items():
            os.pwrite(stream.fileno(), piece, place)
    return path


@KINDS
def test_it_is_what_qemu_makes_and_holds_the_disk(kind: str, disk: Path, tmp_path: Path) -> None:
    ours, theirs = filled(kind, disk, tmp_path / "ours"), converted(kind, disk, tmp_path / "theirs")
    identical(kind, disk, ours)
    if kind == "vmdk":
        for image in (ours, theirs):
            assert identity.main([kind, str(image), UUID, "0"]) == 0
    assert ours.read_bytes() == theirs.read_bytes()


@KINDS
def test_zeros_between_data_are_left_out(kind: str, tmp_path: Path) -> None:
    disk = written(tmp_path / "disk.raw", 4 * _MIB, {0: b"one" + bytes(_MIB), _MIB: b"two" + bytes(_MIB)})
    ours, theirs = filled(kind, disk, tmp_path / "ours"), converted(kind, disk, tmp_path / "theirs")
    identical(kind, disk, ours)
    assert ours.stat().st_size <= theirs.stat().st_size


def test_an_image_of_more_than_two_gigabytes_has_all_its_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a table of counts that is full after 16 clusters, as that of qcow2 is after 2 GB."""
    disk = written(tmp_path / "disk.raw", 8 * _MIB, {0: random_bytes(3 * _MIB), 4 * _MIB: lines(3 * _MIB)})
    image = empty("qcow2", tmp_path / "ours", 8 * _MIB, "compression_type=zstd,refcount_bits=16")
    seen: list[int] = []
    monkeypatch.setattr(fill, "_PER_BLOCK", 16)
    write = fill._Qcow2._write

    def close_look(self: fill._Qcow2, place: int, form: str, numbers: list[int]) -> None:
        if form.endswith("H"):
            seen.append(place)
        write(self, place, form, numbers)

    monkeypatch.setattr(fill._Qcow2, "_write", close_look)
    assert fill.main(["qcow2", str(disk), str(image)]) == 0
    # Each block but the first is the first of the clusters that it counts.
    assert seen[0] == 2 * 65536
    assert seen[1:] == [number * 16 * 65536 for number in range(1, len(seen))]
    assert len(seen) > 3
    compared = subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", "qcow2", disk, image], capture_output=True)
    assert compared.returncode == 0


@KINDS
def test_what_is_no_empty_image_of_that_size_is_refused(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(b"x" * _MIB)
    image = filled(kind, disk, tmp_path / "full")
    before = image.read_bytes()
    none = tmp_path / "none"
    none.write_bytes(bytes(70_000))
    other = {"vmdk": "subformat=monolithicSparse", "qcow2": "cluster_size=4k"}[kind]
    no_other = {"vmdk": "no streamOptimized VMDK", "qcow2": "no qcow2 with zstd"}[kind]
    for file, why in (
        (image, "there is something in it"),
        (empty(kind, tmp_path / "larger", 2 * _MIB), "of the size of the disk"),
        (empty(kind, tmp_path / "other", _MIB, other), no_other),
        (none, {"vmdk": "no VMDK", "qcow2": "no qcow2"}[kind]),
    ):
        assert fill.main([kind, str(disk), str(file)]) == 1
        told = capsys.readouterr().err
        assert told.startswith(f"{file}: "), told
        assert why in told
    assert image.read_bytes() == before
