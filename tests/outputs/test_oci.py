"""The output type oci: tools of others read the archive both ways and unpack the appliance from it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.outputs import contents, little
from tests.outputs.appliance import NAME, Appliance, exported

pytestmark = pytest.mark.real

_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


def _descriptor(*types: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["mediaType", "digest", "size"],
        "properties": {
            "mediaType": {"enum": list(types)},
            "digest": _DIGEST,
            "size": {"type": "integer", "minimum": 1},
        },
    }


_TYPE = "application/vnd.oci.image"
#: The rules of the OCI image specification 1.0 for what we write: image layout, index, manifest, configuration.
RULES: dict[str, dict[str, Any]] = {
    "layout": {"type": "object", "required": ["imageLayoutVersion"],
               "properties": {"imageLayoutVersion": {"const": "1.0.0"}}},
    "index": {
        "type": "object", "required": ["schemaVersion", "manifests"],
        "properties": {
            "schemaVersion": {"const": 2},
            "mediaType": {"const": f"{_TYPE}.index.v1+json"},
            "manifests": {"type": "array", "minItems": 1, "items": {
                **_descriptor(f"{_TYPE}.manifest.v1+json"),
                "required": ["mediaType", "digest", "size", "platform", "annotations"],
            }},
        },
    },
    "manifest": {
        "type": "object", "required": ["schemaVersion", "config", "layers"],
        "properties": {
            "schemaVersion": {"const": 2},
            "mediaType": {"const": f"{_TYPE}.manifest.v1+json"},
            "config": _descriptor(f"{_TYPE}.config.v1+json"),
            "layers": {"type": "array", "minItems": 1,
                       "items": _descriptor(f"{_TYPE}.layer.v1.tar+gzip", f"{_TYPE}.layer.v1.tar+zstd")},
            "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    },
    "config": {
        "type": "object", "required": ["architecture", "os", "rootfs", "created"],
        "properties": {
            "architecture": {"enum": ["amd64", "arm64", "arm", "386", "ppc64le", "riscv64", "s390x"]},
            "os": {"const": "linux"},
            "created": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
            "config": {"type": "object", "properties": {
                "Env": {"type": "array", "items": {"type": "string", "pattern": "^[^=]+="}},
                "Cmd": {"type": "array", "minItems": 1, "items": {"type": "string"}},
            }},
            "rootfs": {"type": "object", "required": ["type", "diff_ids"], "properties": {
                "type": {"const": "layers"}, "diff_ids": {"type": "array", "minItems": 1, "items": _DIGEST}}},
            "history": {"type": "array"},
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def small(folder: Path) -> Appliance:
    return little.make(folder / "little")


@pytest.fixture(scope="module")
def image(small: Appliance, folder: Path) -> Path:
    return exported(small, folder / "gz", "oci") / f"{NAME}.oci.tar"


def checked(archive: Path) -> dict[str, Any]:
    """The configuration, after every document was held against the specification and every digest against its blob."""
    with tarfile.open(archive) as opened:

        def read(name: str) -> bytes:
            stream = opened.extractfile(name)
            assert stream is not None
            return stream.read()

        def blob(descriptor: dict[str, Any]) -> bytes:
            raw = read(f"blobs/{descriptor['digest'].replace(':', '/')}")
            assert len(raw) == descriptor["size"]
            assert f"sha256:{hashlib.sha256(raw).hexdigest()}" == descriptor["digest"]
            return raw

        index, layout = json.loads(read("index.json")), json.loads(read("oci-layout"))
        manifest = json.loads(blob(index["manifests"][0]))
        config: dict[str, Any] = json.loads(blob(manifest["config"]))
        for name, document in (("layout", layout), ("index", index), ("manifest", manifest), ("config", config)):
            jsonschema.validate(document, RULES[name])
        layer = manifest["layers"][0]
        tool = "gzip" if layer["mediaType"].endswith("gzip") else "zstd"
        tree = subprocess.run([tool, "-dc"], input=blob(layer), capture_output=True, check=True).stdout
        assert f"sha256:{hashlib.sha256(tree).hexdigest()}" == config["rootfs"]["diff_ids"][0]
        docker = json.loads(read("manifest.json"))[0]
        assert json.loads(read(docker["Config"])) == config
        assert docker["Layers"] == [f"blobs/{layer['digest'].replace(':', '/')}"]
    return config


def test_it_keeps_to_the_specification(small: Appliance, image: Path, folder: Path) -> None:
    config = checked(image)
    assert config["config"]["Cmd"] == ["/bin/sh"]
    assert config["created"] == "2023-11-14T22:13:20Z"
    words = {
        "oci_command": "/sbin/init --log 'two words'",
        "oci_compression": "zst",
        "oci_name": "example.org:5000/team/little:1.0",
    }
    other = exported(small, folder / "zst", "oci", values=words) / f"{NAME}.oci.tar"
    assert checked(other)["config"]["Cmd"] == ["/sbin/init", "--log", "two words"]
    with tarfile.open(other) as opened:
        stream = opened.extractfile("manifest.json")
        assert stream is not None
        assert json.load(stream)[0]["RepoTags"] == [words["oci_name"]]


@pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not here: doctor --for develop --install")
@pytest.mark.parametrize("kind", ["oci-archive", "docker-archive"])
def test_skopeo_reads_it_both_ways(image: Path, kind: str, folder: Path) -> None:
    said = subprocess.run(["skopeo", "inspect", f"{kind}:{image}"], capture_output=True, check=True)
    assert json.loads(said.stdout)["Os"] == "linux"
    name = f"{kind}:{image}:{NAME}:latest" if kind == "docker-archive" else f"{kind}:{image}:latest"
    layout = folder / kind
    subprocess.run(["skopeo", "copy", "--quiet", name, f"oci:{layout}:copied"], check=True)
    assert len(list((layout / "blobs/sha256").iterdir())) == 3


@pytest.mark.skipif(not shutil.which("umoci"), reason="umoci is not here: doctor --for develop --install")
def test_umoci_unpacks_the_appliance(small: Appliance, image: Path, folder: Path) -> None:
    unpacked = unpack(image, folder / "unpacked")
    held = contents.of_tree(unpacked)
    # (umoci gives the root directory the date of its unpacking.)
    but = (*contents.LEFT_OUT, ".")
    assert contents.differences(small.contents, held, but=but, epoch=small.epoch) == []


def unpack(image: Path, place: Path) -> Path:
    """umoci unpacks an archive in the directory `place`, which it makes; the root."""
    (place / "layout").mkdir(parents=True)
    subprocess.run(["tar", "--extract", "--file", image, "--directory", place / "layout"], check=True)
    subprocess.run(
        ["umoci", "unpack", "--image", f"{place}/layout:latest", place / "bundle"], check=True, capture_output=True
    )
    return place / "bundle/rootfs"


def test_the_same_bytes_twice(small: Appliance, image: Path, folder: Path) -> None:
    again = exported(small, folder / "again", "oci") / f"{NAME}.oci.tar"
    assert again.read_bytes() == image.read_bytes()
