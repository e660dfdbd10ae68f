"""`kameleon-tui boot`: an image that was built, started in QEMU on this terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from wizard.errors import FAILED, UserError

NAME = "boot"
HELP = "start an image in QEMU, its console on this terminal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("image", metavar="IMAGE", type=Path, help="an ISO, or a disk image; it is not written to")
    add("--uefi", action="store_true", help="start with UEFI (default: BIOS)")
    add("--append", metavar="WORDS",
        help="words for the kernel's command line, after the boot menu's (ISO only; shows no menu)")  # fmt: skip
    add("--memory", metavar="MB", type=_at_least(256), default=2048, help="memory in megabytes (default: 2048)")
    add("--cpus", metavar="N", type=_at_least(1), default=2, help="processors (default: 2)")
    add("--ssh", metavar="PORT", type=_port, default=0,
        help="make the guest's SSH server reachable on this port of 127.0.0.1")  # fmt: skip
    add("--dry-run", action="store_true", help="print QEMU's command line, start nothing")
    parser.epilog = (
        "Ctrl-A X ends it, Ctrl-A C goes to QEMU's monitor and back, Ctrl-A Ctrl-A types a Ctrl-A; "
        "Ctrl-C goes to the guest."
    )


def run(arguments: argparse.Namespace) -> int:
    """QEMU's exit status, 1 for any failure of its own; 128 + the number of a signal that ended it."""
    from wizard.host import qemu
    from wizard.host.tools import require

    image: Path = arguments.image
    if not image.is_file():
        raise UserError(f"{image}: there is no such file", hint="kameleon-tui build says at its end where an image is")
    require([qemu.QEMU, "setpriv"], "starting an image")
    kind = qemu.kind_of(image)
    if arguments.append is not None and kind != "iso":
        raise UserError(
            f"{image}: --append is for ISOs: a disk image's own boot loader knows its kernel",
            hint="its boot menu takes changes: press e there",
        )
    machine = qemu.Machine(image, arguments.uefi, arguments.memory, arguments.cpus, arguments.ssh)
    if machine.ssh:
        qemu.check_port(machine.ssh)
    kvm = qemu.kvm_works()
    accelerator = qemu.KVM if kvm else qemu.EMULATION
    if arguments.append is None:
        return _start(arguments, qemu.command(machine, kind, accelerator), kvm)
    with qemu.direct_boot(image, arguments.append) as (direct, inherited):
        return _start(arguments, qemu.command(machine, kind, accelerator, direct), kvm, inherited)


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


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text}: a port is a number from 1 to 65535, such as 2222")
