"""The three archives of a whole appliance, made in one run: GNU tar finds in each what the appliance holds."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.outputs import contents
from tests.outputs.appliance import KEY, NAME, Appliance, exported

pytestmark = pytest.mark.real

#: zstd everywhere: gzip takes three times as long.
VALUES = {"ssh_keys": KEY, "kadeploy_dialect": "g5k", "oci_compression": "zst"}
#: Where each is, the command that brings the tar stream out, and what differs besides.
ARCHIVES = {
    "tar": (["zstd", "-dcq", f"{NAME}.tar.zst"], ()),
    "kadeploy": (
        ["zstd", "-dcq", f"{NAME}.kadeploy.tar.zst"],
        (
            "boot/grub",
            "boot/grub/*",
            "etc/fstab",
            "var/tmp/*",
            "root/.rpmdb",
            "vmlinuz",
            "initrd.img",
            "var/lib/dhcp/*",
            "etc/ssh/sshd_config.d/grid5000.conf",
        ),
    ),
    "oci": (["sh", "-c", f"tar -xOf {NAME}.oci.tar $(tar -tf {NAME}.oci.tar | sed -n 2p) | zstd -dcq"], ()),
}


@pytest.fixture(scope="module")
def output(appliance: Appliance, folder: Path) -> Path:
    return exported(appliance, folder / "out", *ARCHIVES, values=VALUES)


@pytest.mark.parametrize("kind", ARCHIVES)
def test_the_archive_holds_the_whole_appliance(appliance: Appliance, output: Path, kind: str) -> None:
    command, besides = ARCHIVES[kind]
    with subprocess.Popen(command, cwd=output, stdout=subprocess.PIPE) as unpacked:
        compared = subprocess.run(
            ["tar", "--compare", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--directory", appliance.tree],
            stdin=unpacked.stdout, capture_output=True, env={**os.environ, "LC_ALL": "C"}, check=False,
        )  # fmt: skip
    assert unpacked.returncode == 0
    # Files made while building bear the date of Debian's archive: tests/outputs/test_tar.py looks at those.
    assert [line for line in compared.stdout.splitlines() if not line.endswith(b": Mod time differs")] == []
    but = (".", *contents.LEFT_OUT, *besides)
    with subprocess.Popen(command, cwd=output, stdout=subprocess.PIPE) as unpacked:
        assert unpacked.stdout is not None
        with tarfile.open(fileobj=unpacked.stdout, mode="r|") as archive:
            names = {os.fsencode(member.name.removeprefix("./")) for member in archive}
    assert names - set(map(os.fsencode, (".", *besides))) == contents.without(appliance.contents, but).keys()
