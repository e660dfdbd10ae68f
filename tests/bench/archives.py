"""Output types that are archives, on the appliance of tests/outputs, against the bare tools on the same tree: what the
engine, the view and the writer of container images add. `python -m tests.bench archives/tar` is one of them: tar,
kadeploy, lxc, oci."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench.harness import Row, chosen, compare
from tests.outputs.appliance import NAME, Appliance, built, export

_TAR = "tar -C $1 --create --sort=name --numeric-owner --format=posix --xattrs --xattrs-include=* --sparse ."
_GZIP = "pigz -n -1"
#: The bare chains. $1 the tree, $2 a directory.
_TAR_ZST = f"{_TAR} | zstd -q -T0 -1 >$2/tar.zst"
_TAR_GZ = f"{_TAR} | {_GZIP} >$2/tar.gz"
#: A layer and the two digests that an image names, of what it is before and after it is compressed.
_LAYER = f"{_TAR} | tee >(sha256sum >$2/before) | {_GZIP} | tee $2/layer | sha256sum >$2/after"
_UMOCI = f"""
{_TAR} >$2/tree.tar
umoci init --layout $2/oci
umoci new --image $2/oci:latest
umoci raw add-layer --image $2/oci:latest $2/tree.tar
skopeo copy -q oci:$2/oci:latest oci-archive:$2/oci.tar:latest
skopeo copy -q oci:$2/oci:latest docker-archive:$2/docker.tar:little:latest
"""


def rows() -> Iterator[Row]:
    appliance = built(("machine",))
    chains = [
        ("tar", _TAR_ZST, "tar and zstd"),
        ("kadeploy", _TAR_GZ, "tar and pigz"),
        ("lxc", _TAR_ZST, "tar and zstd"),
        ("oci", _LAYER, "tar, pigz and sha256sum"),
    ]
    if shutil.which("umoci") and shutil.which("skopeo"):
        chains.append(("oci", _UMOCI, "umoci and skopeo"))
    for kind, chain, against in chains:
        if not chosen(__name__, kind):
            continue
        yield compare(
            f"export/{kind}",
            partial(ours, appliance, kind),
            partial(bare, appliance, chain),
            limit=1.2,
            runs=1 if chain == _UMOCI else 3,
            against=against,
        )


def ours(appliance: Appliance, kind: str) -> float:
    """Seconds of the type's macrostep, at level 1."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        done = export(appliance, Path(directory) / "out", kind)
        assert done.returncode == 0, done.stdout
        lines = (Path(directory) / "out" / f"{NAME}.events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    return float(
        next(e["seconds"] for e in events if e["event"] == "macrostep" and e["macrostep"] == 1 and e["state"] == "done")
    )


def bare(appliance: Appliance, chain: str) -> float:
    """Seconds of bash commands: $1 is the appliance's tree, $2 an empty directory.

    The tree was copied a moment ago, as the build's is: both are still being written out.
    """
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        subprocess.run(["cp", "-a", appliance.tree, f"{directory}/tree"], check=True)
        subprocess.run(["mkdir", f"{directory}/out"], check=True)
        words = ["bash", "-efo", "pipefail", "-c", chain, "bash", f"{directory}/tree", f"{directory}/out"]
        began = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        return time.perf_counter() - began
