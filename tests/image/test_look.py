"""What an image is, told by what is in the file: of files that other tools made, of broken ones, of hostile ones."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from wizard import cli
from wizard.errors import DONE, FAILED, USAGE, UserError
from wizard.image.inside import archive_of, checksum, inside
from wizard.image.look import KINDS, look


def made(*words: str | Path) -> None:
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def archive(path: Path, files: dict[str, str], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as opened:  # type: ignore[call-overload]
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            opened.addfile(info, BytesIO(text.encode()))
    return path


@pytest.mark.parametrize("kind", ["qcow2", "vmdk", "vdi", "vpc", "vhdx"])
def test_disks_as_qemu_writes_them(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "named.iso"
    made("qemu-img", "create", "-q", "-f", kind, path, "64M")
    found = look(path)
    assert found.kind == kind
    if kind != "vhdx":
        assert dict(found.facts)["disk"] in ("67.1 MB", "67.4 MB")  # a VHD has whole cylinders


def test_vmdk_and_vhd_in_their_other_forms(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(b"x" * (1 << 20))
    for kind, option in (("vmdk", "subformat=streamOptimized"), ("vpc", "subformat=fixed,force_size=on")):
        made("qemu-img", "convert", "-f", "raw", "-O", kind, "-o", option, tmp_path / "raw", tmp_path / kind)
        found = look(tmp_path / kind)
        assert found.kind == kind
        assert dict(found.facts)["form"] in ("streamOptimized", "fixed")


def test_what_a_disk_is_based_on(tmp_path: Path) -> None:
    made("qemu-img", "create", "-q", "-f", "qcow2", tmp_path / "base.qcow2", "1M")
    made("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", tmp_path / "x.cow")
    assert ("based on", "base.qcow2, which must be beside it") in look(tmp_path / "x.cow").facts


@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_partitions(tmp_path: Path, label: str) -> None:
    path = tmp_path / "x"
    path.touch()
    made("truncate", "--size=64M", path)
    name = ', name="one"' if label == "gpt" else ""
    table = f"label: {label}\nstart=2048, size=20480{name}\nsize=4096\n"
    subprocess.run(["sfdisk", "--quiet", path], input=table, text=True, check=True)
    found = look(path)
    assert found.kind == "raw"
    assert [text.rpartition(", ")[2] for _, text in found.facts] == ["10.5 MB", "2.1 MB"]
    assert found.facts[0][1].startswith("one (Linux)" if label == "gpt" else "type 83")


def test_a_file_system_and_the_system_in_it(tmp_path: Path) -> None:
    (tmp_path / "tree/etc").mkdir(parents=True)
    (tmp_path / "tree/etc/os-release").write_text('NAME=x\nPRETTY_NAME="Little 1"\n')
    made("mke2fs", "-q", "-t", "ext4", "-L", "root", "-d", tmp_path / "tree", tmp_path / "x", "8M")
    found = inside(look(tmp_path / "x"))
    assert found.kind == "ext"
    assert {("label", "root"), ("system", "Little 1")} <= set(found.facts)


def test_squashfs_and_iso(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/x").write_text("x")
    made("mksquashfs", tmp_path / "tree", tmp_path / "s", "-comp", "zstd", "-quiet", "-no-progress")
    assert look(tmp_path / "s").facts == (("inside", "2 files and directories, compressed by zstd"),)
    made("xorriso", "-as", "mkisofs", "-quiet", "-V", "LABEL", "-o", tmp_path / "i", tmp_path / "tree")
    assert look(tmp_path / "i").facts[0] == ("label", "LABEL")


@pytest.mark.parametrize("tool", ["", "gzip", "xz", "zstd"])
def test_archives(tmp_path: Path, tool: str) -> None:
    noise = "".join(map(chr, random.Random(0).choices(range(32, 127), k=9000)))
    files = {
        "c/config": "x",
        "c/rootfs": "",
        "c/rootfs/etc/os-release": "PRETTY_NAME=Little\x1b[31m\n",
        "c/rootfs/x": noise,
    }
    path = archive(tmp_path / "x", files)
    if tool:
        path.write_bytes(subprocess.run([tool, "-c", path], capture_output=True, check=True).stdout)
    found = inside(look(path))
    assert (found.kind, dict(found.facts)["archive"]) == ("tar", "lxc")
    assert dict(found.facts)["inside"].startswith("4 files, 9.0 kB")
    assert dict(found.facts)["system"] == "Little?[31m"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "damaged" in dict(inside(look(path)).facts)
    assert cli.main(["image", "info", str(path)]) == FAILED


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["x/rootfs/", "x/rootfs/etc", "x/", "x/config"], "lxc"),
        (["./", "./etc/", "./usr/"], "tree"),
        (["boot", "etc", "usr"], "tree"),
        (["blobs", "oci-layout", "index.json"], "oci"),
        (["x.ovf", "x.mf", "x.vmdk"], "ova"),
        (["a", "b/c"], "files"),
        (["x/rootfs/", "y/config"], "files"),
    ],
)
def test_kinds_of_archives(names: list[str], kind: str) -> None:
    assert archive_of(names) == kind


def test_a_file_cut_off_anywhere_or_of_noise_is_no_traceback(tmp_path: Path) -> None:
    draw = random.Random(1)
    whole = tmp_path / "whole"
    made("qemu-img", "create", "-q", "-f", "vmdk", whole, "1M")
    starts = [
        b"QFI\xfb",
        b"KDMV",
        b"hsqs",
        b"\x1f\x8b",
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"#!",
        b"",
        whole.read_bytes(),
    ]
    path = tmp_path / "x"
    for start in starts:
        for length in (0, 3, 100, 513, 2000, 40000):
            path.write_bytes((start + draw.randbytes(40000))[:length])
            assert inside(look(path)).kind in KINDS
            assert cli.main(["image", "info", str(path)]) in (DONE, FAILED)
    # A disk of which nothing but the mark of GPT is left.
    path.write_bytes(b"\0" * 510 + b"\x55\xaaEFI PART" + b"\xff" * 5000)
    assert look(path).kind == "raw"


def test_what_cannot_be_read_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "nosuch", tmp_path):
        with pytest.raises(UserError, match="there is no such file"):
            look(path)
        assert cli.main(["image", "info", str(path)]) == USAGE
    assert "there is no such file" in capfd.readouterr().err


def test_checksums(tmp_path: Path) -> None:
    name = "two\nlines \\ x"
    for word in ("plain", name):
        (tmp_path / word).write_text(word)
    assert checksum(tmp_path / "plain") is None
    said = subprocess.run(["sha256sum", "plain", name], cwd=tmp_path, capture_output=True, check=True).stdout
    (tmp_path / "SHA256SUMS").write_bytes(said)
    assert checksum(tmp_path / "plain") is True
    assert checksum(tmp_path / name) is True
    (tmp_path / name).write_text("changed")
    assert checksum(tmp_path / name) is False
    (tmp_path / "other").touch()
    assert checksum(tmp_path / "other") is None


def test_lines_and_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x y.uml"
    path.write_text("#!/bin/bash\n# Starts x.uml.img in User Mode Linux\n")
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(b'other').hexdigest()}  x y.uml\n")
    assert cli.main(["image", "info", str(path)]) == FAILED
    said = capfd.readouterr().out
    assert "start script of User Mode Linux" in said
    assert f"kameleon-tui boot '{path}'" in said
    assert "WRONG" in said
    (tmp_path / "SHA256SUMS").unlink()
    assert cli.main(["image", "info", "--json", str(path)]) == DONE
    [told] = json.loads(capfd.readouterr().out)
    assert (told["kind"], told["checksum"], told["size"]) == ("uml", "none", path.stat().st_size)
