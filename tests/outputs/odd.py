"""Files that packers trip over, put into the appliance that output types are tried on."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

#: Where they are in the appliance.
PLACE = "opt/odd"
#: Names with quotes, line feeds, backslashes, blanks, an option's look, patterns, and bytes that are no UTF-8.
NAMES = (
    b"it's \"quoted\"", b"two\nlines", b"back\\slash\\n", b" blanks ", b"-rf", b"*?[a]", b"$(id) `id`", b"caf\xe9 \xff",
    "été €".encode(), b"#comment", b"a=b,c:d;e&f|g", b"n" * 255, b"trailing.", b"\x01\x7f\x1b[31m",
)  # fmt: skip
#: A date of the last century: older than any archive.
_OLD = 800_000_000


def make(tree: Path) -> None:
    """Files, links, attributes, owners, holes and devices in `tree`/opt/odd. Root is needed."""
    base = tree / PLACE
    base.mkdir(parents=True)
    at = os.fsencode(base)
    for number, name in enumerate(NAMES):
        with open(os.path.join(at, name), "wb") as stream:
            stream.write(b"%d\n" % number)
    (base / "directory").mkdir(mode=0o750)
    (base / "directory/empty").mkdir()
    # Hard links, in two directories; links that lead nowhere, far, and to odd names.
    (base / "one").write_text("the same file twice\n")
    os.link(base / "one", base / "directory/two")
    os.symlink("nowhere at all", base / "dangling")
    os.symlink("x" * 59, base / "link of 59")
    os.symlink("y" * 300, base / "link of 300")
    os.symlink(NAMES[1], os.path.join(at, b"link to\ntwo lines"))
    # Extended attributes, small and too large for an inode; a capability; an access list; a default one.
    (base / "attributes").write_text("attributes\n")
    os.setxattr(base / "attributes", "user.kameleon", b"\x00\xff\n'\"")
    os.setxattr(base / "attributes", "user.long", bytes(range(256)) * 4)
    (base / "ping").write_text("a program\n")
    (base / "ping").chmod(0o755)
    os.setxattr(base / "ping", "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0))
    (base / "list").write_text("who may read\n")
    os.setxattr(base / "list", "system.posix_acl_access", _access_list())
    (base / "lists").mkdir()
    os.setxattr(base / "lists", "system.posix_acl_default", _access_list())
    # Modes and owners: set-user-ID, sticky, none at all, and numbers no system has names for.
    odd = (("setuid", 0o4755, 0), ("setgid", 0o2755, 65534), ("none", 0, 100_000), ("far", 0o640, 2**31))
    for word, mode, owner in odd:
        (base / word).write_text(word)
        os.chown(base / word, owner, owner)
        (base / word).chmod(mode)
    (base / "sticky").mkdir()
    (base / "sticky").chmod(0o1777)
    # A hole of 64 MiB between two words; one that is all hole.
    with (base / "sparse").open("wb") as stream:
        stream.write(b"first")
        stream.seek(64 << 20)
        stream.write(b"last")
    with (base / "hole").open("wb") as stream:
        stream.truncate(32 << 20)
    (base / "zero").write_bytes(b"")
    os.mknod(base / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(base / "disk", stat.S_IFBLK | 0o660, os.makedev(259, 1))
    os.mkfifo(base / "pipe")
    for directory, directories, files in os.walk(at, topdown=False):
        for name in [*directories, *files]:
            os.utime(os.path.join(directory, name), (_OLD, _OLD), follow_symlinks=False)
    os.utime(base, (_OLD, _OLD))


def _access_list() -> bytes:
    """user::rw-, user:1234:r--, group::r--, mask::r--, other::---, as the kernel writes it."""
    entries = [(1, 6, 0xFFFFFFFF), (2, 4, 1234), (4, 4, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF), (32, 0, 0xFFFFFFFF)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
