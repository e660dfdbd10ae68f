"""The archive of a running machine: what is left out, what takes its place, and the script that packs it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from typing import IO

from wizard.errors import FAILED, MACHINE, UserError
from wizard.image.left_out import LeftOut, left_out
from wizard.image.survey import Survey, Target, ask

#: A private key or what is as good as one: at the beginning of a line, also indented, or a value in quotes. Programs
#: and manuals that only speak of them go on otherwise.
_KEY = (
    r'(^[[:blank:]]*|")(-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----[[:space:]]*($|\\n)'
    r"|PuTTY-User-Key-File-[0-9]+:|AGE-SECRET-KEY-1)"
)
#: Files above this size are no keys; databases and mail boxes would be read for nothing.
_KEY_FILE = "2048k"
#: Where packages put files, which everybody has; a machine's own files are elsewhere.
_OF_PACKAGES = ("bin", "boot", "lib", "lib32", "lib64", "libx32", "sbin", "usr")
_NEW = "kameleon-new"
#: As recipes/steps/setup/cleaning.yaml gives it to an appliance, and why.
HOST_KEYS = """\
[Service]
TimeoutStartSec=600
ExecStartPre=
ExecStartPre=/usr/bin/find /etc/ssh -name 'ssh_host_*' -type f -empty -delete
ExecStartPre=/bin/sh -c '{ echo 19 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 19 ssh-keygen -A'
ExecStartPre=/usr/sbin/sshd -t
"""
#: What has to be in /dev where no devtmpfs is mounted: name, mode, major, minor, group.
_NODES = (
    ("console", 600, 5, 1, 0), ("null", 666, 1, 3, 0), ("zero", 666, 1, 5, 0), ("full", 666, 1, 7, 0),
    ("random", 666, 1, 8, 0), ("urandom", 666, 1, 9, 0), ("tty", 666, 5, 0, 5), ("tty0", 620, 4, 0, 5),
    ("tty1", 620, 4, 1, 5), ("ttyS0", 660, 4, 64, 20),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """`kadeploy`: by Kadeploy's rules. `static_dev`: with nodes in /dev. `patterns`: what the user wants left out.
    `paths`: what is left out without a word (what is being written), from the root on."""

    kadeploy: bool
    keep_secrets: bool
    static_dev: bool = False
    patterns: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`left`: what is left out, with those of its paths that are there. `script`: what root's sh on the machine runs;
    the archive, not compressed, is its stdout."""

    left: tuple[tuple[str, tuple[str, ...]], ...]
    script: str


def make_plan(machine: Target, known: Survey, asked: Asked) -> Plan:
    """Look for what is left out, and write the script that packs; nothing is changed on the machine."""
    groups = left_out("machine", *["kadeploy"] * asked.kadeploy, *["secret"] * (not asked.keep_secrets))
    if asked.patterns:
        groups.append(LeftOut("what you named", "machine", asked.patterns))
    found: dict[int, list[str]] = {}
    for line in ask(machine, _search(machine.root, known, groups)):
        number, _, path = line.partition(" ")
        found.setdefault(int(number), []).append(path.removeprefix("./"))
    left = [(group.text, tuple(sorted(found.get(number, [])))) for number, group in enumerate(groups)]
    keys: list[str] = []
    if not asked.keep_secrets:
        already = [path for _, paths in left for path in paths]
        looked = [path.removeprefix("./") for path in ask(machine, _search_keys(machine.root, known))]
        keys = sorted(path for path in looked if not any(f"{path}/".startswith(f"{one}/") for one in already))
    left += [("private keys in other files", tuple(keys)), ("swap files", known.swaps)]
    script = _pack(machine.root, known, asked, [path for group in groups for path in group.paths], keys)
    return Plan(tuple((text, paths) for text, paths in left if paths), script)


def _search(root: str, known: Survey, groups: Sequence[LeftOut]) -> str:
    """A script that prints what the groups' patterns find, each as the group's number, a space, the path."""
    emptied = [word for name in known.bare for word in ("-o", "-path", f"./{name}")][1:]
    tests = ["(", *emptied, ")", "-prune"] if emptied else ["-false"]
    for number, group in enumerate(groups):
        some = [word for pattern in group.paths for word in ("-o", "-path", f"./{pattern}")][1:]
        tests += ["-o", "(", *some, ")", "-printf", f"{number} %p\\0", "-prune"]
    return f"cd -- {shlex.quote(root)} || exit 1\n{shlex.join(['find', *known.roots, '-xdev', *tests])}\n"


def _search_keys(root: str, known: Survey) -> str:
    """A script that prints the machine's own files that hold a private key."""
    own = [f"./{name}" for name in (*known.entries, *known.more) if name.partition("/")[0] not in _OF_PACKAGES]
    find = ["find", *own, "./usr/local", "-xdev", "-type", "f", "-size", f"-{_KEY_FILE}", "-size", "+0", "-print0"]
    grep = ["xargs", "-0", "-r", "grep", "-laZE", "--", _KEY]
    return (
        f"cd -- {shlex.quote(root)} || exit 1\n{shlex.join(find)} 2>/dev/null | LC_ALL=C {shlex.join(grep)}\nexit 0\n"
    )


def _pack(root: str, known: Survey, asked: Asked, patterns: Sequence[str], keys: Sequence[str]) -> str:
    new, literal = _substitutes(known, asked)
    literal += [*keys, *known.swaps, *asked.paths]
    words = [
        "tar", "--create", "--sort=name", "--numeric-owner", "--format=posix",
        "--pax-option=delete=atime,delete=ctime", "--xattrs", "--xattrs-include=*",
        "--sparse", "--sparse-version=0.0", "--one-file-system", "--warning=no-file-ignored", "--warning=no-xdev",
        "--anchored", "--no-wildcards", *(f"--exclude={path}" for path in literal),
        "--wildcards", *(f"--exclude={pattern}" for pattern in patterns),
        # r: the names of members, h: the targets of hard links, and not (S) those of symbolic ones.
        f"--transform=flags=rSh;s,^{_NEW}/,,", "--directory", root,
        # Given by name, each is taken with the file system mounted there; and no name begins with ./ so.
        *(f"--add-file={name}" for name in (*known.entries, *(one for one in known.more if "/" in one))),
        "--no-recursion", *(f"--add-file={name}" for name in known.bare),
    ]  # fmt: skip
    lines = [
        "umask 022",
        "new=$(mktemp -d) || exit 1",
        "trap 'rm -rf -- \"$new\"' EXIT",
        "trap 'exit 1' HUP INT TERM",
        f'mkdir "$new/{_NEW}" && cd -- "$new/{_NEW}" || exit 1',
    ]
    names = []
    for path, make in new.items():
        folder = path.rpartition("/")[0]
        lines += [f"mkdir -p -- {shlex.quote(folder)} || exit 1"] if folder else []
        lines.append(f"{make} || exit 1")
        names.append(f"--add-file={_NEW}/{path}")
    tail = f' --directory "$new" {shlex.join(names)}' if names else ""
    return "\n".join([*lines, f"{shlex.join(words)}{tail} </dev/null", ""])


def _substitutes(known: Survey, asked: Asked) -> tuple[dict[str, str], list[str]]:
    """What stands in the archive in the place of what the machine has: path and the command that makes it; and what is
    left out for it."""
    new: dict[str, str] = {}
    replaced: list[str] = []
    if not asked.keep_secrets:
        # Empty, systemd fills it at the first start; without it, it would take that for the very first.
        new["etc/machine-id"] = ": >etc/machine-id && chmod 444 etc/machine-id"
        if known.debian_ssh:
            file = "etc/systemd/system/ssh.service.d/make-host-keys.conf"
            new[file] = f"printf %s {shlex.quote(HOST_KEYS)} >{file}"
            replaced.append(file)
    if asked.kadeploy:
        for name, leads_to in (("vmlinuz", known.kernel), (known.initrd_name, known.initrd)):
            new[name] = shlex.join(["ln", "-s", "--", leads_to, name])
            replaced.append(name)
    if asked.static_dev:
        for name, mode, major, minor, group in _NODES:
            node = f"dev/{name}"
            new[node] = f"mknod -m {mode} {node} c {major} {minor} && chown 0:{group} {node}"
    return new, replaced


def run(
    machine: Target, plan: Plan, compressor: Sequence[str], output: Path, tick: Callable[[int], None]
) -> tuple[str, ...]:
    """Packs the machine to the file `output`; what tar said of files that changed while it read them.

    `tick` is called about twice a second, and at the end, with the bytes written so far; what it raises ends the
    packing. UserError when something failed; then the file is not whole.
    """
    started: list[Popen[bytes]] = []
    with output.open("wb") as file, ThreadPoolExecutor(3) as threads:
        try:
            started.append(packer := Popen(machine.shell, stdin=PIPE, stdout=PIPE, stderr=PIPE))
            # It ends with this process, also when that is killed; the packer then has nobody to write to, and ends.
            dying = ["setpriv", "--pdeathsig", "KILL", *compressor]
            started.append(squeezer := Popen(dying, stdin=packer.stdout, stdout=file, stderr=PIPE))
            assert packer.stdin is not None
            assert packer.stdout is not None
            packer.stdout.close()  # the compressor has it: when that ends, tar is told
            said, complained = threads.submit(_said, packer), threads.submit(_said, squeezer)
            threads.submit(_give, packer.stdin, plan.script.encode("utf-8", "surrogateescape"))
            while (squeezed := _status(squeezer)) is None or (packed := _status(packer)) is None:
                tick(output.stat().st_size)
            tick(output.stat().st_size)
        except BaseException:
            # The threads end with the processes. The packer's shell removes what it made when tar has
            # nobody to write to any more, so it is not killed.
            for process in reversed(started):
                process.terminate()
                process.wait()
            raise
        lines, complaints = said.result(), complained.result()
    if squeezed:
        raise UserError(f"{output.name}: {complaints[-1] if complaints else compressor[0]}", status=MACHINE)
    if packed > 1 or packed < 0:  # 1: files changed while they were read, as they do on a running machine
        raise UserError(f"packing failed: {lines[-1] if lines else f'status {packed}'}", status=FAILED)
    return tuple(lines)


def _status(process: Popen[bytes]) -> int | None:
    """The status of a process that ended within half a second, or None."""
    try:
        return process.wait(0.5)
    except TimeoutExpired:
        return None


def _give(stream: IO[bytes], script: bytes) -> None:
    with suppress(BrokenPipeError), stream:
        stream.write(script)


def _said(process: Popen[bytes]) -> list[str]:
    assert process.stderr is not None
    with process.stderr as stream:
        return [line for line in stream.read().decode("utf-8", "replace").splitlines() if line.strip()]
