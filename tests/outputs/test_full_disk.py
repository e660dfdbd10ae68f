"""The disk is full half-way: nothing stands under the final name, and what stood there before still does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT
from tests.outputs import little
from tests.outputs.appliance import NAME, exported

pytestmark = pytest.mark.real

#: Runs "$@" with half a megabyte at $1, where an earlier image $2 stands, and shows what that is then.
_SCRIPT = """
place=$1 image=$2
shift 2
mount -t tmpfs -o size=512k none "$place" && mkdir "$place/out" && echo earlier >"$place/out/$image" || exit 99
"$@"
status=$?
cat "$place/out/$image"
exit $status
"""


@pytest.mark.parametrize(
    ("kind", "image"),
    [("tar", "tar.zst"), ("oci", "oci.tar"), ("kadeploy", "kadeploy.tar.gz"), ("raw", "raw"), ("xen", "xen.img")],
)
def test_a_full_disk_leaves_the_earlier_image(folder: Path, kind: str, image: str) -> None:
    appliance = little.make(folder / kind)
    exported(appliance, folder / f"{kind}-whole", kind)  # with room it works, and the recipe is there
    place = folder / f"{kind}-full"
    place.mkdir()
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", _SCRIPT, "sh", place, f"{NAME}.{image}",
         sys.executable, "-m", "wizard", "build", folder / f"{kind}-whole.recipe/{NAME}.yaml", "--type", kind,
         "-g", f"kept:{appliance.folder}", "--output", place / "out", "--on-failure", "abort"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "No space left on device" in done.stdout + done.stderr
    assert done.stdout.endswith("\nearlier\n")
