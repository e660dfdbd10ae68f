"""Dates in an ext4 image that are those of its making, as commands for debugfs that set them to one date.

mke2fs -d keeps the dates of the files it copies: the change and access dates are those of the build, which differ each
time. Files may be younger than the archive only because they were made while building, too. debugfs writes the dates,
because each inode has a checksum; only the list is made here, which inodes are in use and what is too young (0.1 s for
16000 files; asking debugfs for each took a second).
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_SUPERBLOCK = 1024
_MAGIC = 0xEF53
_WIDE = 0x80  # feature "64bit": group descriptors are longer


def commands(image: BinaryIO, offset: int, date: int) -> Iterator[str]:
    """A line for debugfs for each date to be set, of the file system that begins `offset` bytes into `image`.

    ValueError when there is none of the ext family."""
    for inode, accessed, changed, modified in _inodes(image, offset):
        if accessed != date:
            yield f"sif <{inode}> atime @{date}\n"
        if changed != date:
            yield f"sif <{inode}> ctime @{date}\n"
        if modified > date:
            yield f"sif <{inode}> mtime @{date}\n"


def _inodes(image: BinaryIO, offset: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, and dates of access, change and modification, of every inode in use."""
    image.seek(offset + _SUPERBLOCK)
    head = image.read(1024)
    if len(head) < 1024 or struct.unpack_from("<H", head, 56)[0] != _MAGIC:
        raise ValueError("no ext2, ext3 or ext4")
    (count,) = struct.unpack_from("<I", head)
    first_block, log_block = struct.unpack_from("<2I", head, 20)
    (per_group,) = struct.unpack_from("<I", head, 40)
    size = struct.unpack_from("<H", head, 88)[0]
    wide = struct.unpack_from("<I", head, 96)[0] & _WIDE
    descriptor = struct.unpack_from("<H", head, 254)[0] if wide else 32
    block = 1024 << log_block
    groups = -(-count // per_group)
    image.seek(offset + (first_block + 1) * block)
    table = image.read(groups * descriptor)
    for group in range(groups):
        low = struct.unpack_from("<I", table, group * descriptor + 8)[0]
        unused = struct.unpack_from("<H", table, group * descriptor + 28)[0]
        high = struct.unpack_from("<I", table, group * descriptor + 40)[0] if wide else 0
        image.seek(offset + (high << 32 | low) * block)
        inodes = image.read((per_group - unused) * size)
        for index in range(len(inodes) // size):
            mode, accessed, changed, modified, links = struct.unpack_from("<H6x3I6xH", inodes, index * size)
            if mode and links:
                yield group * per_group + index + 1, accessed, changed, modified


def main(words: list[str]) -> int:
    """IMAGE OFFSET DATE: prints the commands."""
    try:
        with Path(words[0]).open("rb") as image:
            sys.stdout.writelines(commands(image, int(words[1]), int(words[2])))
    except (OSError, ValueError) as error:
        print(f"{words[0]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
