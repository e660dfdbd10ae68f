"""The live ISO built by this program and by bare tools: `python -m tests.bench iso`. Needs root, and some minutes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.harness import Row, need_root
from tests.contracts.tree import ROOT
from tests.image.iso import RECIPE
from tests.recipes.shell import scripts

_BARE = r"""
mirror=$(set -eE; {find}
    printf '%s\n' "$mirror" "$security")
{{ read -r mirror; read -r security; }} < <(tail -n 2 <<<"$mirror")
by='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
mmdebstrap --quiet --mode=root --format=directory --variant=minbase --include="$1" bookworm tree \
    "deb $by $mirror bookworm main" ${{security:+"deb $by $security bookworm-security main"}}
mkdir -p iso/live iso/boot/grub
cp tree/boot/vmlinuz-* iso/live/vmlinuz
cp tree/boot/initrd.img-* iso/live/initrd.img
echo 'linux /live/vmlinuz boot=live; initrd /live/initrd.img; boot' >iso/boot/grub/grub.cfg
mksquashfs tree iso/live/filesystem.squashfs -noappend -no-progress -quiet -comp zstd -Xcompression-level 3 \
    -wildcards -e 'dev/*' 'proc/*' 'sys/*' 'run/*' 'tmp/*' 'boot/vmlinuz-*' 'boot/initrd.img-*'
grub-mkrescue --output=bare.iso iso
"""


def _cpu(words: Sequence[str], folder: Path) -> float:
    """Seconds of processors that a command and all it started took; RuntimeError with its last lines when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder / "state"), "LC_ALL": "C.UTF-8",
             "KAMELEON_SUITE": "bookworm", "KAMELEON_MIRROR": "", "KAMELEON_SECURITY": ""},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{words[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def rows() -> Iterator[Row]:
    need_root()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        folder = Path(directory)
        build = [sys.executable, "-m", "wizard", "build", RECIPE, "--output", str(folder / "out")]
        ours = _cpu([*build, "--on-failure", "abort"], folder)
        packages = [line.split("\t")[0] for line in (folder / "out/packages.tsv").read_text().splitlines()[1:]]
        bare = _BARE.format(find=scripts(RECIPE, "find_mirror"))
        theirs = _cpu(["bash", "-eE", "-o", "pipefail", "-c", bare, "bash", ",".join(packages)], folder)
        sizes = [path.stat().st_size / 1e6 for path in (folder / f"out/{RECIPE}.iso", folder / "bare.iso")]
    detail = (
        f"{ours:.0f} s of processors against {theirs:.0f} s for mmdebstrap, mksquashfs and grub-mkrescue with the same "
        f"{len(packages)} packages; {sizes[0]:.0f} MB against {sizes[1]:.0f} MB"
    )
    yield Row("a cold build of the live ISO", ours / theirs, "x", 1.15, detail)
