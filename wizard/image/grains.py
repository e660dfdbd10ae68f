"""A raw disk's data into an empty streamOptimized VMDK as qemu-img creates it, compressed by all processors.

The bytes are those that qemu-img converts to, with one processor; but for the content number (CID) in the descriptor.
"""

from __future__ import annotations

import os
import struct
import sys
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

_SECTOR = 512
_GRAIN = 65536
_LEVEL = 6  # of zlib
_NOTHING = bytes(_GRAIN)
_AT_ONCE = 16  # grains that a thread is given: fewer cost more in handing over than they bring
_STREAM_OPTIMIZED = 0x30000  # flags of the header: compressed grains, with markers
_Packed = list[tuple[int, bytes]]


def fill(disk: BinaryIO, image: BinaryIO) -> None:
    """Writes all that is not zero. ValueError when `image` is no such VMDK of the size of `disk`, or is not empty."""
    header = image.read(_SECTOR)
    if len(header) < _SECTOR or header[:4] != b"KDMV":
        raise ValueError("no VMDK")
    flags, capacity, grain = struct.unpack_from("<IQQ", header, 8)
    (per_table,) = struct.unpack_from("<I", header, 44)
    directories = struct.unpack_from("<2Q", header, 48)
    data = image.seek(0, os.SEEK_END)
    size = disk.seek(0, os.SEEK_END)
    if flags & _STREAM_OPTIMIZED != _STREAM_OPTIMIZED or grain * _SECTOR != _GRAIN or size != capacity * _SECTOR:
        raise ValueError("no streamOptimized VMDK of the size of the disk")
    if data != struct.unpack_from("<Q", header, 64)[0] * _SECTOR:
        raise ValueError("there is something in it")
    table = [0] * -(-size // _GRAIN)
    for number, packed in _packed(disk.fileno(), size):
        table[number] = image.tell() // _SECTOR
        image.write(packed)
    # As qemu-img does: zeros behind the last one are the mark at which who reads it as a stream stops.
    image.truncate(max(image.tell(), max(table) * _SECTOR + _GRAIN if any(table) else 0))
    _write_tables(image, table, directories, per_table)


def _packed(disk: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each grain that holds something, in order."""
    workers = len(os.sched_getaffinity(0))

    def pack(numbers: list[int]) -> _Packed:
        packed = []
        for number in numbers:
            held = os.pread(disk, _GRAIN, number * _GRAIN)
            if held != _NOTHING[: len(held)]:
                squeezed = zlib.compress(held, _LEVEL)
                marked = struct.pack("<QI", number * (_GRAIN // _SECTOR), len(squeezed)) + squeezed
                packed.append((number, marked + bytes(-len(marked) % _SECTOR)))
        return packed

    with ThreadPoolExecutor(workers) as pool:
        # No more than a few in memory: writing may be slower than compressing.
        coming: deque[Future[_Packed]] = deque()
        for numbers in _batches(disk, size):
            coming.append(pool.submit(pack, numbers))
            if len(coming) > 4 * workers:
                yield from coming.popleft().result()
        for last in coming:
            yield from last.result()


def _batches(disk: int, size: int) -> Iterator[list[int]]:
    """Numbers of the grains that are no holes of the file."""
    batch: list[int] = []
    first = 0  # that was not looked at
    while first * _GRAIN < size:
        try:
            begin = os.lseek(disk, first * _GRAIN, os.SEEK_DATA)
        except OSError:  # ENXIO: a hole up to the end
            break
        end = os.lseek(disk, begin, os.SEEK_HOLE)
        after = -(-end // _GRAIN)
        for number in range(begin // _GRAIN, after):
            batch.append(number)
            if len(batch) == _AT_ONCE:
                yield batch
                batch = []
        first = after
    if batch:
        yield batch


def _write_tables(image: BinaryIO, table: list[int], directories: tuple[int, int], per_table: int) -> None:
    """Where each grain is, into the tables that both directories name."""
    for directory in directories:
        image.seek(directory * _SECTOR)
        count = -(-len(table) // per_table)
        places = struct.unpack(f"<{count}I", image.read(4 * count))
        for index, place in enumerate(places):
            part = table[index * per_table : (index + 1) * per_table]
            image.seek(place * _SECTOR)
            image.write(struct.pack(f"<{len(part)}I", *part))


def main(words: list[str]) -> int:
    """DISK IMAGE"""
    disk, image = words
    try:
        with Path(disk).open("rb") as source, Path(image).open("r+b") as target:
            fill(source, target)
    except (ValueError, OSError) as error:
        print(f"{image}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
