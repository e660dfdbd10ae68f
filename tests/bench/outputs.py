"""Output types that are disks, on the appliance of tests/outputs, against the bare tools on the same tree: what the
engine, the view, dates and identities that are the same each time, and looking at sizes and GRUB's files first add.
`python -m tests.bench outputs/raw` is one of them: raw, qcow2, cow, libvirt, vmdk, ova, vdi, vhd, xen, uml."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.bench.archives import bare, ours
from tests.bench.harness import Row, chosen, compare
from tests.outputs.appliance import built

_MKE2FS = "mke2fs -q -F -t ext4 -b 4096 -m 1 -L root -d $1"
#: A disk for BIOS and UEFI by hand: $1 the tree, $2 a directory. dd stands for patching GRUB's two numbers.
_DISK = f"""
cd $2
truncate -s 2048M disk.raw
sfdisk -q disk.raw <<'X'
label: gpt
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649
start=4096, size=65536, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start=69632, size=4122624, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
X
{_MKE2FS} -E offset=$((69632*512)),root_owner=0:0 disk.raw 2061312k
modules="part_gpt part_msdos ext2 fat search search_fs_uuid configfile linux normal test echo ls cat serial terminal"
grub-mkimage -O i386-pc -p /boot/grub -o core.img biosdisk $modules
grub-mkimage -O x86_64-efi -p /boot/grub -o bootx64.efi all_video $modules
mformat -i disk.raw@@2097152 -v ESP -T 65536 -h 64 -s 32 -H 4096 ::
mmd -i disk.raw@@2097152 ::/EFI ::/EFI/BOOT
mcopy -i disk.raw@@2097152 bootx64.efi ::/EFI/BOOT/BOOTX64.EFI
dd if=/usr/lib/grub/i386-pc/boot.img of=disk.raw bs=440 count=1 conv=notrunc
dd if=core.img of=disk.raw bs=512 seek=2048 conv=notrunc
"""
_STREAM = "qemu-img convert -O vmdk -o subformat=streamOptimized disk.raw d.vmdk"
_QCOW2 = "qemu-img convert -O qcow2 -c -o compression_type=zstd -m 2 -W disk.raw d.qcow2"
_CHAINS = {
    "raw": (_DISK, "mke2fs and GRUB by hand"),
    "qcow2": (f"{_DISK} {_QCOW2}", "and qemu-img"),
    "cow": (f"{_DISK} {_QCOW2}; qemu-img create -f qcow2 -b d.qcow2 -F qcow2 d.cow", "and qemu-img"),
    "libvirt": (f"{_DISK} {_QCOW2}", "and qemu-img"),
    "vmdk": (f"{_DISK} {_STREAM}", "and qemu-img"),
    "ova": (
        f"{_DISK} {_STREAM}; sha256sum d.vmdk >d.mf; tar -cf d.ova --format=ustar d.mf d.vmdk",
        "and qemu-img, sha256sum, tar",
    ),
    "vdi": (f"{_DISK} qemu-img convert -O vdi disk.raw d.vdi", "and qemu-img"),
    "vhd": (f"{_DISK} qemu-img convert -O vpc -o force_size=on disk.raw d.vhd", "and qemu-img"),
    "xen": (
        f"cd $2; truncate -s 2048M xen.img; {_MKE2FS} xen.img 2097152k; "
        "for file in vmlinuz initrd.img; do cp -L $1/$file .; done",
        "mke2fs and cp",
    ),
    "uml": (f"cd $2; truncate -s 2048M uml.img; {_MKE2FS} uml.img 2097152k", "mke2fs"),
}


def rows() -> Iterator[Row]:
    appliance = built(("machine",))
    for kind, (chain, against) in _CHAINS.items():
        if not chosen(__name__, kind):
            continue
        yield compare(
            f"export/{kind}", partial(ours, appliance, kind), partial(bare, appliance, chain),
            limit=1.2, runs=1 if kind in ("vmdk", "ova") else 3, against=against,
        )  # fmt: skip
