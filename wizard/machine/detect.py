"""The machine as the kernel shows it: sysfs and /proc, of this machine, under another root, or sent by another one.

Memory is read from /proc/meminfo as everything else is: psutil would read the same line, but only of this machine,
and its import alone takes as long as all of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wizard.machine import devices
from wizard.machine.files import Files, Tree
from wizard.machine.model import OFFLINE, RESTRICTED, Core, LeftOut, Machine, NumaNode, Package
from wizard.machine.numbers import parse_list

_CPU = "sys/devices/system/cpu"
_NODE = "sys/devices/system/node"


def detect(root: Path = Path("/")) -> Machine:
    """What the tree under `root` tells of its machine (`machine_of`)."""
    return machine_of(Tree(root))


def machine_of(files: Files) -> Machine:
    """What these files tell of their machine.

    Processors that are offline, and those the process that read them (proc/self) may not run on, are left out and
    listed. ValueError when they show no processor that may be used, or something else than the kernel writes.
    """
    present = _list(files, f"{_CPU}/present")
    online = _list(files, f"{_CPU}/online")
    if online is None:
        raise ValueError(f"{_path(files, f'{_CPU}/online')}: cannot be read; is /sys mounted?")
    allowed = _allowed(files)
    left_out = [LeftOut(number, OFFLINE) for number in sorted(set(present or ()) - set(online))]
    if allowed is not None:
        left_out += [LeftOut(number, RESTRICTED) for number in sorted(set(online) - set(allowed))]
    usable = sorted(set(online) if allowed is None else set(online) & set(allowed))
    if not usable:
        raise ValueError(f"{files.where}: no processor that is online is allowed to this process")
    return Machine(
        hostname=_hostname(files),
        memory_kb=_kilobytes(files, "proc/meminfo"),
        packages=_packages(files, usable),
        nodes=tuple(_nodes(files)),
        left_out=tuple(left_out),
        gpus=devices.gpus(files),
        disks=devices.disks(files),
        interfaces=devices.interfaces(files),
    )


def _hostname(files: Files) -> str:
    name = _text(files, "proc/sys/kernel/hostname")
    return name if name not in ("", "(none)") else _text(files, "etc/hostname")  # (none): nobody set it yet


def _packages(files: Files, usable: list[int]) -> tuple[Package, ...]:
    # A core is what the kernel calls siblings. Core numbers alone do not tell cores apart: they come again in the
    # next package, on ARM in the next cluster of the same one, and on some in the next die.
    cores: dict[tuple[int, tuple[int, ...]], tuple[int, int, list[int]]] = {}
    for number in usable:
        topology = f"{_CPU}/cpu{number}/topology"
        package = max(_number(files, f"{topology}/physical_package_id"), 0)  # -1: there are no package ids (ARM)
        siblings = _list(files, f"{topology}/thread_siblings_list") or (number,)
        # Without a core number the first sibling's is as good; without a die there is one.
        core = _number(files, f"{topology}/core_id")
        die = max(_number(files, f"{topology}/die_id"), 0)
        cores.setdefault((package, siblings), (siblings[0] if core < 0 else core, die, []))[2].append(number)
    kinds = _kinds(files, usable)
    packages: dict[int, list[Core]] = {}
    for (package, _), (core, die, threads) in cores.items():
        packages.setdefault(package, []).append(Core(core, die, tuple(threads), kinds.get(threads[0], "")))
    return tuple(
        Package(package, tuple(sorted(packages[package], key=lambda core: (core.die, core.core, core.threads))))
        for package in sorted(packages)
    )


def _kinds(files: Files, usable: list[int]) -> dict[int, str]:
    """Processor → its kind, where there are several: ARM's capacity, the highest being 1024, or Intel's core and atom
    (the names of their performance counters). {} where all are alike."""
    kinds = {
        number: word
        for word in ("core", "atom")
        for number in _list(files, f"sys/devices/cpu_{word}/cpus") or ()
        if number in usable
    } or {number: text for number in usable if (text := _text(files, f"{_CPU}/cpu{number}/cpu_capacity"))}
    return kinds if len(set(kinds.values())) > 1 else {}


def _nodes(files: Files) -> Iterator[NumaNode]:
    for number in _list(files, f"{_NODE}/online") or ():
        threads = _list(files, f"{_NODE}/node{number}/cpulist")
        if threads:  # a node of memory only has no processor to bind to
            yield NumaNode(number, threads, _kilobytes(files, f"{_NODE}/node{number}/meminfo"))


def _path(files: Files, path: str) -> str:
    return f"{files.where.rstrip('/')}/{path}"


def _text(files: Files, path: str) -> str:
    """The file's text without white space around it, "" when it cannot be read."""
    return (files.text(path) or "").strip()


def _list(files: Files, path: str) -> tuple[int, ...] | None:
    """The numbers in such a file; None when it cannot be read. ValueError naming it when it holds something else."""
    text = files.text(path)
    if text is None:
        return None
    try:
        return parse_list(text)
    except ValueError as error:
        raise ValueError(f"{_path(files, path)}: {error}") from error


def _number(files: Files, path: str) -> int:
    """The number in such a file, -1 when there is none."""
    text = _text(files, path)
    return int(text) if text.isascii() and text.isdigit() else -1


def _allowed(files: Files) -> tuple[int, ...] | None:
    """The processors a process may run on, from its /proc/PID/status: taskset's choice within its cgroup's cpuset."""
    for line in _text(files, "proc/self/status").splitlines():
        name, _, value = line.partition(":")
        if name == "Cpus_allowed_list":
            try:
                return parse_list(value)
            except ValueError as error:
                raise ValueError(f"{_path(files, 'proc/self/status')}: {error}") from error
    return None


def _kilobytes(files: Files, path: str) -> int:
    """MemTotal of a meminfo file ("Node 0 MemTotal: 5 kB" as well), 0 when it does not tell."""
    for line in _text(files, path).splitlines():
        before, found, after = line.partition("MemTotal:")
        words = after.split()
        if found and words and words[0].isascii() and words[0].isdigit() and before.split()[:1] in ([], ["Node"]):
            return int(words[0])
    return 0
