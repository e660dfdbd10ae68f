"""What an image is, by what is in the file and not by its name. Only a few bytes of it are read; inside.py
looks into archives and file systems."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wizard.errors import UserError
from wizard.units import size


@dataclass(frozen=True, slots=True)
class Image:
    """`kind` is one of KINDS, `facts` what is known of it, as pairs of a word and a text, in the order to show them."""

    path: Path
    kind: str
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        return KINDS[self.kind]


#: Kind → what it is. Those of QEMU's disks are QEMU's names of the formats.
KINDS = {
    "iso": "ISO 9660 (CD, DVD, USB stick)",
    "raw": "disk image (raw)",
    "qcow2": "disk image of QEMU (qcow2)",
    "vmdk": "disk image of VMware (vmdk)",
    "vdi": "disk image of VirtualBox (vdi)",
    "vpc": "disk image of Hyper-V and Azure (vhd)",
    "vhdx": "disk image of Hyper-V (vhdx)",
    "squashfs": "compressed file system (squashfs)",
    "ext": "file system (ext4)",
    "gzip": "compressed by gzip",
    "xz": "compressed by xz",
    "zstd": "compressed by zstd",
    "tar": "archive (tar)",
    "kernel": "Linux kernel",
    "uml": "start script of User Mode Linux",
    "ipxe": "script of iPXE (network boot)",
    "script": "script",
    "xml": "description (XML)",
    "unknown": "of no kind that is known here",
}
#: The kinds that QEMU starts.
DISKS = ("raw", "qcow2", "vmdk", "vdi", "vpc", "vhdx")
_SECTOR = 512
_PARTITIONS = {
    "21686148-6449-6E6F-744E-656564454649": "BIOS boot",
    "C12A7328-F81F-11D2-BA4B-00A0C93EC93B": "EFI system",
    "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709": "root (x86-64)",
    "0FC63DAF-8483-4772-8E79-3D69D8477DE4": "Linux",
}
_SQUASHFS = {1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}
_Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Partition:
    """`start` and `length` in bytes."""

    start: int
    length: int
    text: str


def look(path: Path) -> Image:
    """What the file is. UserError when it cannot be read."""
    try:
        with path.open("rb") as stream:
            for magic, offset, kind, told in _MAGIC:
                if _at(stream, offset, len(magic)) == magic:
                    return Image(path, kind, tuple(told(stream)))
            return _others(path, stream)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UserError(f"{path}: there is no such file") from error
    except OSError as error:
        raise UserError(f"{path}: it cannot be read: {error.strerror}") from error


def _others(path: Path, stream: BinaryIO) -> Image:
    end = stream.seek(0, os.SEEK_END)
    if end >= _SECTOR and _at(stream, end - _SECTOR, 8) == b"conectix":  # a fixed VHD has its header at its end
        return Image(path, "vpc", tuple(_vhd(stream, end - _SECTOR)))
    if _at(stream, 510, 2) == b"\x55\xaa":
        table = partitions(stream)
        return Image(path, "raw", tuple(("partition", f"{one.text}, {size(one.length)}") for one in table))
    start = _at(stream, 0, 4096)
    if start.startswith(b"#!ipxe"):
        return Image(path, "ipxe")
    if start.startswith(b"#!"):
        return Image(path, "uml" if b"User Mode Linux" in start else "script")
    if start.lstrip().startswith((b"<?xml", b"<domain")):
        return Image(path, "xml")
    return Image(path, "unknown")


def _at(stream: BinaryIO, offset: int, count: int) -> bytes:
    """What the file holds there: less than `count` bytes behind its end, where broken files point."""
    if offset > os.fstat(stream.fileno()).st_size:
        return b""
    stream.seek(offset)
    return stream.read(count)


def _number(stream: BinaryIO, form: str, offset: int) -> int:
    """A number of `form` (of the module struct); 0 behind the end of a file that is cut off."""
    raw = _at(stream, offset, struct.calcsize(form))
    return int(struct.unpack(form, raw)[0]) if len(raw) == struct.calcsize(form) else 0


def _text(raw: bytes) -> str:
    """Only what terminals may be told."""
    text = raw.decode("utf-8", "replace").strip(" \0")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def partitions(stream: BinaryIO) -> list[Partition]:
    """The partitions of a disk: of a GPT, else of a table of MBR's."""
    if _at(stream, _SECTOR, 8) != b"EFI PART":
        found = []
        for index in range(4):
            entry = _at(stream, 446 + 16 * index, 16)
            if len(entry) == 16 and entry[4]:
                start, length = struct.unpack_from("<2I", entry, 8)
                found.append(Partition(start * _SECTOR, length * _SECTOR, f"type {entry[4]:02x} (MBR)"))
        return found
    found = []
    first = _number(stream, "<Q", _SECTOR + 72)
    count, width = _number(stream, "<I", _SECTOR + 80), _number(stream, "<I", _SECTOR + 84)
    for index in range(min(count, 128)):
        entry = _at(stream, first * _SECTOR + index * width, 128)
        if len(entry) < 128 or not any(entry[:16]):
            continue
        start, last = struct.unpack_from("<2Q", entry, 32)
        kind = _uuid(entry[:16])
        name = _text(entry[56:128].decode("utf-16-le", "replace").rstrip("\0").encode())
        text = _PARTITIONS.get(kind, kind)
        text = f"{name} ({text})" if name and name.lower() not in text.lower() else text
        found.append(Partition(start * _SECTOR, (last - start + 1) * _SECTOR, text))
    return found


def _uuid(raw: bytes) -> str:
    a, b, c = struct.unpack_from("<IHH", raw)
    return f"{a:08X}-{b:04X}-{c:04X}-{raw[8:10].hex()}-{raw[10:16].hex()}".upper()


def _iso(stream: BinaryIO) -> _Facts:
    facts = [("label", _text(_at(stream, 32808, 32)))]
    if _at(stream, 34823, 9) == b"EL TORITO":
        facts.append(("starts", "from a CD"))
    if _at(stream, 510, 2) == b"\x55\xaa":
        facts.append(("starts", "from a USB stick"))
    return facts


def _qcow2(stream: BinaryIO) -> _Facts:
    facts = [("disk", size(_number(stream, ">Q", 24)))]
    if backing := _number(stream, ">Q", 8):
        name = _text(_at(stream, backing, min(_number(stream, ">I", 16), 1023)))
        facts.append(("based on", f"{name}, which must be beside it" if "/" not in name else name))
    return facts


def _vmdk(stream: BinaryIO) -> _Facts:
    facts = [("disk", size(_number(stream, "<Q", 12) * _SECTOR))]
    descriptor = _at(stream, _number(stream, "<Q", 28) * _SECTOR, 1024)
    for line in descriptor.splitlines():
        if line.startswith(b"createType="):
            facts.append(("form", _text(line.partition(b"=")[2].strip(b'"'))))
    return facts


def _vdi(stream: BinaryIO) -> _Facts:
    return [("disk", size(_number(stream, "<Q", 0x170)))]


def _vhd(stream: BinaryIO, footer: int = 0) -> _Facts:
    form = {2: "fixed", 3: "dynamic", 4: "differencing"}.get(_number(stream, ">I", footer + 60), "?")
    return [("disk", size(_number(stream, ">Q", footer + 48))), ("form", form)]


def _squashfs(stream: BinaryIO) -> _Facts:
    how = _SQUASHFS.get(_number(stream, "<H", 20), "?")
    return [("inside", f"{_number(stream, '<I', 4)} files and directories, compressed by {how}")]


def _ext(stream: BinaryIO) -> _Facts:
    block = 1024 << min(_number(stream, "<I", 1024 + 24), 6)
    room, free = _number(stream, "<I", 1028) * block, _number(stream, "<I", 1036) * block
    facts = [("room", f"{size(room)}, of which {size(free)} are free")]
    if label := _text(_at(stream, 1024 + 120, 16)):
        facts.append(("label", label))
    return facts


def _kernel(stream: BinaryIO) -> _Facts:
    version = _at(stream, 0x200 + _number(stream, "<H", 0x20E), 80).split(b"\0")[0]
    return [("version", _text(version))]


def _nothing(stream: BinaryIO) -> _Facts:
    return []


#: Bytes, where they are, the kind they tell, and who knows more. The first that fits: a hybrid ISO is a disk, too.
_MAGIC: tuple[tuple[bytes, int, str, Callable[[BinaryIO], _Facts]], ...] = (
    (b"CD001", 32769, "iso", _iso),
    (b"QFI\xfb", 0, "qcow2", _qcow2),
    (b"KDMV", 0, "vmdk", _vmdk),
    (b"# Disk DescriptorFile", 0, "vmdk", _nothing),
    (b"\x7f\x10\xda\xbe", 0x40, "vdi", _vdi),
    (b"conectix", 0, "vpc", _vhd),
    (b"vhdxfile", 0, "vhdx", _nothing),
    (b"hsqs", 0, "squashfs", _squashfs),
    (b"\x1f\x8b", 0, "gzip", _nothing),
    (b"\xfd7zXZ\0", 0, "xz", _nothing),
    (b"\x28\xb5\x2f\xfd", 0, "zstd", _nothing),
    (b"ustar", 257, "tar", _nothing),
    (b"HdrS", 0x202, "kernel", _kernel),
    (b"\x53\xef", 1080, "ext", _ext),
)
