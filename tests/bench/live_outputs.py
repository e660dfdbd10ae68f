"""Output types that are live systems, on the appliance of tests/outputs, against the bare tools on the same tree: what
the engine, the view, the checksums on the medium and the look at it add. `python -m tests.bench live_outputs/iso` is
one of them: netboot, iso."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.bench.archives import bare, ours
from tests.bench.harness import Row, chosen, compare
from tests.outputs.appliance import built

#: $1 the tree, $2 a directory.
_LIVE = """
set +f
mkdir -p $2/live
cp $1/boot/vmlinuz-* $2/live/vmlinuz
cp $1/boot/initrd.img-* $2/live/initrd.img
mksquashfs $1 $2/live/filesystem.squashfs -noappend -no-progress -quiet -comp zstd -Xcompression-level 1 \
    -wildcards -e 'dev/*' 'proc/*' 'sys/*' 'run/*' 'tmp/*' 'boot/vmlinuz-*' 'boot/initrd.img-*'
"""
_ISO = f"""{_LIVE}
mkdir -p $2/iso/boot/grub
mv $2/live $2/iso
echo 'linux /live/vmlinuz boot=live; initrd /live/initrd.img; boot' >$2/iso/boot/grub/grub.cfg
grub-mkrescue -o $2/live.iso $2/iso -volid KAMELEON --compress=xz --locales= --fonts= --themes=
"""
_CHAINS = {"netboot": (_LIVE, "mksquashfs"), "iso": (_ISO, "mksquashfs and grub-mkrescue")}


def rows() -> Iterator[Row]:
    appliance = built(("machine", "live_system", "secure_boot"))
    for kind, (chain, against) in _CHAINS.items():
        if chosen(__name__, kind):
            yield compare(
                f"export/{kind}", partial(ours, appliance, kind), partial(bare, appliance, chain),
                limit=1.2, runs=3, against=against,
            )  # fmt: skip
