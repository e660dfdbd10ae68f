"""Whether what a live system writes is in memory only, or on a medium that keeps it."""

from __future__ import annotations

import re

_MEMORY = ("tmpfs", "ramfs")


def in_memory(mountinfo: str, path: str) -> bool:
    """Whether `path` (absolute) lies in memory, from what /proc/self/mountinfo holds.

    An overlay writes where its upper directory is. live-boot names that by a path of the initramfs
    (/live/overlay/rw, /run/live/overlay/rw); it is found again by the end of it."""
    mounts = [fields for line in mountinfo.splitlines() if (fields := _fields(line))]
    kind, options = _mount_of(mounts, path)
    if kind != "overlay":
        return kind in _MEMORY
    upper = re.search(r"(?:^|,)upperdir=([^,]+)", options)
    if upper is None:
        return True  # nothing can be written at all
    directory = _unescape(upper.group(1))
    for candidate in (directory, f"/run{directory}", f"/run/live{directory}"):
        kind, _ = _mount_of(mounts, candidate)
        if kind not in ("", "overlay"):
            return kind in _MEMORY
    return True


def _fields(line: str) -> tuple[str, str, str] | None:
    """(mount point, type, options of the file system) of a line of mountinfo (proc(5))."""
    before, dash, after = line.partition(" - ")
    words, types = before.split(), after.split()
    return (_unescape(words[4]), types[0], types[2]) if dash and len(words) > 4 and len(types) > 2 else None


def _mount_of(mounts: list[tuple[str, str, str]], path: str) -> tuple[str, str]:
    best = ("", "", "")
    for mount in mounts:
        point = mount[0].rstrip("/")
        # Of two mounts on one point the later one is seen.
        if (path == point or path.startswith(f"{point}/")) and len(point) >= len(best[0].rstrip("/")):
            best = mount
    return best[1], best[2]


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)
