"""A root tree, given as a tar stream, as an OCI image in one archive, which is a docker archive, too.

Both layouts share their blobs: `oci-layout` and `index.json` are read by podman, skopeo and umoci, `manifest.json` by
docker load. Written in one pass: the layer is hashed, compressed and written while it is read (umoci and skopeo
took 1.3 times as long for 760 MB, and wrote the tree three times.)
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import shlex
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from wizard.errors import USAGE, UserError

_PIECE = 1 << 20
_BLOCK = tarfile.BLOCKSIZE
_TYPE = "application/vnd.oci.image"
_LAYERS = {"gz": f"{_TYPE}.layer.v1.tar+gzip", "zst": f"{_TYPE}.layer.v1.tar+zstd"}
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Image:
    """`name`: the image's name and tag. `command`: what a container of it runs. `created`: seconds since the epoch.
    `compression`: gz or zst."""

    name: str
    command: tuple[str, ...]
    architecture: str
    created: int
    compression: str


def image_name(text: str) -> str:
    """A name with a tag behind it. (The header of recipes/steps/export/oci.yaml says which names there are.)"""
    _, colon, tag = text.rpartition(":")
    return text if colon and "/" not in tag else f"{text}:latest"


def default_name(recipe: str) -> str:
    """A recipe's name made one of an image's: what those do not take becomes a dash."""
    return re.sub(r"[^a-z0-9]+", "-", recipe.lower()).strip("-") or "appliance"


def write(tree: BinaryIO, output: BinaryIO, image: Image, compressor: Sequence[str]) -> str:
    """Reads a tar stream from `tree` and writes the archive to `output`, which must be seekable; the manifest's digest.

    `compressor` is the command that compresses its stdin to its stdout as `image.compression` says. OSError when it
    cannot be started or the disk is full, UserError when it fails or the stream is empty.
    """
    archive = _Archive(output, image.created)
    archive.add("oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
    header = output.tell()
    output.write(bytes(_BLOCK))  # the layer's header, when its digest and size are known
    difference, digest, size = _layer(tree, output, compressor)
    output.write(bytes(-size % _BLOCK))
    layer = {"mediaType": _LAYERS[image.compression], "digest": digest, "size": size}
    output.seek(header)
    output.write(archive.header(_blob(digest), size))
    output.seek(0, io.SEEK_END)

    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(image.created))
    platform = {"architecture": image.architecture, "os": "linux"}
    config = archive.blob(
        f"{_TYPE}.config.v1+json",
        {
            "created": created,
            **platform,
            "config": {"Env": [_PATH], "Cmd": list(image.command), "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [difference]},
            "history": [{"created": created, "created_by": "kameleon-tui"}],
        },
    )
    manifest = archive.blob(
        f"{_TYPE}.manifest.v1+json",
        {
            "schemaVersion": 2,
            "mediaType": f"{_TYPE}.manifest.v1+json",
            "config": config,
            "layers": [layer],
            "annotations": {"org.opencontainers.image.created": created},
        },
    )
    names = {
        # The tag for podman, skopeo and umoci; the whole name for containerd.
        "org.opencontainers.image.ref.name": image.name.rpartition(":")[2],
        "io.containerd.image.name": _full(image.name),
    }
    index = {
        "schemaVersion": 2,
        "mediaType": f"{_TYPE}.index.v1+json",
        "manifests": [{**manifest, "platform": platform, "annotations": names}],
    }
    docker = [{"Config": _blob(config["digest"]), "RepoTags": [image.name], "Layers": [_blob(digest)]}]
    archive.add("index.json", _json(index))
    archive.add("manifest.json", _json(docker))
    output.write(bytes(2 * _BLOCK))
    return str(manifest["digest"])


class _Archive:
    """Members of a tar archive, owned by root and of one date."""

    def __init__(self, output: BinaryIO, created: int) -> None:
        self._output = output
        self._created = created

    def header(self, name: str, size: int) -> bytes:
        member = tarfile.TarInfo(name)
        member.size, member.mtime = size, self._created
        header = member.tobuf(tarfile.GNU_FORMAT)  # one block also for what is larger than 8 GiB
        assert len(header) == _BLOCK
        return header

    def add(self, name: str, content: bytes) -> None:
        self._output.write(self.header(name, len(content)) + content + bytes(-len(content) % _BLOCK))

    def blob(self, media_type: str, content: dict[str, Any]) -> dict[str, Any]:
        """Adds a JSON blob; its descriptor."""
        raw = _json(content)
        digest = f"sha256:{hashlib.sha256(raw).hexdigest()}"
        self.add(_blob(digest), raw)
        return {"mediaType": media_type, "digest": digest, "size": len(raw)}


def _layer(tree: BinaryIO, output: BinaryIO, compressor: Sequence[str]) -> tuple[str, str, int]:
    """Compresses the stream to the output: the digest of what came in, and digest and size of what went out."""
    process = subprocess.Popen(compressor, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    before, after = hashlib.sha256(), hashlib.sha256()
    size = 0
    # A thread: hashing lets go of the interpreter, so that both sides and the compressor work at the same time.
    feeder = threading.Thread(target=_feed, args=(tree, process.stdin, before.update), daemon=True)
    feeder.start()
    try:
        while piece := process.stdout.read(_PIECE):
            after.update(piece)
            output.write(piece)
            size += len(piece)
    except BaseException:
        process.kill()
        raise
    finally:
        feeder.join()
        status = process.wait()
        process.stdout.close()
    if status:
        raise UserError(f"{compressor[0]} failed with status {status}", status=1)
    if before.digest() == hashlib.sha256().digest():
        raise UserError("no tar stream came", status=1)
    return f"sha256:{before.hexdigest()}", f"sha256:{after.hexdigest()}", size


def _feed(source: BinaryIO, target: Any, seen: Callable[[bytes], None]) -> None:
    try:
        with target:
            while piece := source.read(_PIECE):
                seen(piece)
                target.write(piece)
    except BrokenPipeError:
        pass  # the compressor ended: its status tells


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _full(name: str) -> str:
    first, slash, _ = name.partition("/")
    if slash and re.search(r"[.:]", first):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def main(words: Sequence[str]) -> int:
    """`python -m wizard.image.oci OPTION… -- COMPRESSOR…`: a tar stream on stdin, the archive in --output."""
    parser = argparse.ArgumentParser(prog="wizard.image.oci")
    parser.add_argument("--output", required=True)
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--name", default="")
    parser.add_argument("--command", default="")
    parser.add_argument("--architecture", required=True, help="as uname -m says it")
    parser.add_argument("--created", type=int, default=int(time.time()))
    parser.add_argument("--compression", choices=_LAYERS, required=True)
    parser.add_argument("compressor", nargs="*")
    asked = parser.parse_args(words)
    command = tuple(shlex.split(asked.command))
    architecture = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}.get(
        asked.architecture, asked.architecture
    )
    name = image_name(asked.name or default_name(asked.recipe))
    image = Image(name, command or ("/bin/sh",), architecture, asked.created, asked.compression)
    with open(asked.output, "wb") as output:
        digest = write(sys.stdin.buffer, output, image, asked.compressor)
    print(f"{name} {digest}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        print("; ".join(filter(None, (error.message, error.hint))), file=sys.stderr)  # one line: it is what is shown
        sys.exit(error.status or USAGE)
    except OSError as error:
        print(f"{error.filename or 'the archive'}: {error.strerror}", file=sys.stderr)
        sys.exit(1)
