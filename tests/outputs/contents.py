"""What a tree holds, name by name, so that an output type's result can be compared with its appliance."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

#: What every output type leaves out, as shell patterns of names without a leading slash.
LEFT_OUT = ("dev/*", "proc/*", "sys/*", "run/*", "tmp/*")


@dataclass(frozen=True, slots=True)
class Item:
    """One name: `kind` is ls's letter (- d l c b p s); `what` the SHA-256 of a file, the target of a link, the two
    numbers of a device; `date` in seconds; `same` the first name (in order) of the same file; `attributes` all
    extended ones, which POSIX access lists and capabilities are, too."""

    kind: str
    mode: int
    owner: tuple[int, int]
    what: bytes
    date: int
    same: bytes
    attributes: tuple[tuple[str, bytes], ...]


Contents = dict[bytes, Item]


def of_tree(root: Path) -> Contents:
    """Every name below `root`, relative to it (b"." is `root` itself); nothing of other file systems."""
    found: Contents = {}
    first: dict[int, bytes] = {}
    base = os.fsencode(root)
    device = root.lstat().st_dev
    for name in sorted(_names(base, device)):
        path = os.path.join(base, name)
        status = os.lstat(path)
        kind = stat.filemode(status.st_mode)[0]
        many = status.st_nlink > 1 and kind != "d"
        found[name] = Item(
            kind,
            stat.S_IMODE(status.st_mode),
            (status.st_uid, status.st_gid),
            _what(path, kind, status),
            int(status.st_mtime),
            first.setdefault(status.st_ino, name) if many else name,
            tuple(
                (key, os.getxattr(path, key, follow_symlinks=False))
                for key in sorted(os.listxattr(path, follow_symlinks=False))
            ),
        )
    return found


def _names(base: bytes, device: int) -> Iterable[bytes]:
    yield b"."
    for directory, directories, files in os.walk(base):
        directories[:] = [one for one in directories if os.lstat(os.path.join(directory, one)).st_dev == device]
        for one in [*directories, *files]:
            yield os.path.relpath(os.path.join(directory, one), base)


def _what(path: bytes, kind: str, status: os.stat_result) -> bytes:
    if kind == "-":
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    if kind == "l":
        return os.readlink(path)
    if kind in "cb":
        return b"%d:%d" % (os.major(status.st_rdev), os.minor(status.st_rdev))
    return b""


def without(contents: Contents, patterns: Iterable[str]) -> Contents:
    """Those whose name no pattern matches; a `*` matches slashes, too. `same` names one of those that are left."""
    wanted = list(patterns)
    left = {
        name: item
        for name, item in contents.items()
        if not any(fnmatchcase(os.fsdecode(name), pattern) for pattern in wanted)
    }
    first: dict[bytes, bytes] = {}
    for name in sorted(left):
        first.setdefault(left[name].same, name)
    return {name: replace(item, same=first[item.same]) for name, item in left.items()}


def differences(
    appliance: Contents, result: Contents, *, but: Iterable[str] = (), epoch: int | None = None
) -> list[str]:
    """How `result` differs from the appliance, a line each; names that a pattern of `but` matches may differ. With
    LEFT_OUT among `but`, what it matches must not be in the result, whatever the appliance has there.

    With an `epoch` (`Appliance.epoch`) what is younger in the appliance bears that date in the result."""
    but = list(but)
    mine, theirs = without(appliance, but), without(result, but)
    if epoch is not None:
        mine = {name: replace(item, date=min(item.date, epoch)) for name, item in mine.items()}
    left_in = result.keys() - without(result, LEFT_OUT).keys() if set(LEFT_OUT) <= set(but) else set()
    lines = [f"left in: {name!r}" for name in sorted(left_in)]
    lines += [f"missing: {name!r}" for name in sorted(mine.keys() - theirs.keys())]
    lines += [f"added: {name!r}" for name in sorted(theirs.keys() - mine.keys())]
    for name in sorted(mine.keys() & theirs.keys()):
        if mine[name] != theirs[name]:
            lines.append(f"differs: {name!r}: {_told(mine[name], theirs[name])}")
    return lines


def _told(one: Item, other: Item) -> str:
    pairs: Mapping[str, tuple[object, object]] = {
        field: (getattr(one, field), getattr(other, field)) for field in Item.__slots__
    }
    return "; ".join(f"{field} {was!r} is {now!r}" for field, (was, now) in pairs.items() if was != now)
