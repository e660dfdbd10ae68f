"""`kameleon-tui image`: what an image is, how it is started, and whether it is whole."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.errors import DONE, FAILED

if TYPE_CHECKING:
    from wizard.image.look import Image

NAME = "image"
HELP = "what an image is, how it is started, and whether it is whole"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="word", required=True, metavar="info", title="what to do")
    info = words.add_parser("info", help="look into files, and at their checksums", allow_abbrev=False)
    info.add_argument("files", nargs="+", type=Path, metavar="FILE", help="of any output type, or of another tool")
    info.add_argument("--json", action="store_true", help="a JSON list instead of the lines")


def run(arguments: argparse.Namespace) -> int:
    """1 when a file is damaged or not what SHA256SUMS beside it says."""
    from wizard.image.inside import SUMS, checksum, inside
    from wizard.image.look import look
    from wizard.units import size

    status, told = DONE, []
    images = [look(path) for path in arguments.files]  # all can be read, or nothing is told
    for image in map(inside, images):
        right = checksum(image.path)
        if right is False or any(word == "damaged" for word, _ in image.facts):
            status = FAILED
        told.append(
            {
                "file": str(image.path),
                "kind": image.kind,
                "is": image.title,
                "size": image.path.stat().st_size,
                "facts": [list(fact) for fact in image.facts],
                "start": start(image),
                "checksum": {None: "none", True: "right", False: "wrong"}[right],
            }
        )
        if not arguments.json:
            stat = image.path.stat()
            held = f", {size(stat.st_blocks * 512)} of them on the disk" if stat.st_blocks * 512 < stat.st_size else ""
            lines = [("is", image.title), ("size", f"{size(stat.st_size)}{held}"), *image.facts]
            if how := start(image):
                lines.append(("use", how))
            verdict = {
                None: f"none: no {SUMS} beside it names it",
                True: "right",
                False: f"WRONG: not what {SUMS} beside it says",
            }
            lines.append(("checksum", verdict[right]))
            print("".join(c if c.isprintable() else "?" for c in str(image.path)))
            for word, text in lines:
                print(f"  {word:<11} {text}")
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    return status


def start(image: Image) -> str:
    """How it is started, loaded or unpacked, as one command; "" when nobody knows."""
    from wizard.image.look import DISKS

    facts, file = dict(image.facts), shlex.quote(str(image.path))
    boot = f"kameleon-tui boot {file}"
    if image.kind == "iso" or image.kind in DISKS or image.kind in ("uml", "ipxe"):
        return boot
    if image.kind == "ext":
        script = image.path.with_suffix("")
        return f"kameleon-tui boot {shlex.quote(str(script))}" if image.path.name.endswith(".uml.img") else ""
    if image.kind == "tar":
        return {
            "lxc": f"as root: {boot}",
            "oci": f"podman load -i {file}",
            "ova": "import it in VirtualBox, VMware or Proxmox",
            "tree": f"as root: tar -C DIRECTORY --xattrs --xattrs-include='*' --numeric-owner -xf {file}",
        }.get(facts.get("archive", ""), "")
    if image.kind == "squashfs":
        script = image.path.with_suffix(".ipxe")
        return f"iPXE: chain {shlex.quote(script.name)}" if script.exists() else ""
    return ""
