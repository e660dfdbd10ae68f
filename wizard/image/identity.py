"""What qemu-img draws at random in a disk image, set to what is given: two builds of one archive are the same bytes."""

from __future__ import annotations

import re
import struct
import sys
import uuid
from pathlib import Path
from typing import BinaryIO

from wizard.errors import UserError

#: Of a VMDK's header: where its descriptor is, and how long, in sectors.
_VMDK_DESCRIPTOR = 28
#: Of a VDI: where its signature is, and the UUIDs of the image and of its last change.
_VDI_SIGNATURE, _VDI_UUIDS = 0x40, (0x188, 0x198)
#: Of a VHD's footer (and its copy at the beginning): length, where date, sum and UUID are; dates count from 2000.
_VHD_FOOTER, _VHD_DATE, _VHD_SUM, _VHD_UUID, _VHD_EPOCH = 512, 24, 64, 68, 946_684_800


def vmdk(image: BinaryIO, identity: uuid.UUID, date: int) -> None:
    """The content number (CID) in the descriptor, a text with NULs behind it: numbers are not written at one length."""
    header = image.read(512)
    start, count = (512 * number for number in struct.unpack_from("<2Q", header, _VMDK_DESCRIPTOR))
    image.seek(start)
    descriptor = image.read(count) if header[:4] == b"KDMV" else b""
    number = b"CID=%08x" % (identity.int & 0xFFFF_FFFE)  # all bits set would say: none yet
    changed, found = re.subn(rb"^CID=[0-9a-f]+$", number, descriptor.rstrip(b"\0"), flags=re.M)
    if found != 1 or len(changed) > count:
        raise UserError("no descriptor with a CID: not a VMDK as qemu-img writes it")
    image.seek(start)
    image.write(changed.ljust(count, b"\0"))


def vdi(image: BinaryIO, identity: uuid.UUID, date: int) -> None:
    """Both UUIDs of the header."""
    header = image.read(512)
    if header[_VDI_SIGNATURE : _VDI_SIGNATURE + 4] != b"\x7f\x10\xda\xbe":
        raise UserError("no signature of a VDI")
    for place, name in zip(_VDI_UUIDS, ("image", "change"), strict=True):
        image.seek(place)
        image.write(uuid.uuid5(identity, name).bytes_le)


def vpc(image: BinaryIO, identity: uuid.UUID, date: int) -> None:
    """UUID and date of the footer, which a dynamic VHD has at its beginning, too."""
    size = image.seek(0, 2)
    image.seek(0)
    places = [size - _VHD_FOOTER]
    if image.read(8) == b"conectix":
        places.append(0)
    for place in places:
        image.seek(place)
        footer = bytearray(image.read(_VHD_FOOTER))
        if footer[:8] != b"conectix":
            raise UserError("no footer of a VHD")
        struct.pack_into(">I", footer, _VHD_DATE, max(0, date - _VHD_EPOCH))
        struct.pack_into("16s", footer, _VHD_UUID, identity.bytes)
        struct.pack_into(">I", footer, _VHD_SUM, 0)
        struct.pack_into(">I", footer, _VHD_SUM, ~sum(footer) & 0xFFFF_FFFF)
        image.seek(place)
        image.write(footer)


_FORMATS = {"vmdk": vmdk, "vdi": vdi, "vpc": vpc}


def main(words: list[str]) -> int:
    """FORMAT IMAGE UUID DATE; FORMAT as qemu-img calls it."""
    kind, file, identity, date = words
    try:
        with Path(file).open("r+b") as image:
            _FORMATS[kind](image, uuid.UUID(identity), int(date))
    except (UserError, OSError) as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
