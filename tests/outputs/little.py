"""An appliance of a few files, odd ones among them: what an archive does with names, links and attributes shows on it,
in a second."""

from __future__ import annotations

import os
import random
import stat
from pathlib import Path

from tests.outputs import odd
from tests.outputs.appliance import Appliance

FILES = {
    "boot/vmlinuz-6.1.0-9-amd64": "the older kernel",
    "boot/vmlinuz-6.1.0-10-amd64": "the newer kernel",
    "boot/initrd.img-6.1.0-9-amd64": "the older initramfs",
    "boot/initrd.img-6.1.0-10-amd64": "the newer initramfs",
    "boot/grub/grub.cfg": "of another machine",
    "etc/fstab": "of another machine",
    "etc/hostname": "little",
    "etc/machine-id": "",
    "root/.ssh/authorized_keys": "a key",
    "usr/bin/true": "a program",
    "var/lib/dpkg/status": "",
    "var/lib/dhcp/dhclient.leases": "a lease",
    "var/tmp/left": "left over",
    "tmp/left": "left over",
    "run/left": "left over",
    "dev/left": "left over",
}


def make(folder: Path) -> Appliance:
    """The appliance in `folder`, which is made. Root is needed."""
    tree = folder / "tree"
    for name in ("dev", "proc", "sys", "run", "tmp"):
        (tree / name).mkdir(parents=True)
    for name, text in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    # As mmdebstrap leaves them: every output type shows that it leaves them out.
    os.mknod(tree / "dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    (tree / "dev/fd").symlink_to("/proc/self/fd")
    (tree / "usr/noise").write_bytes(random.Random(0).randbytes(1 << 20))  # what no compressor makes smaller
    odd.make(tree)
    (folder / "epoch").write_text("1700000000\n")
    return Appliance(folder)
