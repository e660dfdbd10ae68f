"""Disk types of an appliance of a few files: which kernel starts, which options are refused, which size is enough."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.outputs import ext4, little
from tests.outputs.appliance import NAME, Appliance, export, exported, resumed

pytestmark = pytest.mark.real

ROOT_START = 69632 * 512


@pytest.fixture(scope="module")
def small(folder: Path) -> Appliance:
    return little.make(folder / "little")


@pytest.mark.parametrize("kind", ["raw", "xen"])
def test_a_size_that_is_too_small_is_told_before_packing(small: Appliance, folder: Path, kind: str) -> None:
    output = folder / "refused"
    done = export(small, output, kind, values={"raw_size": "20M"})
    assert done.returncode == 1, done.stdout
    assert re.search(r"does not fit in 20M: the global raw_size takes \d+M or more", done.stdout), done.stdout
    assert not [path for path in output.iterdir() if not path.name.startswith(".partial")]
    told = re.search(r"\(build --resume last (-g) (raw_size:(\d+)M) goes on with it\)", done.stdout)
    assert told, done.stdout
    gone_on = resumed(output, told[1], told[2])
    assert gone_on.returncode == 0, gone_on.stdout
    assert max(path.stat().st_size for path in output.iterdir()) == int(told[3]) << 20
    shutil.rmtree(output)


def test_a_size_that_is_none_is_told_before_the_build(small: Appliance, folder: Path) -> None:
    done = export(small, folder / "none", "raw", values={"raw_size": "4 GB"})
    assert done.returncode == 2, done.stdout
    told = "-g raw_size: the global raw_size takes a number with M or G behind it, such as 4G, not 4 GB"
    assert done.stdout == f"kameleon-tui: {told}\n"
    assert not (folder / "none").exists()


def test_the_size_that_the_message_names_is_enough(small: Appliance, folder: Path) -> None:
    said = export(small, folder / "tight", "raw", "xen", values={"raw_size": "20M"}).stdout
    told = re.search(r"takes (\d+)M or more", said)
    assert told, said
    size = f"{int(told[1])}M"
    image = exported(small, folder / "tight", "raw", "xen", values={"raw_size": size}) / f"{NAME}.raw"
    ext4.check(image, ROOT_START)
    assert image.stat().st_size == int(told[1]) << 20


def test_the_newest_kernel_starts_with_the_parameters_given(small: Appliance, folder: Path) -> None:
    values = {"kernel_parameters": "quiet net.ifnames=0", "vm_memory": "2048", "vm_cpus": "4"}
    out = exported(small, folder / "parameters", "raw", "xen", "vmdk", values=values)
    menu = _cat(out / f"{NAME}.raw", "/boot/grub/grub.cfg")
    assert re.search(r"^ *linux /boot/vmlinuz-6.1.0-10-amd64 root=UUID=\S+ ro .* quiet net.ifnames=0$", menu, re.M), (
        menu
    )
    assert re.search(r"^ *initrd /boot/initrd.img-6.1.0-10-amd64$", menu, re.M)
    assert (out / f"{NAME}.xen.vmlinuz").read_text() == "the newer kernel"
    assert (out / f"{NAME}.xen.initrd.img").read_text() == "the newer initramfs"
    guest = (out / f"{NAME}.xen.cfg").read_text()
    assert re.search(r'^extra = "root=UUID=\S+ ro console=hvc0 quiet net.ifnames=0"$', guest, re.M)
    assert "memory = 2048\nvcpus = 4\n" in guest
    assert 'memsize = "2048"\nnumvcpus = "4"\n' in (out / f"{NAME}.vmx").read_text()


def test_an_appliance_without_a_kernel_makes_no_disk(folder: Path) -> None:
    appliance = little.make(folder / "no kernel")
    shutil.rmtree(appliance.tree / "boot")
    done = export(appliance, folder / "none", "raw")
    assert done.returncode == 1
    assert re.search(r"the appliance has no /boot/vmlinuz-\S*, so no disk of it would start", done.stdout), done.stdout


def test_without_a_date_of_the_archive_disks_differ_and_work(folder: Path) -> None:
    appliance = little.make(folder / "undated")
    (appliance.folder / "epoch").write_text("")
    menus = []
    for number in "12":
        image = exported(appliance, folder / f"undated{number}", "raw") / f"{NAME}.raw"
        ext4.check(image, ROOT_START)
        menus.append(_cat(image, "/boot/grub/grub.cfg"))
    assert menus[0] != menus[1]


def test_formats_with_options(small: Appliance, folder: Path) -> None:
    values = {"vmdk_subformat": "monolithicSparse", "vhd_subformat": "fixed", "raw_size": "200M"}
    out = exported(small, folder / "options", "raw", "vmdk", "vhd", values=values)
    for ending, kind in (("vmdk", "vmdk"), ("vhd", "vpc")):
        images = [str(out / f"{NAME}.{one}") for one in ("raw", ending)]
        words = ["qemu-img", "compare", "-f", "raw", "-F", kind, *images]
        assert subprocess.run(words, capture_output=True).returncode == 0
    assert (out / f"{NAME}.vhd").stat().st_size == (200 << 20) + 512  # what Azure takes: the disk and a footer


def _cat(image: Path, name: str) -> str:
    words = ["debugfs", "-R", f"cat {name}", f"{image}?offset={ROOT_START}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout
