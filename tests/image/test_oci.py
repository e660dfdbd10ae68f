"""The writer of container images: digests, sizes and names; what it refuses. (tests/outputs has tools of others.)"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from wizard.errors import UserError
from wizard.image import oci

IMAGE = oci.Image("little:latest", ("/bin/sh",), "amd64", 1_700_000_000, "gz")
GZIP = ["gzip", "--no-name", "--stdout"]


def test_an_image_holds_together(tmp_path: Path) -> None:
    tree = b"a tar stream" * 100_000
    with (tmp_path / "image").open("wb") as output:
        digest = oci.write(io.BytesIO(tree), output, IMAGE, GZIP)
    with tarfile.open(tmp_path / "image") as archive:
        held = {}
        for member in archive:
            stream = archive.extractfile(member)
            assert stream is not None
            held[member.name] = stream.read()
    for name, content in held.items():
        if name.startswith("blobs/sha256/"):
            assert name == f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"
    index, docker = json.loads(held["index.json"]), json.loads(held["manifest.json"])
    assert index["manifests"][0]["digest"] == digest
    assert index["manifests"][0]["annotations"]["io.containerd.image.name"] == "docker.io/library/little:latest"
    assert gzip.decompress(held[docker[0]["Layers"][0]]) == tree
    config = json.loads(held[docker[0]["Config"]])
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(tree).hexdigest()}"]


def test_a_compressor_that_fails_is_told(tmp_path: Path) -> None:
    for compressor, said in (["false"], "false failed with status 1"), (["sh", "-c", "head -c 9; exit 4"], "status 4"):
        with (tmp_path / "image").open("wb") as output, pytest.raises(UserError) as told:
            oci.write(io.BytesIO(bytes(5 << 20)), output, IMAGE, compressor)
        assert said in told.value.message
    with (tmp_path / "image").open("wb") as output, pytest.raises(UserError) as told:
        oci.write(io.BytesIO(b""), output, IMAGE, GZIP)
    assert told.value.message == "no tar stream came"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a", "a:latest"), ("a:1.0", "a:1.0"), ("team/a__b-c:X", "team/a__b-c:X"),
        ("example.org:5000/a", "example.org:5000/a:latest"), ("localhost/a:b", "localhost/a:b"),
    ],
)  # fmt: skip
def test_names(text: str, name: str) -> None:
    assert oci.image_name(text) == name


def test_a_recipes_name_becomes_one() -> None:
    assert oci.default_name("Été_2 x86_64.ISO") == "t-2-x86-64-iso"
    assert oci.image_name(oci.default_name("---")) == "appliance:latest"
