"""Disk images whose random numbers are set: the same bytes twice, and still what qemu-img takes."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path

import pytest

from wizard.image import identity

pytestmark = pytest.mark.real

UUID = "0123abcd-4567-489a-abcd-ef0123456789"


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("identity") / "disk.raw"
    path.write_bytes((bytes(range(256)) * 4096 + bytes(1 << 20)) * 4)
    return path


FORMATS = [
    ("vmdk", "subformat=streamOptimized"), ("vmdk", "subformat=monolithicSparse"), ("vdi", "static=off"),
    ("vpc", "force_size=on"), ("vpc", "force_size=on,subformat=fixed"),
]  # fmt: skip


def made(disk: Path, kind: str, options: str, name: str, date: str = "1783764997") -> Path:
    image = disk.with_name(name) / "disk"  # a VMDK holds its own name
    image.parent.mkdir(exist_ok=True)
    subprocess.run(["qemu-img", "convert", "-O", kind, "-o", options, disk, image], check=True)
    assert identity.main([kind, str(image), UUID, date]) == 0
    return image


@pytest.mark.parametrize(("kind", "options"), FORMATS)
def test_two_are_the_same_bytes_and_hold_the_disk(disk: Path, kind: str, options: str) -> None:
    one, other = (made(disk, kind, options, name) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    compared = subprocess.run(
        ["qemu-img", "compare", "-f", "raw", "-F", kind, disk, one], capture_output=True, text=True
    )
    assert compared.returncode == 0, compared.stderr
    if kind != "vpc":
        subprocess.run(["qemu-img", "check", "-q", "-f", kind, one], check=True)


@pytest.mark.parametrize("kind", ["vmdk", "vdi", "vpc"])
def test_another_identity_is_seen(disk: Path, kind: str) -> None:
    one = made(disk, kind, dict(FORMATS)[kind], "first").read_bytes()
    image = disk.with_name("first") / "disk"
    assert identity.main([kind, str(image), str(uuid.UUID(int=5)), "1783764997"]) == 0
    assert image.read_bytes() != one


@pytest.mark.parametrize("kind", ["vmdk", "vdi", "vpc"])
def test_what_is_none_of_the_format_is_left_alone(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(70_000))
    assert identity.main([kind, str(file), UUID, "0"]) == 1
    assert str(file) in capsys.readouterr().err
    assert file.read_bytes() == bytes(70_000)
