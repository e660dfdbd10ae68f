"""`kameleon-tui boot`: an image that was built, started on this terminal: in QEMU, User Mode Linux, or a container."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from wizard.errors import FAILED, UserError

NAME = "boot"
HELP = "start an image on this terminal: in QEMU, User Mode Linux or LXC"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "image",
        metavar="IMAGE",
        type=Path,
        help="an ISO, a disk image, RECIPE.ipxe, RECIPE.uml, or RECIPE.lxc.tar.zst; it is not written to",
    )
    add("--uefi", action="store_true", help="start with UEFI (default: BIOS)")
    add(
        "--secure-boot", action="store_true", help="start with UEFI and Secure Boot, with the keys of machines in shops"
    )
    add("--append", metavar="WORDS",
        help="words for the kernel's command line, after its own (ISO, without its menu, and network)")  # fmt: skip
    add("--memory", metavar="MB", type=_at_least(256), default=2048, help="memory in megabytes (default: 2048)")
    add("--cpus", metavar="N", type=_at_least(1), default=2, help="processors (default: 2)")
    add("--ssh", metavar="PORT", type=_port, default=0,
        help="make the guest's SSH server reachable on this port of 127.0.0.1")  # fmt: skip
    add("--qemu", metavar="WORDS", type=_words, default=[],
        help="more words for QEMU, as a shell reads them, such as '-nic socket,listen=:9000'")  # fmt: skip
    add("--run", dest="program", metavar="WORDS", type=_words, default=[],
        help="in uml and lxc: run that, and end with its status (default: a shell)")  # fmt: skip
    add("--dry-run", action="store_true", help="print QEMU's command line, start nothing")
    parser.epilog = (
        "Ctrl-A X ends it, Ctrl-A C goes to QEMU's monitor and back, Ctrl-A Ctrl-A types a Ctrl-A; "
        "Ctrl-C goes to the guest."
    )


def run(arguments: argparse.Namespace) -> int:
    """QEMU's exit status, 1 for any failure of its own, or that of the program that runs in it (uml, lxc); 128 + the
    number of a signal that ended it."""
    from wizard.host import qemu
    from wizard.host.tools import require

    image: Path = arguments.image
    if not image.is_file():
        raise UserError(f"{image}: there is no such file", hint="kameleon-tui build says at its end where an image is")
    kind = _kind(image)
    if kind in ("uml", "lxc"):
        return _run_in(kind, image, arguments)
    if arguments.program:
        raise UserError(f"{image}: --run is for uml and lxc: QEMU starts a whole system", hint="log in there")
    require([qemu.QEMU, "setpriv"], "starting an image")
    if arguments.append is not None and kind not in ("iso", "ipxe"):
        raise UserError(
            f"{image}: --append is for ISOs and the network: a disk image's own boot loader knows its kernel",
            hint="its boot menu takes changes: press e there",
        )
    if kind == "ipxe" and (arguments.uefi or arguments.secure_boot):
        option = "--uefi" if arguments.uefi else "--secure-boot"
        raise UserError(f"{image}: {option} is for media: QEMU's own iPXE is for machines with BIOS")
    if arguments.append is not None and arguments.secure_boot:
        raise UserError(
            "--append starts a kernel without the ISO's boot loader, and Secure Boot none without",
            hint="the boot menu takes changes: press e there",
        )
    if kind == "ipxe" and arguments.dry_run:
        raise UserError(f"{image}: --dry-run is for media: what serves the files ends with this command")
    machine = qemu.Machine(
        image, arguments.uefi, arguments.memory, arguments.cpus, arguments.ssh, arguments.secure_boot
    )
    if machine.ssh:
        qemu.check_port(machine.ssh)
    kvm = qemu.kvm_works()
    accelerator = qemu.KVM if kvm else qemu.EMULATION
    if kind == "ipxe":
        from wizard.host import netboot

        with netboot.served(image, arguments.append or "") as directory:
            machine = replace(machine, tftp=str(directory), bootfile=netboot.START)
            return _start(arguments, [*qemu.command(machine, kind, accelerator), *arguments.qemu], kvm)
    if arguments.append is None:
        return _start(arguments, [*qemu.command(machine, kind, accelerator), *arguments.qemu], kvm)
    with qemu.direct_boot(image, arguments.append) as (direct, inherited):
        words = qemu.command(machine, kind, accelerator, direct)
        return _start(arguments, [*words, *arguments.qemu], kvm, inherited)


def _kind(image: Path) -> str:
    """iso, ipxe, uml, lxc, or QEMU's name of a disk's format. UserError for what is not started."""
    from wizard.image.inside import inside
    from wizard.image.look import DISKS, look

    found = look(image)
    if found.kind == "iso" or found.kind in DISKS or found.kind in ("uml", "ipxe"):
        return found.kind
    if found.kind == "unknown":  # a partition table is not what makes a disk
        return "raw"
    if found.kind in ("tar", "gzip", "xz", "zstd"):
        found = inside(found)
        if ("archive", "lxc") in found.facts:
            return "lxc"
    raise UserError(
        f"{image}: {found.title}: nothing that is started by itself",
        hint=f"kameleon-tui image info {image} tells its use",
    )


def _run_in(kind: str, image: Path, arguments: argparse.Namespace) -> int:
    from wizard.host import container, qemu

    options = ("append", "uefi", "secure_boot", "ssh", "qemu", *(["dry_run"] if kind == "lxc" else []))
    given = [name.replace("_", "-") for name in options if getattr(arguments, name)]
    if given:
        raise UserError(f"{image}: --{given[0]} is for QEMU, and this is {kind}")
    if arguments.dry_run:
        print(qemu.shown(container.uml_words(image, arguments.program, arguments.memory)))
        return 0
    if kind == "uml":
        return container.run_uml(image, arguments.program, arguments.memory)
    return container.run_lxc(image, arguments.program)


def _start(arguments: argparse.Namespace, words: list[str], kvm: bool, inherited: list[int] | None = None) -> int:
    from wizard.host import qemu

    if arguments.dry_run:
        print(qemu.shown(words))
        return 0
    if not arguments.quiet:
        how = "with KVM" if kvm else "emulated, for KVM does not work here: a boot takes minutes"
        print(f"kameleon-tui: QEMU {how}; Ctrl-A X ends it", file=sys.stderr)
        if arguments.ssh:
            print(f"kameleon-tui: ssh -p {arguments.ssh} kameleon@127.0.0.1", file=sys.stderr, flush=True)
    status = qemu.run(words, inherited or ())
    return status if status == 0 or status > 128 else FAILED


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if text.isascii() and text.isdigit() and int(text) >= least:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text}: a whole number from {least} on was expected")

    return number


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {str(error).lower()}") from error


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text}: a port is a number from 1 to 65535, such as 2222")
