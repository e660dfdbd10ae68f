"""The output types iso and netboot: what starts, with which programs, and that the tree on them is the appliance."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.outputs import contents
from tests.outputs.appliance import NAME, Appliance, exported

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def output(live_appliance: Appliance, folder: Path) -> Path:
    """Both of the same appliance, in one build."""
    values = {"kernel_parameters": "quiet", "netboot_url": "http://192.0.2.1/images"}
    return exported(live_appliance, folder / "live", "iso", "netboot", values=values)


@pytest.fixture(scope="module")
def medium(output: Path, folder: Path) -> Path:
    """What is on the ISO."""
    tree = folder / "medium"
    run("xorriso", "-osirrox", "on", "-indev", output / f"{NAME}.iso", "-extract", "/", tree)
    return tree


def run(*words: object) -> str:
    return subprocess.run([str(word) for word in words], capture_output=True, check=True, text=True).stdout


def test_the_tree_is_the_appliance(live_appliance: Appliance, output: Path, medium: Path, folder: Path) -> None:
    squashfs = medium / "live/filesystem.squashfs"
    assert squashfs.read_bytes() == (output / f"{NAME}.squashfs").read_bytes()
    run("unsquashfs", "-quiet", "-no-progress", "-dest", folder / "tree", squashfs)
    left_out = (*contents.LEFT_OUT, "boot/vmlinuz-*", "boot/initrd.img-*")
    held = contents.of_tree(folder / "tree")
    different = contents.differences(live_appliance.contents, held, but=left_out, epoch=live_appliance.epoch)
    # squashfs holds attributes of users, trusted ones and capabilities, but no access control lists.
    assert [line for line in different if "system.posix_acl" not in line] == []


def test_the_medium_can_be_checked(medium: Path) -> None:
    listed = {line.split("  ")[1] for line in (medium / "SHA256SUMS").read_text().splitlines()}
    # What GRUB's core image is, the medium itself changes: it holds the place of the rest of it.
    there = {str(path.relative_to(medium)) for path in medium.rglob("*") if path.is_file()}
    assert there - listed == {"SHA256SUMS", "boot/grub/bios.img", "boot.catalog"}
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=medium, check=True)


def test_it_starts_with_bios_uefi_and_secure_boot(live_appliance: Appliance, output: Path, folder: Path) -> None:
    report = run(
        "xorriso", "-indev", output / f"{NAME}.iso", "-report_el_torito", "plain", "-report_system_area", "plain"
    )
    assert re.search(r"boot img : +1 +BIOS +y", report), report
    assert re.search(r"boot img : +2 +UEFI +y", report), report
    assert "grub2-mbr" in report
    match = re.search(r"boot img : +2 .* (\d+)$", report, re.M)
    assert match is not None
    # The FAT file system of the EFI partition, read where the medium says it is.
    offset = int(match.group(1)) * 2048
    for name, signed in (("BOOTX64.EFI", "shimx64"), ("grubx64.efi", "gcdx64"), ("mmx64.efi", "mmx64")):
        target = folder / name
        run("mcopy", "-i", f"{output / NAME}.iso@@{offset}", f"::EFI/BOOT/{name}", target)
        assert target.read_bytes() == (live_appliance.folder / f"secure_boot/{signed}.efi.signed").read_bytes()


def test_the_menu_has_what_people_look_for(medium: Path) -> None:
    menu = (medium / "boot/grub/grub.cfg").read_text()
    lines = [line.split() for line in menu.splitlines() if line.lstrip().startswith("linux ")]
    assert all(words[:3] == ["linux", "/live/vmlinuz", "boot=live"] and "quiet" in words for words in lines)
    asked = {word for words in lines for word in words}
    assert {"persistence", "toram", "kameleon.autologin=no", "nomodeset", "verify-checksums"} <= asked
    assert not any(word.startswith("kameleon.role") for word in asked)  # hello has no first boot to be told of it
    # The first entry writes to both consoles; the one for serial lines makes that one /dev/console.
    assert lines[0][3:5] == ["console=ttyS0,115200", "console=tty0"]
    assert ["console=tty0", "console=ttyS0,115200"] in [words[3:5] for words in lines]
    if subprocess.run(["which", "grub-script-check"], capture_output=True).returncode == 0:
        run("grub-script-check", medium / "boot/grub/grub.cfg")


def test_the_network_starts_what_the_iso_starts(output: Path, medium: Path) -> None:
    for name, extension in (("vmlinuz", "vmlinuz"), ("initrd.img", "initrd.img")):
        assert (medium / "live" / name).read_bytes() == (output / f"{NAME}.{extension}").read_bytes()
    script = (output / f"{NAME}.ipxe").read_text().splitlines()
    assert script[0] == "#!ipxe"
    assert "isset ${base} || set base http://192.0.2.1/images" in script
    kernel = next(line.split() for line in script if line.startswith("kernel "))
    assert {"boot=live", "ip=dhcp", f"fetch=${{base}}/{NAME}.squashfs", "quiet"} <= set(kernel)
