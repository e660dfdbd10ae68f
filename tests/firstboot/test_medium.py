"""Where a live system's writes go, told by mountinfo as live-boot leaves it."""

from __future__ import annotations

import pytest

from wizard.firstboot.medium import in_memory

LIVE = """\
23 28 0:21 / /sys rw,nosuid - sysfs sysfs rw
26 28 0:5 / /dev rw,nosuid - devtmpfs udev rw,size=1004116k
28 1 0:29 / / rw,noatime - overlay overlay rw,lowerdir=/run/live/rootfs/filesystem.squashfs/,upperdir={upper}/rw,\
workdir={upper}/work
29 28 0:24 / /run rw,nosuid - tmpfs tmpfs rw,size=203524k
30 29 11:0 / /run/live/medium ro,noatime - iso9660 /dev/sr0 ro
31 29 7:0 / /run/live/rootfs/filesystem.squashfs ro,noatime - squashfs /dev/loop0 ro
"""
OVERLAY_TMPFS = "32 29 0:28 / /run/live/overlay rw,noatime - tmpfs tmpfs rw,size=1017616k\n"
PERSISTENT = "33 29 8:2 / /run/live/persistence/sda2 rw,noatime - ext4 /dev/sda2 rw\n"
OWN = "40 28 8:3 / /var/lib/postgresql rw - ext4 /dev/sda3 rw\n"


@pytest.mark.parametrize(
    ("mountinfo", "expected"),
    [
        (LIVE.format(upper="/run/live/overlay") + OVERLAY_TMPFS, True),
        (LIVE.format(upper="/live/overlay") + OVERLAY_TMPFS, True),
        (LIVE.format(upper="/live/persistence/sda2") + PERSISTENT, False),
        (LIVE.format(upper="/run/live/persistence/sda2") + PERSISTENT, False),
        (LIVE.format(upper="/gone") + OVERLAY_TMPFS, True),
        (LIVE.format(upper="/run/live/overlay") + OVERLAY_TMPFS + OWN, False),
        ("28 1 8:1 / / rw - ext4 /dev/sda1 rw\n", False),
        ("28 1 0:29 / / rw - tmpfs tmpfs rw\n", True),
        ("28 1 0:29 / / ro - overlay overlay ro,lowerdir=/a:/b\n", True),
    ],
)
def test_in_memory(mountinfo: str, expected: bool) -> None:
    assert in_memory(mountinfo, "/var/lib/postgresql") is expected


def test_a_later_mount_on_the_same_point_is_what_is_seen() -> None:
    lines = "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n29 28 0:3 / / rw - tmpfs tmpfs rw\n"
    assert in_memory(lines, "/var/lib")


def test_points_are_unescaped_and_only_whole_names_count() -> None:
    lines = (
        "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n29 28 0:3 / /var/li rw - tmpfs tmpfs rw\n"
        "30 28 0:4 / /a\\040b rw - tmpfs t rw\n"
    )
    assert not in_memory(lines, "/var/lib")
    assert in_memory(lines, "/a b/c")
