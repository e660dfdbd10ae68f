"""Starting an image in QEMU: what it is, how fast this machine can run it, the command line, and the process.

Only the standard library, and nothing of a front end: the guest's serial line is this process's stdin and stdout.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import tempfile
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from wizard.errors import MACHINE, UserError
from wizard.host.tools import require, search_path, which

QEMU = "qemu-system-x86_64"
#: Firmware for UEFI, the newest name first (Debian 13 has only that one).
_OVMF = ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd")
#: The same for Secure Boot, and its variables with the keys that machines in shops have.
_SECURE = ("/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd")
#: QEMU with KVM answers within 0.2 s; there are machines where opening /dev/kvm never returns.
_KVM_LIMIT = 4.0
KVM = ("-accel", "kvm", "-cpu", "host")
#: Without la57=off, Linux 6.12 stays silent in QEMU 7.2; svm=off spares the guest a KVM of its own; thread=multi gives
#: each processor a thread of this machine. A guest that believes in fast `rep stosb` clears memory byte by byte, which
#: emulated is its slowest way: without erms the live ISO is at its prompt after 68 s instead of 105 s.
EMULATION = ("-accel", "tcg,thread=multi", "-cpu", "max,la57=off,svm=off,erms=off,fsrm=off")
_KERNEL, _INITRD, _MENU = "/live/vmlinuz", "/live/initrd.img", "/boot/grub/grub.cfg"


@dataclass(frozen=True, slots=True)
class Machine:
    """What to start and with what. `memory` in MiB; `ssh` is a TCP port of this machine, 0 for none; `secure`: Secure
    Boot, with UEFI; `tftp`: a directory whose `bootfile` the network card starts, in place of an image."""

    image: Path
    uefi: bool = False
    memory: int = 2048
    cpus: int = 2
    ssh: int = 0
    secure: bool = False
    tftp: str = ""
    bootfile: str = ""


@dataclass(frozen=True, slots=True)
class Direct:
    """A kernel started without a boot loader: names QEMU can open, and the kernel's command line."""

    kernel: str
    initrd: str
    append: str


def command(machine: Machine, kind: str, accelerator: Sequence[str], direct: Direct | None = None) -> list[str]:
    """The command line of QEMU. The image is not written to: what the guest writes is forgotten when it ends."""
    file = str(machine.image).replace(",", ",,")  # QEMU's way to have a comma in a value
    words = [QEMU, "-name", "kameleon-tui", *accelerator, "-smp", str(machine.cpus), "-m", str(machine.memory)]
    words += ["-display", "none", "-serial", "mon:stdio", "-device", "virtio-rng-pci"]
    network = "user,model=virtio-net-pci"
    if machine.tftp:
        network += f",tftp={machine.tftp.replace(',', ',,')},bootfile={machine.bootfile}"
    words += ["-nic", f"{network},hostfwd=tcp:127.0.0.1:{machine.ssh}-:22" if machine.ssh else network]
    if machine.secure:
        # Only the firmware may change its variables, and not even it those in the file.
        code, variables = (_firmware((name,)) for name in _SECURE)
        words += ["-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"]
        words += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"]
        words += ["-drive", f"if=pflash,unit=1,format=raw,snapshot=on,file={variables}"]
    elif machine.uefi:
        words += ["-drive", f"if=pflash,format=raw,readonly=on,file={_firmware(_OVMF)}"]
    if kind == "iso":
        # A CD drive as BIOS, UEFI and Linux know it, without the slow controller of 1995.
        words += ["-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=cd", "-boot", "d"]
        words += ["-drive", f"if=none,id=cd,file={file},format=raw,media=cdrom,readonly=on"]
    elif machine.tftp:
        words += ["-boot", "n"]
    else:
        words += ["-drive", f"file={file},format={kind},if=virtio,snapshot=on"]
    if direct is not None:
        words += ["-kernel", direct.kernel, "-initrd", direct.initrd, "-append", direct.append]
    return words


def _firmware(names: Sequence[str]) -> str:
    for name in names:
        if os.path.exists(name):
            return name
    raise UserError(
        "starting with UEFI needs its firmware: not on this machine",
        status=MACHINE,
        hint="as root: apt-get install ovmf",
    )


def kvm_works(limit: float = _KVM_LIMIT) -> bool:
    """Whether QEMU starts with KVM here; tried in a process of its own, which is left alone when it cannot be ended."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    words = [QEMU, *KVM, "-nodefaults", "-display", "none", "-S", "-monitor", "stdio"]
    trial = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=_environment(),
    )
    assert trial.stdin is not None
    try:
        with suppress(BrokenPipeError):
            trial.stdin.write(b"quit\n")
            trial.stdin.close()
        return trial.wait(limit) == 0
    except subprocess.TimeoutExpired:
        trial.kill()
        with suppress(subprocess.TimeoutExpired):
            trial.wait(0.5)  # no longer: a process stuck in the kernel ends when the kernel lets it
        return False


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": search_path()}


@contextmanager
def direct_boot(image: Path, append: str) -> Iterator[tuple[Direct, list[int]]]:
    """The kernel and initramfs of an ISO, with its boot menu's first command line and `append` after it; and the
    descriptors QEMU is to inherit.

    The files are taken out of the ISO and deleted at once; they live in the descriptors, so that nothing stays however
    the program ends. UserError when it is no ISO of ours.
    """
    require(["xorriso"], "taking the kernel out of an ISO")
    streams: list[BinaryIO] = []
    try:
        with tempfile.TemporaryDirectory(prefix="kameleon-boot-") as directory:
            places = [Path(directory, Path(name).name) for name in (_KERNEL, _INITRD, _MENU)]
            _extract(image, dict(zip((_KERNEL, _INITRD, _MENU), places, strict=True)))
            line = re.search(rf"^\s*linux\s+{_KERNEL}(.*)$", places[2].read_text(errors="replace"), re.M)
            for place in places[:2]:
                streams.append(place.open("rb"))
        words = " ".join([*(line.group(1).split() if line else ["boot=live"]), append.strip()])
        kernel, initrd = (f"/proc/self/fd/{stream.fileno()}" for stream in streams)
        yield Direct(kernel, initrd, words), [stream.fileno() for stream in streams]
    finally:
        for stream in streams:
            stream.close()


def _extract(image: Path, places: dict[str, Path]) -> None:
    words = [which("xorriso"), "-osirrox", "on", "-indev", f"stdio:{image.absolute()}"]
    for name, place in places.items():
        words += ["-extract", name, str(place)]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True)
    missing = [name for name, place in places.items() if not place.exists()]
    if missing:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UserError(
            f"{image}: {', '.join(missing)} could not be taken out of it: {said[-1] if said else done.returncode}",
            hint="without --append the ISO starts by its own boot menu",
        )


def check_port(port: int) -> None:
    """UserError (status 3) when nobody can listen on that TCP port of this machine's loopback."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(
                f"port {port} of this machine cannot be used: {error.strerror}",
                status=MACHINE,
                hint="--ssh takes another number, such as 2222",
            ) from error


def run(words: Sequence[str], inherited: Sequence[int] = ()) -> int:
    """Run QEMU on this process's stdin and stdout until it ends; its exit status, or 128 + a signal that ended it.

    SIGINT, SIGTERM and SIGHUP end QEMU, and so does the end of this process however it comes. The terminal is as it was
    afterwards. Call it in the main thread: signals are taken over, and QEMU ends with the thread that starts it.
    """
    caught: list[int] = []
    started: list[subprocess.Popen[bytes]] = []

    def end(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        for process in started:
            process.terminate()

    # QEMU makes the terminal raw, and puts it back only when it can.
    modes = termios.tcgetattr(0) if os.isatty(0) else None
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *words], pass_fds=tuple(inherited), env=_environment()
    )
    started.append(process)
    if caught:  # before there was anything to end
        process.terminate()
    try:
        status = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)
        if modes is not None:
            with suppress(termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, modes)
    if caught:
        return 128 + caught[0]
    return 128 - status if status < 0 else status


def shown(words: Sequence[str]) -> str:
    """The command line as one can type it."""
    return shlex.join(words)
