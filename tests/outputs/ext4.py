"""What an ext4 file system in a file holds, read by debugfs: for comparison with the appliance it was made of."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import subprocess
from pathlib import Path

from tests.outputs.contents import Contents, Item

_KINDS = {0o10: "-", 0o4: "d", 0o12: "l", 0o2: "c", 0o6: "b", 0o1: "p", 0o14: "s"}
_ENTRY = re.compile(rb"^/(\d+)/(\d{6})/(-?\d+)/(-?\d+)/([^/]+)/(\d*)/$", re.M)
_OWNER = 0xFFFFFFFF  # debugfs prints numbers above 2**31 as negative ones


def check(image: Path, start: int = 0) -> str:
    """What e2fsck -fn says of the file system `start` bytes into `image`; AssertionError when it finds a mistake."""
    done = subprocess.run(["e2fsck", "-fn", f"{image}?offset={start}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def of_image(image: Path, start: int, folder: Path) -> Contents:
    """Every name in it, with all but lost+found. `folder` is a directory to unpack files to (they stay there)."""
    numbers, found = _walk(image, start)
    del found[b"lost+found"]
    details = _details(image, start, sorted({numbers[name] for name in found}))
    folder.mkdir()
    _debugfs(image, start, [f'rdump / "{folder}"'])
    first: dict[int, bytes] = {}
    contents: Contents = {}
    for name in sorted(found):
        kind, mode, owner = found[name]
        links, date, device, target, attributes = details[numbers[name]]
        what = b""
        if kind == "-":
            with open(os.path.join(os.fsencode(folder), name), "rb") as stream:
                what = hashlib.file_digest(stream, "sha256").digest()
        elif kind == "l":
            what = target if target is not None else os.readlink(os.path.join(os.fsencode(folder), name))
        elif kind in "cb":
            what = device
        many = links > 1 and kind != "d"
        same = first.setdefault(numbers[name], name) if many else name
        contents[name] = Item(kind, mode, owner, what, date, same, attributes)
    return contents


def _debugfs(image: Path, start: int, commands: list[str]) -> bytes:
    script = "\n".join([*commands, ""]).encode()
    words = ["debugfs", "-f", "-", f"{image}?offset={start}"]
    done = subprocess.run(words, input=script, capture_output=True)
    told = [line for line in done.stderr.splitlines() if not line.startswith(b"debugfs ")]
    assert done.returncode == 0, done.stderr
    assert not told, told
    return done.stdout


def _walk(image: Path, start: int) -> tuple[dict[bytes, int], dict[bytes, tuple[str, int, tuple[int, int]]]]:
    """Names to inodes; and to kind, mode and owner. One start of debugfs for each level of directories."""
    numbers: dict[bytes, int] = {b".": 2}
    found: dict[bytes, tuple[str, int, tuple[int, int]]] = {}
    level: list[bytes] = [b"."]
    while level:
        said = _debugfs(image, start, [f"ls -p <{numbers[name]}>" for name in level])
        parts = re.split(rb"^debugfs: ls -p <\d+>$", said, flags=re.M)[1:]
        assert len(parts) == len(level)
        below: list[bytes] = []
        for directory, part in zip(level, parts, strict=True):
            for number, mode, user, group, name, _ in _ENTRY.findall(part):
                if name == b".." or (name == b"." and directory != b"."):
                    continue
                path = name if directory == b"." else directory + b"/" + name
                bits = int(mode, 8)
                kind = _KINDS[bits >> 12]
                numbers[path] = int(number)
                found[path] = (kind, bits & 0o7777, (int(user) & _OWNER, int(group) & _OWNER))
                if kind == "d" and path not in (b".", b"lost+found"):
                    below.append(path)
        level = below
    return numbers, found


_Details = tuple[int, int, bytes, bytes | None, tuple[tuple[str, bytes], ...]]


def _details(image: Path, start: int, inodes: list[int]) -> dict[int, _Details]:
    """Of each inode: links, date, device's numbers, a short link's target, extended attributes."""
    said = _debugfs(image, start, [f"stat <{inode}>" for inode in inodes])
    parts = re.split(rb"^debugfs: stat <\d+>$", said, flags=re.M)[1:]
    attributes = _attributes(image, start, inodes)
    details: dict[int, _Details] = {}
    for inode, part in zip(inodes, parts, strict=True):
        links = re.search(rb"^Links: (\d+)", part, re.M)
        date = re.search(rb"^ mtime: 0x([0-9a-f]+):", part, re.M)
        device = re.search(rb"Device major/minor number: (\d+):(\d+)", part, re.M)
        target = re.search(rb'^Fast link dest: "(.*)"$', part, re.M | re.S)
        assert links
        assert date
        details[inode] = (
            int(links[1]),
            int(date[1], 16),
            b"%d:%d" % (int(device[1]), int(device[2])) if device else b"",
            target[1] if target else None,
            attributes[inode],
        )
    return details


def _attributes(image: Path, start: int, inodes: list[int]) -> dict[int, tuple[tuple[str, bytes], ...]]:
    said = _debugfs(image, start, [f"ea_list <{inode}>" for inode in inodes])
    parts = re.split(rb"^debugfs: ea_list <\d+>$", said, flags=re.M)[1:]
    assert len(parts) == len(inodes)
    names = {
        inode: sorted(name.decode() for name in re.findall(rb"^  ([a-z]+\.[\w.]+) \(\d+\)", part, re.M))
        for inode, part in zip(inodes, parts, strict=True)
    }
    return {inode: tuple((name, _value(image, start, inode, name)) for name in found) for inode, found in names.items()}


def _value(image: Path, start: int, inode: int, name: str) -> bytes:
    said = _debugfs(image, start, [f"ea_get -x <{inode}> {name}"])
    value = re.search(rb"^\S+ \(\d+\) = ((?:[0-9a-f]{2} ?)+)", said, re.M)
    assert value, said
    content = bytes.fromhex(value[1].decode())
    return _access_list(content) if name.startswith("system.posix_acl_") else content


def _access_list(content: bytes) -> bytes:
    """As the kernel gives it: entries of no user or group in particular have no number; debugfs says 0."""
    entries = [struct.unpack_from("<HHI", content, at) for at in range(4, len(content), 8)]
    named = (2, 8)
    return content[:4] + b"".join(
        struct.pack("<HHI", tag, bits, number if tag in named else 0xFFFFFFFF) for tag, bits, number in entries
    )
