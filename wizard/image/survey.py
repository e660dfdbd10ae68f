"""A machine that is to be captured: how its shell is reached, and what is known of it."""

from __future__ import annotations

import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from wizard.errors import FAILED, MACHINE, UserError

#: Root's shell; an ordinary user may have sudo without a password. It is passed to whatever shell the account has.
_REMOTE = "exec sh -c 'if [ \"$(id -u)\" = 0 ]; then exec sh -s; else exec sudo -n sh -s; fi'"
_HOST = re.compile(r"(?:ssh://)?(?:[\w.+-]+@)?[\w.\[][\w.:%\[\]-]*", re.ASCII)
#: A file system here belongs to the system, wherever it is mounted; others (/home, /data) are its users'.
_SYSTEM = ("boot", "efi", "etc", "lib", "opt", "srv", "usr", "var")
_ON_DISKS = ("btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "vfat", "xfs", "zfs")
#: Emptied at each start, or made by the kernel.
_NOT_KEPT = ("dev", "proc", "run", "sys", "tmp")


@dataclass(frozen=True, slots=True)
class Target:
    """`shell`: the command of a root's sh on the machine, which reads its script on stdin; `root`: the directory there;
    `here`: whether it is this machine."""

    shell: tuple[str, ...]
    root: str
    here: bool


@contextmanager
def target(where: str, ssh: str) -> Iterator[Target]:
    """The machine that `where` names: a directory of this one, or a host reached by the command `ssh`.

    One connection serves all scripts, so a password is asked for once. UserError for a name that is none.
    """
    if where.startswith("/"):
        if not Path(where).is_dir():
            raise UserError(f"{where}: there is no such directory")
        yield Target(("sh", "-s"), where, True)
        return
    if not _HOST.fullmatch(where):
        raise UserError(f"{where}: / or the name of a host was expected", hint="kameleon-tui capture root@node-1")
    with tempfile.TemporaryDirectory(prefix="kameleon-") as directory:
        try:
            words = [*shlex.split(ssh), "-o", f"ControlPath={directory}/%C"]
        except ValueError as error:
            raise UserError(f"--ssh: the command {ssh} cannot be split into words: {error}") from error
        try:
            yield Target((*words, "-o", "ControlMaster=auto", "-o", "ControlPersist=60", where, _REMOTE), "/", False)
        finally:
            with suppress(OSError):
                subprocess.run([*words, "-O", "exit", where], capture_output=True, check=False)


def ask(machine: Target, script: str) -> list[str]:
    """The fields, ended by NULs, that a script printed on the machine; UserError with its last words when it failed.
    Bytes that are no UTF-8 are kept (surrogateescape)."""
    try:
        done = subprocess.run(
            machine.shell, input=script.encode("utf-8", "surrogateescape"), capture_output=True, check=False
        )
    except OSError as error:
        raise UserError(f"{machine.shell[0]}: {error.strerror}", status=MACHINE) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"status {done.returncode}"]
        raise UserError(
            f"capturing {machine.shell[-2] if not machine.here else machine.root}: {said[-1]}", status=FAILED
        )
    return done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a machine. Paths are from its root on, without a slash before them.

    `entries`: what is in the root directory; `bare`: those of which only the directory is taken. `more`: other file
    systems that are taken, too; `others`: those that are not, with their types. `kernel`, `initrd`: the newest pair in
    /boot, "" without one. `used`: bytes of the root file system, 0 when not known. `accounts`: who has a password."""

    name: str
    system: str
    architecture: str
    filesystem: str
    used: int
    grub: bool
    debian_ssh: bool
    accounts: tuple[str, ...]
    entries: tuple[str, ...]
    bare: tuple[str, ...]
    more: tuple[str, ...]
    others: dict[str, str] = field(default_factory=dict)
    swaps: tuple[str, ...] = ()
    kernel: str = ""
    initrd: str = ""

    @property
    def roots(self) -> tuple[str, ...]:
        """Where find begins, to see what tar sees."""
        return (".", *(f"./{one}" for one in self.more))

    @property
    def initrd_name(self) -> str:
        """What the link to the initramfs is called in the root directory."""
        return "initramfs.img" if self.initrd.startswith("boot/initramfs-") else "initrd.img"


def survey(machine: Target) -> Survey:
    """Look at the machine; UserError when it cannot be captured."""
    script = Path(__file__).with_name("survey.sh").read_text()
    fields = ask(machine, f"set -- {shlex.quote(machine.root)}\n{script}")
    if fields[:1] != ["begin="] or fields[-1] != "end=":
        printed = repr(fields[0].removesuffix("begin=")) if fields else "nothing"
        raise UserError(
            f"capturing {machine.shell[-2]}: its shell printed {printed} where only our script should",
            status=FAILED,
            hint="a file such as .bashrc there must print nothing when there is no terminal",
        )
    return read_survey(fields, machine.root)


def read_survey(fields: list[str], root: str) -> Survey:
    """The survey of what survey.sh printed about the directory `root`."""
    found: dict[str, list[str]] = {}
    for text in fields:
        key, _, value = text.partition("=")
        found.setdefault(key, []).append(value)
    one = {key: values[0].strip() for key, values in found.items()}
    prefix = root.rstrip("/") + "/"

    more, others = [], {}
    for line in found.get("mount", []):
        kind, _, point = line.partition(" ")
        if point.startswith(prefix):
            path = point.removeprefix(prefix)
            top = path.partition("/")[0]
            if kind in _ON_DISKS and top.startswith(_SYSTEM):
                more.append(path)
            elif top not in _NOT_KEPT:
                others[path] = kind
    entries, bare = [], []
    for line in found.get("entry", []):
        kind, _, name = line.partition(" ")
        if kind == "d" and (name in _NOT_KEPT or name in others):
            bare.append(name)
        elif name != "lost+found":
            entries.append(name)
    kernel, initrd = _kernel(found.get("boot", []))
    return Survey(
        name=one.get("name", ""),
        system=one.get("system", ""),
        architecture=one.get("architecture", ""),
        filesystem=one.get("filesystem", ""),
        used=int(one["used"]) * 1024 if one.get("used", "").isdigit() else 0,
        grub="grub" in one,
        debian_ssh="debian_ssh" in one,
        accounts=tuple(found.get("password", [])),
        entries=tuple(sorted(entries)),
        bare=tuple(sorted(bare)),
        more=tuple(sorted(dict.fromkeys(more))),
        others=others,
        swaps=tuple(path.removeprefix(prefix) for path in found.get("swap", []) if path.startswith(prefix)),
        kernel=kernel,
        initrd=initrd,
    )


def _kernel(files: list[str]) -> tuple[str, str]:
    """The newest kernel of /boot that has an initramfs, and that."""
    releases = sorted((file.removeprefix("vmlinuz-") for file in files if file.startswith("vmlinuz-")), key=_numbers)
    for release in reversed(releases):
        for initrd in (f"initrd.img-{release}", f"initramfs-{release}.img"):
            if initrd in files:
                return f"boot/vmlinuz-{release}", f"boot/{initrd}"
    return "", ""


def _numbers(release: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", release)]
