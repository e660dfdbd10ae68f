"""GRUB's stages on a disk: what is written where, and that a GRUB with another layout is refused."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from wizard.errors import MACHINE, UserError
from wizard.image import bootsector

SECTORS = 5


@pytest.fixture
def grub(tmp_path: Path) -> Path:
    """A directory with files laid out as GRUB's are, and core.img."""
    boot = bytearray(range(256)) * 2
    boot[0x5C:0x64] = struct.pack("<Q", 1)
    boot[0x66:0x6B] = b"\xeb\x05\xf6\xc2\x80"
    boot[0x100:0x105] = b"\x66\x8b\x1e\x5c\x7c"
    boot[510:] = b"\x55\xaa"
    first = bytearray(b"diskboot".ljust(0x1F4, b"\x01")) + struct.pack("<QHH", 2, 0, 0x820)
    core = bytearray(first) + b"\x02" * (512 * (SECTORS - 1) - 100)
    core[0x1FC:0x1FE] = struct.pack("<H", SECTORS - 1)
    for name, content in (("boot.img", boot), ("diskboot.img", first), ("core.img", core)):
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_each_stage_is_told_where_the_next_is(grub: Path) -> None:
    disk = grub / "disk"
    disk.write_bytes(b"\xee" * (16 << 10))
    bootsector.write(bootsector.read(grub, grub / "core.img"), disk, 8, 8)
    written = disk.read_bytes()
    assert struct.unpack_from("<Q", written, 0x5C) == (8,)
    assert written[0x66:0x68] == b"\x90\x90"
    assert written[:0x5C] == (grub / "boot.img").read_bytes()[:0x5C]
    assert written[440:4096] == b"\xee" * (4096 - 440)  # the partition table, and what follows
    assert struct.unpack_from("<QHH", written, 4096 + 0x1F4) == (9, SECTORS - 1, 0x820)
    assert written[4096 + 512 : 4096 + len((grub / "core.img").read_bytes())] == (grub / "core.img").read_bytes()[512:]


@pytest.mark.parametrize(
    ("name", "at", "bytes_", "told"),
    [
        ("boot.img", 510, b"\0\0", "boot.img is no boot sector"),
        ("boot.img", 0x5C, b"\x02", "boot.img has no sector number 1 at 0x5c"),
        ("boot.img", 0x103, b"\x60", "the code of boot.img does not read the number at 0x5c"),
        ("boot.img", 0x66, b"\x90\x90", "boot.img has no check of the drive at 0x66"),
        ("core.img", 0, b"D", "core.img does not begin with diskboot.img"),
        ("core.img", 0x1F4, b"\x07", "core.img has no list of sectors at 0x1f4"),
        ("core.img", 0x1FE, b"\0\0", "core.img has no list of sectors at 0x1f4"),
        ("core.img", 0x1FC, b"\x09", "core.img counts 9 sectors, and has 4 after the first"),
    ],
)
def test_an_unknown_layout_is_refused(grub: Path, name: str, at: int, bytes_: bytes, told: str) -> None:
    with (grub / name).open("r+b") as stream:
        stream.seek(at)
        stream.write(bytes_)
    with pytest.raises(UserError) as caught:
        bootsector.read(grub, grub / "core.img")
    assert told in caught.value.message
    assert caught.value.status == MACHINE


def test_a_core_image_that_does_not_fit_is_refused(grub: Path) -> None:
    disk = grub / "disk"
    disk.write_bytes(bytes(8 << 10))
    with pytest.raises(UserError, match="needs 5 sectors, and has a partition of 4"):
        bootsector.write(bootsector.read(grub, grub / "core.img"), disk, 8, 4)
    assert disk.read_bytes() == bytes(8 << 10)


def test_the_command_line_tells_in_words(grub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bootsector.main(["--grub", str(grub), "--core", str(grub / "core.img")]) == 0
    (grub / "boot.img").write_bytes(b"short")
    assert bootsector.main(["--grub", str(grub), "--core", str(grub / "core.img")]) == 1
    assert "is none that this program can put on a disk: boot.img is no boot sector" in capsys.readouterr().err
    assert bootsector.main(["--grub", str(grub), "--core", str(grub / "none")]) == 1
    assert "none" in capsys.readouterr().err


@pytest.mark.real
def test_the_grub_of_this_machine_is_known(tmp_path: Path) -> None:
    import subprocess

    directory = Path("/usr/lib/grub/i386-pc")
    core = tmp_path / "core.img"
    subprocess.run(["grub-mkimage", "-O", "i386-pc", "-p", "/", "-o", core, "biosdisk", "part_gpt"], check=True)
    assert bootsector.read(directory, core).sectors > 10
