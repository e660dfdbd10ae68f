"""A raw disk's data into an empty disk image that qemu-img created, compressed by all processors.

`qemu-img convert` does it with one. (With more, -W, each run makes other bytes.) What is written is what it writes, but
that 64 KiB of zeros in a disk are left out, which it does for 2 MiB at a time.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import zlib
from pathlib import Path
from typing import BinaryIO

from wizard.image import pieces

_SECTOR = 512

# --- VMDK, streamOptimized

_STREAM_OPTIMIZED = 0x30000  # flags of the header: compressed grains, with markers
_LEVEL = 6  # zlib's, qemu-img's


def vmdk(disk: BinaryIO, image: BinaryIO) -> None:
    """ValueError when `image` is no such VMDK of the size of `disk`, or is not empty."""
    header = image.read(_SECTOR)
    if len(header) < _SECTOR or header[:4] != b"KDMV":
        raise ValueError("no VMDK")
    flags, capacity, grain = struct.unpack_from("<IQQ", header, 8)
    (per_table,) = struct.unpack_from("<I", header, 44)
    directories = struct.unpack_from("<2Q", header, 48)
    data = image.seek(0, os.SEEK_END)
    size = disk.seek(0, os.SEEK_END)
    right = flags & _STREAM_OPTIMIZED == _STREAM_OPTIMIZED and grain * _SECTOR == pieces.SIZE
    if not right or size != capacity * _SECTOR:
        raise ValueError("no streamOptimized VMDK of the size of the disk")
    if data != struct.unpack_from("<Q", header, 64)[0] * _SECTOR:
        raise ValueError("there is something in it")
    table = [0] * -(-size // pieces.SIZE)
    for number, packed in pieces.packed(disk.fileno(), size, lambda piece: zlib.compress(piece, _LEVEL)):
        table[number] = image.tell() // _SECTOR
        marked = struct.pack("<QI", number * (pieces.SIZE // _SECTOR), len(packed)) + packed
        image.write(marked + bytes(-len(marked) % _SECTOR))
    # Zeros behind the last one are the mark at which who reads it as a stream stops.
    image.truncate(max(image.tell(), max(table) * _SECTOR + pieces.SIZE if any(table) else 0))
    _write_tables(image, table, directories, per_table)


def _write_tables(image: BinaryIO, table: list[int], directories: tuple[int, ...], per_table: int) -> None:
    """Where each grain is, into the tables that both directories name."""
    for directory in directories:
        image.seek(directory * _SECTOR)
        count = -(-len(table) // per_table)
        places = struct.unpack(f"<{count}I", image.read(4 * count))
        for index, place in enumerate(places):
            part = table[index * per_table : (index + 1) * per_table]
            image.seek(place * _SECTOR)
            image.write(struct.pack(f"<{len(part)}I", *part))


# --- qcow2, compressed with zstd

_VERSION, _CLUSTER_BITS, _ZSTD = 3, 16, 1
_PER_L2 = pieces.SIZE // 8
_PER_BLOCK = pieces.SIZE // 2  # counts of references, 16 bits each
_COPIED, _COMPRESSED, _SECTORS_SHIFT = 1 << 63, 1 << 62, 54


def qcow2(disk: BinaryIO, image: BinaryIO) -> None:
    """ValueError when `image` is no such qcow2 of the size of `disk`, or is not empty."""
    header = image.read(112)
    if len(header) < 112 or header[:4] != b"QFI\xfb":
        raise ValueError("no qcow2")
    version, _, _, bits, size = struct.unpack_from(">IQIIQ", header, 4)
    l1_size, l1, references = struct.unpack_from(">IQQ", header, 36)
    incompatible = struct.unpack_from(">Q", header, 72)[0]
    if (version, bits, incompatible, header[104]) != (_VERSION, _CLUSTER_BITS, 8, _ZSTD):
        raise ValueError("no qcow2 with zstd and clusters of 64 KiB")
    if size != disk.seek(0, os.SEEK_END):
        raise ValueError("it is not of the size of the disk")
    image.seek(l1)
    if any(image.read(8 * l1_size)):
        raise ValueError("there is something in it")
    writer = _Qcow2(image, l1, references)
    for number, packed in pieces.packed(disk.fileno(), size, _zstd()):
        writer.add(number, packed)
    writer.close()


class _Qcow2:
    """Clusters are added in order of their numbers, behind what is there."""

    def __init__(self, image: BinaryIO, l1: int, references: int) -> None:
        self._image, self._l1, self._references = image, l1, references
        image.seek(references)
        (block,) = struct.unpack(">Q", image.read(8))
        image.seek(block)
        self._blocks = [block]
        counts = struct.unpack(f">{_PER_BLOCK}H", image.read(2 * _PER_BLOCK))
        self._used = max(index for index, count in enumerate(counts) if count) + 1  # clusters of the image
        self._counts = list(counts[: self._used])
        self._tables: dict[int, tuple[int, list[int]]] = {}  # by the number in L1: place and entries
        self._free = 0  # where the next compressed cluster may begin; 0 for in a new cluster

    def add(self, number: int, packed: bytes) -> None:
        index, entry = divmod(number, _PER_L2)
        if index not in self._tables:
            self._tables[index] = (self._new(), [0] * _PER_L2)
            self._count(self._tables[index][0], 1)
        if len(packed) == pieces.SIZE:
            place = self._new()
            self._count(place, 1)
            described = place | _COPIED
        else:
            place = self._room(len(packed))
            self._count(place, len(packed))
            sectors = (place + len(packed) - 1) // _SECTOR - place // _SECTOR
            described = place | _COMPRESSED | sectors << _SECTORS_SHIFT
        self._tables[index][1][entry] = described
        self._image.seek(place)
        self._image.write(packed)

    def _room(self, length: int) -> int:
        """Where `length` bytes go: behind those before, as long as the clusters are neighbours."""
        place = self._free
        if not place or pieces.SIZE - place % pieces.SIZE < length:
            new = self._new()
            if not place or -(-place // pieces.SIZE) * pieces.SIZE != new:
                place = new
        self._free = place + length if (place + length) % pieces.SIZE else 0
        return place

    def _new(self) -> int:
        if self._used == len(self._blocks) * _PER_BLOCK:
            self._blocks.append(self._used * pieces.SIZE)
            self._used += 1
            self._counts.append(1)
        self._counts.append(0)
        self._used += 1
        return (self._used - 1) * pieces.SIZE

    def _count(self, place: int, length: int) -> None:
        for cluster in range(place // pieces.SIZE, (place + length - 1) // pieces.SIZE + 1):
            self._counts[cluster] += 1

    def close(self) -> None:
        """Writes the tables; the image ends with a whole sector."""
        image = self._image
        end = image.seek(0, os.SEEK_END)
        for index, (place, entries) in self._tables.items():
            self._write(place, f">{_PER_L2}Q", entries)
            self._write(self._l1 + 8 * index, ">Q", [place | _COPIED])
        for index, block in enumerate(self._blocks):
            counts = self._counts[index * _PER_BLOCK : (index + 1) * _PER_BLOCK]
            self._write(block, f">{len(counts)}H", counts)
        self._write(self._references, f">{len(self._blocks)}Q", self._blocks)
        end = max(end, image.seek(0, os.SEEK_END))
        image.truncate(-(-end // _SECTOR) * _SECTOR)

    def _write(self, place: int, form: str, numbers: list[int]) -> None:
        self._image.seek(place)
        self._image.write(struct.pack(form, *numbers))


class _zstd:
    """Compresses a cluster with libzstd at its default level, qemu-img's; one that does not become smaller stays.

    Python 3.11 has no zstd; whoever has qemu-img has the library. Calls of ctypes let other threads run.
    """

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL("libzstd.so.1")
        except OSError as error:
            raise ValueError(f"no libzstd: {error}") from None
        self._library.ZSTD_compress.restype = ctypes.c_size_t

    def __call__(self, piece: bytes) -> bytes:
        piece = piece.ljust(pieces.SIZE, b"\0")
        room = ctypes.create_string_buffer(pieces.SIZE - 1)
        size = ctypes.c_size_t
        length = self._library.ZSTD_compress(room, size(len(room)), piece, size(len(piece)), 3)
        return room.raw[:length] if length <= len(room) else piece  # errors are near the largest number there is


_FORMATS = {"vmdk": vmdk, "qcow2": qcow2}


def main(words: list[str]) -> int:
    """FORMAT DISK IMAGE"""
    kind, disk, image = words
    try:
        with Path(disk).open("rb") as source, Path(image).open("r+b") as target:
            _FORMATS[kind](source, target)
    except (ValueError, OSError) as error:
        print(f"{image}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
