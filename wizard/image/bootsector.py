"""GRUB's first two stages for BIOS, written into a disk image: what grub-install does, which wants a block device.

The first stage (boot.img, the disk's first sector) loads one sector; that is the beginning of the second (core.img,
which lies in a partition of its own) and loads the rest of it. Each has to be told where the next part is. The places
of these numbers are not announced by GRUB's files, so they are looked at first: a GRUB that has something else there is
refused, not patched.
"""

from __future__ import annotations

import argparse
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from wizard.errors import MACHINE, UserError

SECTOR = 512
#: In boot.img: the sector that core.img begins at (8 bytes), and a jump that ends the search for a floppy disk's drive.
_KERNEL_SECTOR, _DRIVE_CHECK = 0x5C, 0x66
#: boot.img has 440 bytes of code; the disk's signature and the partition table follow.
_CODE = 440
#: In core.img's first sector: where the rest is (8 bytes), how many sectors (2), and the segment it is loaded to (2).
_REST = 0x1F4
_SEGMENT = 0x820
_NOP = b"\x90\x90"


@dataclass(frozen=True, slots=True)
class Stages:
    """The two stages as GRUB's files have them, looked at by `read`."""

    boot: bytes
    core: bytes

    @property
    def sectors(self) -> int:
        return -(-len(self.core) // SECTOR)


def read(directory: Path, core: Path) -> Stages:
    """The stages in GRUB's `directory` for i386-pc and in `core`, which grub-mkimage made with it.

    UserError (status 3) when one is laid out in a way that is not known here."""
    stages = Stages((directory / "boot.img").read_bytes(), core.read_bytes())
    first = (directory / "diskboot.img").read_bytes()
    wrong = _unknown_boot(stages.boot) or _unknown_core(stages, first)
    if wrong:
        raise UserError(
            f"the GRUB in {directory} is none that this program can put on a disk: {wrong}",
            status=MACHINE,
            hint="GRUB 2.02 to 2.12 as Debian packages it (grub-pc-bin) is known; nothing was written",
        )
    return stages


def _unknown_boot(boot: bytes) -> str:
    """What is not as expected of boot.img; "" when all is."""
    if len(boot) != SECTOR or boot[510:] != b"\x55\xaa":
        return "boot.img is no boot sector"
    if boot[_KERNEL_SECTOR : _KERNEL_SECTOR + 8] != struct.pack("<Q", 1):
        return f"boot.img has no sector number 1 at {_KERNEL_SECTOR:#x}"
    # mov ebx, [0x7c5c]: the code reads the number from there.
    if b"\x66\x8b\x1e" + struct.pack("<H", 0x7C00 + _KERNEL_SECTOR) not in boot[:_CODE]:
        return f"the code of boot.img does not read the number at {_KERNEL_SECTOR:#x}"
    # jmp over the check; test dl, 0x80: the check.
    if boot[_DRIVE_CHECK : _DRIVE_CHECK + 5] != b"\xeb\x05\xf6\xc2\x80":
        return f"boot.img has no check of the drive at {_DRIVE_CHECK:#x}"
    return ""


def _unknown_core(stages: Stages, first: bytes) -> str:
    """What is not as expected of core.img, whose first sector is `first`; "" when all is."""
    if len(first) != SECTOR or stages.core[:_REST] != first[:_REST]:
        return "core.img does not begin with diskboot.img"
    start, count, segment = struct.unpack_from("<QHH", stages.core, _REST)
    if start not in (1, 2) or segment != _SEGMENT:
        return f"core.img has no list of sectors at {_REST:#x}"
    if count != stages.sectors - 1:
        return f"core.img counts {count} sectors, and has {stages.sectors - 1} after the first"
    return ""


def patched(stages: Stages, sector: int) -> tuple[bytes, bytes]:
    """The first 440 bytes of a disk, and core.img, when that lies at `sector` in one piece."""
    boot = bytearray(stages.boot)
    struct.pack_into("<Q", boot, _KERNEL_SECTOR, sector)
    # As grub-install does for anything but a floppy disk: BIOSes exist that pass a wrong drive.
    boot[_DRIVE_CHECK : _DRIVE_CHECK + 2] = _NOP
    core = bytearray(stages.core)
    struct.pack_into("<QHH", core, _REST, sector + 1, stages.sectors - 1, _SEGMENT)
    return bytes(boot[:_CODE]), bytes(core)


def write(stages: Stages, disk: Path, sector: int, room: int) -> None:
    """Put both into the image `disk`, core.img at `sector`, where `room` sectors are free for it.

    UserError when that is too little."""
    if stages.sectors > room:
        raise UserError(
            f"GRUB's core image needs {stages.sectors} sectors, and has a partition of {room}", status=MACHINE
        )
    boot, core = patched(stages, sector)
    with disk.open("r+b") as stream:
        stream.write(boot)
        stream.seek(sector * SECTOR)
        stream.write(core)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m wizard.image.bootsector", description=__doc__)
    parser.add_argument("--grub", type=Path, required=True, help="the directory of GRUB's files for i386-pc")
    parser.add_argument("--core", type=Path, required=True, help="what grub-mkimage made of them")
    parser.add_argument("--sector", type=int, help="where core.img is to lie")
    parser.add_argument("--room", type=int, help="how many sectors are free there")
    parser.add_argument("disk", type=Path, nargs="?", help="the image; without it the files are only looked at")
    given = parser.parse_args(words)
    try:
        stages = read(given.grub, given.core)
        if given.disk:
            write(stages, given.disk, given.sector, given.room)
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        if isinstance(error, UserError) and error.hint:
            print(error.hint, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
