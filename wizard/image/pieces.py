"""What a raw disk holds, in pieces of 64 KiB, packed by all processors."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

SIZE = 65536
_NOTHING = bytes(SIZE)
_AT_ONCE = 16  # pieces that a thread is given: fewer cost more in handing over than they bring


def packed(disk: int, size: int, pack: Callable[[bytes], bytes]) -> Iterator[tuple[int, bytes]]:
    """Number and packed bytes of each piece that holds something, in order. `disk` is a descriptor; the last piece may
    be shorter. `pack` is called in threads."""

    def pack_all(numbers: list[int]) -> list[tuple[int, bytes]]:
        held = ((number, os.pread(disk, SIZE, number * SIZE)) for number in numbers)
        return [(number, pack(piece)) for number, piece in held if piece != _NOTHING[: len(piece)]]

    workers = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(workers) as pool:
        # No more than a few in memory: writing may be slower than packing.
        coming: deque[Future[list[tuple[int, bytes]]]] = deque()
        for numbers in _batches(disk, size):
            coming.append(pool.submit(pack_all, numbers))
            if len(coming) > 4 * workers:
                yield from coming.popleft().result()
        for last in coming:
            yield from last.result()


def _batches(disk: int, size: int) -> Iterator[list[int]]:
    """Numbers of the pieces that are no holes of the file."""
    batch: list[int] = []
    first = 0  # that was not looked at
    while first * SIZE < size:
        try:
            begin = os.lseek(disk, first * SIZE, os.SEEK_DATA)
        except OSError:  # ENXIO: a hole up to the end
            break
        end = os.lseek(disk, begin, os.SEEK_HOLE)
        after = -(-end // SIZE)
        for number in range(begin // SIZE, after):
            batch.append(number)
            if len(batch) == _AT_ONCE:
                yield batch
                batch = []
        first = after
    if batch:
        yield batch
