"""Disk images started as machines, up to the login prompt: raw with both firmwares, and what is made of it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.boot.guest import Guest
from tests.image.iso import cache, locked
from tests.outputs.appliance import NAME, Appliance, exported

pytestmark = [pytest.mark.real, pytest.mark.long]

#: Seconds an emulated machine may take to its login prompt: 60 s on two idle processors, and tests share theirs.
BOOT = 900


@pytest.fixture(scope="module")
def outputs(appliance: Appliance, folder: Path) -> Path:
    return exported(appliance, folder / "out", "raw", "cow", "vmdk")


def started(image: Path, log: str, *options: str) -> str:
    """What a machine says on its serial line until somebody may log in."""
    with locked("qemu"):
        guest = Guest(image, cache() / f"serial-{log}.log", *options)
        try:
            guest.wait(r"^hello login: ", BOOT)
            return guest.text
        finally:
            guest.close()


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_raw_on_a_larger_disk_starts_and_root_grows(outputs: Path, folder: Path, firmware: str) -> None:
    larger = folder / f"{firmware}.raw"
    subprocess.run(["cp", "--sparse=always", outputs / f"{NAME}.raw", larger], check=True)
    with larger.open("r+b") as stream:
        stream.truncate(3 << 30)
    said = started(larger, f"raw-{firmware}", *(["--uefi"] if firmware == "uefi" else []))
    blocks = re.search(r"EXT4-fs \(vda3\): resized filesystem to (\d+)$", said, re.M)
    assert blocks, said[-3000:]
    assert int(blocks[1]) * 4096 > (3 << 30) - (40 << 20)
    assert ("EFI v" in said) == (firmware == "uefi")
    larger.unlink()


@pytest.mark.parametrize("ending", ["cow", "vmdk"])
def test_what_is_made_of_it_starts_too(outputs: Path, ending: str) -> None:
    said = started(outputs / f"{NAME}.{ending}", ending)
    assert re.search(r"EXT4-fs \(vda3\): mounted filesystem", said)
