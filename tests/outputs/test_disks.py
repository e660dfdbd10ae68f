"""Disk images of one appliance: partitions, boot loaders, contents, and that every format holds the same disk."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.outputs import contents, ext4
from tests.outputs.appliance import NAME, Appliance, export, exported

pytestmark = pytest.mark.real

TYPES = ("raw", "cow", "qcow2", "vmdk", "ova", "vdi", "vhd", "xen")
#: What the header of raw says it adds, and what each of these names is.
ADDED = {
    b"boot/grub": "d",
    b"boot/grub/grub.cfg": "-",
    b"etc/systemd/system/kameleon-grow-root.service": "-",
    b"etc/systemd/system/sysinit.target.wants/kameleon-grow-root.service": "l",
    b"usr/lib/kameleon": "d",
    b"usr/lib/kameleon/grow-root": "-",
}
#: Replaced, or a directory that something was put into.
CHANGED = (
    "etc", "etc/fstab", "boot", "boot/grub", "boot/grub/*", "etc/systemd/system",
    "etc/systemd/system/kameleon-grow-root.service", "etc/systemd/system/sysinit.target.wants",
    "etc/systemd/system/sysinit.target.wants/kameleon-grow-root.service", "usr/lib", "usr/lib/kameleon*",
)  # fmt: skip


@pytest.fixture(scope="module")
def outputs(appliance: Appliance, folder: Path) -> Path:
    return exported(appliance, folder / "out", *TYPES)


def said(*command: str | Path) -> str:
    """What a command prints; AssertionError when its status is not 0."""
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def partitions(image: Path) -> list[dict[str, str | int]]:
    table: list[dict[str, str | int]] = json.loads(said("sfdisk", "--json", image))["partitiontable"]["partitions"]
    return table


def root_of(image: Path) -> int:
    """Where the root partition begins, in bytes."""
    return int(partitions(image)[2]["start"]) * 512


def test_the_partition_table_is_for_bios_and_uefi_and_a_root_that_grows(outputs: Path) -> None:
    image = outputs / f"{NAME}.raw"
    assert "No errors detected" in said("sfdisk", "--verify", image)
    kinds = [str(one["type"]) for one in partitions(image)]
    assert kinds == [
        "21686148-6449-6E6F-744E-656564454649",  # BIOS boot
        "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",  # EFI system
        "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",  # root of x86-64, by which systemd knows it
    ]
    assert all(int(one["start"]) % 2048 == 0 and int(one["size"]) % 2048 == 0 for one in partitions(image))


def test_its_root_is_the_appliance_but_for_what_the_header_says(
    appliance: Appliance, outputs: Path, folder: Path
) -> None:
    image = outputs / f"{NAME}.raw"
    ext4.check(image, root_of(image))
    root = ext4.of_image(image, root_of(image), folder / "root")
    told = contents.differences(appliance.contents, root, but=[*contents.LEFT_OUT, *CHANGED], epoch=appliance.epoch)
    assert told == []
    added = {name: root[name].kind for name in root.keys() - appliance.contents.keys()}
    assert added == {name: kind for name, kind in ADDED.items() if name not in appliance.contents}
    directories = {b"etc", b"boot", b"usr/lib", b"etc/systemd/system"}
    assert all(root[name].mode == appliance.contents[name].mode for name in directories)
    assert not [name for name in root if re.match(rb"(dev|proc|sys|run|tmp)/", name)]
    uuid = re.search(r"^UUID=(\S+) / ext4 \S*x-systemd.growfs", (folder / "root/etc/fstab").read_text(), re.M)
    assert uuid
    assert f"root=UUID={uuid[1]} " in (folder / "root/boot/grub/grub.cfg").read_text()
    assert uuid[1] in said("dumpe2fs", "-h", f"{image}?offset={root_of(image)}")
    shutil.rmtree(folder / "root")


def test_both_firmwares_find_grub(outputs: Path, tmp_path: Path) -> None:
    image = outputs / f"{NAME}.raw"
    efi = int(partitions(image)[1]["start"]) * 512
    assert "BOOTX64  EFI" in said("mdir", "-i", f"{image}@@{efi}", "::/EFI/BOOT")
    said("mcopy", "-i", f"{image}@@{efi}", "::/EFI/BOOT/BOOTX64.EFI", tmp_path / "grub.efi")
    assert (tmp_path / "grub.efi").read_bytes()[:2] == b"MZ"
    with image.open("rb") as stream:
        sector = stream.read(512)
        stream.seek(2048 * 512)
        core = stream.read(512)
    installed = Path("/usr/lib/grub/i386-pc")
    changed = [at for at in range(440) if sector[at] != (installed / "boot.img").read_bytes()[at]]
    assert set(changed) <= {*range(0x5C, 0x64), 0x66, 0x67}
    assert core[:0x1F4] == (installed / "diskboot.img").read_bytes()[:0x1F4]


@pytest.mark.parametrize(
    ("ending", "kind"), [("qcow2", "qcow2"), ("cow", "qcow2"), ("vmdk", "vmdk"), ("vdi", "vdi"), ("vhd", "vpc")]
)
def test_every_format_holds_the_same_disk(outputs: Path, ending: str, kind: str) -> None:
    image = outputs / f"{NAME}.{ending}"
    if kind != "vpc":  # for which qemu-img knows no check
        said("qemu-img", "check", "-f", kind, image)
    assert "identical" in said("qemu-img", "compare", "-f", "raw", "-F", kind, outputs / f"{NAME}.raw", image)


def about(image: Path, kind: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(said("qemu-img", "info", "--output=json", "-f", kind, image))
    return found


def test_qcow2_is_compressed_with_zstd(outputs: Path) -> None:
    found = about(outputs / f"{NAME}.qcow2", "qcow2")
    assert "'compression-type': 'zstd'" in str(found["format-specific"])
    assert (outputs / f"{NAME}.qcow2").stat().st_size < (outputs / f"{NAME}.raw").stat().st_blocks * 512 / 2


def test_cow_and_its_base_may_be_moved_together_and_the_base_stays(outputs: Path, folder: Path) -> None:
    assert about(outputs / f"{NAME}.cow", "qcow2")["backing-filename"] == f"{NAME}.qcow2"
    moved = folder / "moved"
    moved.mkdir()
    for ending in ("cow", "qcow2"):
        shutil.copy(outputs / f"{NAME}.{ending}", moved)
    before = hashlib.sha256((moved / f"{NAME}.qcow2").read_bytes()).digest()
    said("qemu-io", "-f", "qcow2", "-c", "write -P 7 0 64k", moved / f"{NAME}.cow")
    assert hashlib.sha256((moved / f"{NAME}.qcow2").read_bytes()).digest() == before
    said("qemu-img", "check", moved / f"{NAME}.cow")
    shutil.rmtree(moved)


def test_vmx_names_the_disk_beside_it_and_no_identity(outputs: Path) -> None:
    lines = (outputs / f"{NAME}.vmx").read_text().splitlines()
    matches = [re.fullmatch(r'([\w.:]+) = "([^"]*)"', line) for line in lines]
    values = {match[1]: match[2] for match in matches if match}
    assert len(values) == len(lines)
    assert (outputs / values["sata0:0.fileName"]).is_file()
    assert values["displayName"] == NAME
    assert not [key for key in values if "uuid" in key.lower() or key.endswith("ddress")]
    found = re.search(rb'^RW \d+ SPARSE "(.*)"$', (outputs / f"{NAME}.vmdk").read_bytes()[:65536], re.M)
    assert found
    assert found[1].decode() == f"{NAME}.vmdk"
    assert "'create-type': 'streamOptimized'" in str(about(outputs / f"{NAME}.vmdk", "vmdk"))


def test_ova_is_an_archive_as_importers_want_it(outputs: Path, folder: Path) -> None:
    made = folder / "ova"
    with (outputs / f"{NAME}.ova").open("rb") as stream:
        assert stream.read(512)[257:263] == b"ustar\0"
    with tarfile.open(outputs / f"{NAME}.ova") as archive:
        assert archive.getnames() == [f"{NAME}.ovf", f"{NAME}.mf", f"{NAME}.vmdk"]
    made.mkdir()
    said("tar", "--extract", "--directory", made, "--file", outputs / f"{NAME}.ova")
    sums = dict(re.findall(r"^SHA256\((.+)\)= ([0-9a-f]{64})$", (made / f"{NAME}.mf").read_text(), re.M))
    assert sums == {
        name: hashlib.sha256((made / name).read_bytes()).hexdigest() for name in (f"{NAME}.ovf", f"{NAME}.vmdk")
    }
    schema = Path(__file__).parents[2] / "recipes/schema/ovf.rng"
    said("xmllint", "--noout", "--relaxng", schema, made / f"{NAME}.ovf")
    size = (made / f"{NAME}.vmdk").stat().st_size
    assert (
        said("xmllint", "--xpath", "string(//*[local-name()='File']/@*[local-name()='size'])", made / f"{NAME}.ovf")
        == f"{size}\n"
    )
    disk = about(made / f"{NAME}.vmdk", "vmdk")
    capacity = said(
        "xmllint", "--xpath", "string(//*[local-name()='Disk']/@*[local-name()='capacity'])", made / f"{NAME}.ovf"
    )
    assert int(capacity) == disk["virtual-size"]
    shutil.rmtree(made)


def test_xen_guest_is_the_appliance_with_its_kernel_beside_it(
    appliance: Appliance, outputs: Path, folder: Path
) -> None:
    base = outputs / f"{NAME}.xen"
    ext4.check(base.with_suffix(".xen.img"))
    root = ext4.of_image(base.with_suffix(".xen.img"), 0, folder / "xen")
    assert contents.differences(
        appliance.contents, root, but=[*contents.LEFT_OUT, "etc", "etc/fstab"], epoch=appliance.epoch
    ) == []  # fmt: skip
    for ending, name in (("vmlinuz", b"boot/vmlinuz-"), ("initrd.img", b"boot/initrd.img-")):
        inside = next(item for path, item in appliance.contents.items() if path.startswith(name))
        assert hashlib.sha256(base.with_suffix(f".xen.{ending}").read_bytes()).digest() == inside.what
    said("virt-xml-validate", base.with_suffix(".xen.xml"), "domain")
    uuid = re.search(r"^UUID=(\S+) / ", (folder / "xen/etc/fstab").read_text(), re.M)
    assert uuid
    for ending in ("cfg", "xml"):
        text = base.with_suffix(f".xen.{ending}").read_text()
        assert f"root=UUID={uuid[1]} ro console=hvc0" in text
        for other in ("img", "vmlinuz", "initrd.img"):
            assert f"/var/lib/xen/images/{NAME}.xen.{other}" in text
    shutil.rmtree(folder / "xen")


def test_nothing_tells_where_it_was_built(outputs: Path, folder: Path) -> None:
    for ending in ("raw", "qcow2", "cow", "vmx", "xen.cfg", "xen.xml", "xen.img"):
        for path in ("/var/tmp/kameleon-tui/", str(folder)):
            found = subprocess.run(["grep", "-qaF", path, outputs / f"{NAME}.{ending}"])
            assert found.returncode == 1, (ending, path)


def test_two_builds_of_one_archive_are_the_same_bytes(appliance: Appliance, outputs: Path, folder: Path) -> None:
    again = exported(appliance, folder / "again", "raw", "qcow2", "cow", "vdi", "vhd", "xen")
    for ending in ("raw", "qcow2", "cow", "vdi", "vhd", "xen.img", "xen.cfg", "xen.xml"):
        said("cmp", outputs / f"{NAME}.{ending}", again / f"{NAME}.{ending}")
    shutil.rmtree(again)


def test_a_disk_too_small_is_told_before_packing_with_the_size_it_needs(appliance: Appliance, folder: Path) -> None:
    done = export(appliance, folder / "small", "raw", values={"raw_size": "300M"})
    assert done.returncode == 1
    told = re.search(r"does not fit in 300M: the global raw_size takes (\d+)M or more", done.stdout)
    assert told, done.stdout
    assert "raw/disk_options" in done.stdout
    assert not list((folder / "small").glob("*.raw"))
    least = int(told[1])
    small = exported(appliance, folder / "least", "raw", values={"raw_size": f"{least}M"}) / f"{NAME}.raw"
    assert small.stat().st_size == least << 20
    assert "No errors detected" in said("sfdisk", "--verify", small)
    free = re.search(r"(\d+)/(\d+) blocks$", ext4.check(small, root_of(small)), re.M)
    assert free
    assert int(free[1]) / int(free[2]) > 0.85  # the size named is no wild guess
    shutil.rmtree(folder / "least")
