"""What is in an archive, on a disk or in a file system, and whether its checksum is the one written beside it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from wizard.image.look import Image, partitions
from wizard.units import size

SUMS = "SHA256SUMS"
_UNPACKERS = {"gzip": "gzip", "xz": "xz", "zstd": "zstd"}
_RELEASE = ("etc/os-release", "usr/lib/os-release")
_NAME = re.compile(r'^PRETTY_NAME="?([^"\n]*)"?$', re.M)


def inside(image: Image) -> Image:
    """The image with what a look into the whole file adds: a compressed archive becomes one of the kinds tar, lxc, oci,
    ova (the word `archive` of its facts tells which)."""
    if image.kind in ("tar", *_UNPACKERS):
        return _archive(image)
    if image.kind in ("raw", "ext"):
        with image.path.open("rb") as stream:
            starts = [0] if image.kind == "ext" else [one.start for one in partitions(stream)]
        for start in starts:
            if system := _on_disk(image.path, start):
                return replace(image, facts=(*image.facts, ("system", system)))
    return image


def _archive(image: Image) -> Image:
    tool = _UNPACKERS.get(image.kind, "cat")
    if not shutil.which(tool):
        return image
    names: list[str] = []
    total, system, problem = 0, "", ""
    words = [tool, *(["-dc"] if tool != "cat" else []), "--", str(image.path)]
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
    )
    with process:
        assert process.stdout is not None
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                for member in archive:
                    names.append(member.name)
                    total += member.size if member.isreg() else 0
                    if member.isreg() and member.name.endswith(_RELEASE) and member.size < 65536:
                        text = archive.extractfile(member)
                        found = _NAME.search(text.read().decode("utf-8", "replace")) if text else None
                        system = system or (found[1] if found else "")
        except tarfile.TarError as error:
            problem = str(error) if names else ""  # without a name it is no archive
        while process.stdout.read(1 << 20):  # a compressor looks at its sums at the end
            pass
    if process.returncode:
        problem = f"{tool} finds a mistake in it"
    if problem:
        return replace(image, facts=(*image.facts, ("damaged", problem)))
    if not names:
        return image
    facts = [("archive", archive_of(names)), ("inside", f"{len(names)} files, {size(total)}")]
    if system:
        facts.append(("system", "".join(letter if letter.isprintable() else "?" for letter in system)))
    return Image(image.path, "tar", (*image.facts, *facts))


def archive_of(names: list[str]) -> str:
    """What kind of archive it is that holds these names: oci, ova, lxc, or tree for a system's root."""
    plain = {name.removeprefix("./").rstrip("/") for name in names}
    if "oci-layout" in plain:
        return "oci"
    if any(name.endswith(".ovf") for name in plain):
        return "ova"
    tops = {name.partition("/")[0] for name in plain}
    if len(tops) == 1 and {f"{top}/{part}" for top in tops for part in ("rootfs", "config")} <= plain:
        return "lxc"
    return "tree" if "etc" in tops and ("usr" in tops or "bin" in tops) else "files"


def _on_disk(path: Path, start: int) -> str:
    """The name of the system in the file system that begins there; "" where there is none or no debugfs."""
    if tool := shutil.which("debugfs", path="/usr/sbin:/sbin:/usr/bin"):
        for name in reversed(_RELEASE):
            words = [tool, "-R", f"cat /{name}", f"{path.absolute()}?offset={start}"]
            with suppress(OSError):
                done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True)
                if found := _NAME.search(done.stdout.decode("utf-8", "replace")):
                    return "".join(letter if letter.isprintable() else "?" for letter in found[1])
    return ""


def checksum(path: Path) -> bool | None:
    """Whether the file is what SHA256SUMS beside it says; None where none is there, or it does not name the file."""
    try:
        lines = (path.parent / SUMS).read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        return None
    for line in lines:
        digest, _, name = line.partition(" ")
        if digest.startswith("\\"):  # a name with a line feed or backslash is written so
            digest, name = (
                digest[1:],
                re.sub(r"\\([\\nr])", lambda found: {"n": "\n", "r": "\r"}.get(found[1], "\\"), name),
            )
        if name[1:] == path.name and len(digest) == 64:
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == digest.lower()
    return None
