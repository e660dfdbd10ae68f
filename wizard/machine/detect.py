"""The machine as the kernel shows it: sysfs and /proc, of this machine or recorded under another root.

Memory is read from /proc/meminfo as everything else is: psutil would read the same line, but only of this machine,
and its import alone takes as long as all of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wizard.machine.model import OFFLINE, RESTRICTED, Core, LeftOut, Machine, NumaNode, Package
from wizard.machine.numbers import parse_list


def detect(root: Path = Path("/")) -> Machine:
    """What the tree under `root` tells of its machine.

    Processors that are offline, and those this process (`root`/proc/self) may not run on, are left out and listed.
    ValueError when it shows no processor that may be used, or something else than the kernel writes.
    """
    system = root / "sys/devices/system"
    present = _list(system / "cpu/present")
    online = _list(system / "cpu/online")
    if online is None:
        raise ValueError(f"{system / 'cpu/online'}: cannot be read; is /sys mounted?")
    allowed = _allowed(root / "proc/self/status")
    left_out = [LeftOut(number, OFFLINE) for number in sorted(set(present or ()) - set(online))]
    if allowed is not None:
        left_out += [LeftOut(number, RESTRICTED) for number in sorted(set(online) - set(allowed))]
    usable = [number for number in online if allowed is None or number in allowed]
    if not usable:
        raise ValueError(f"{root}: no processor that is online is allowed to this process")
    return Machine(
        hostname=_hostname(root),
        memory_kb=_kilobytes(root / "proc/meminfo"),
        packages=_packages(system / "cpu", usable),
        nodes=tuple(_nodes(system / "node")),
        left_out=tuple(left_out),
    )


def _hostname(root: Path) -> str:
    name = _text(root / "proc/sys/kernel/hostname")
    return name if name not in ("", "(none)") else _text(root / "etc/hostname")  # (none): nobody set it yet


def _packages(directory: Path, usable: list[int]) -> tuple[Package, ...]:
    # A core is what the kernel calls siblings. Core numbers alone do not tell cores apart: they come again in the
    # next package, and on ARM in the next cluster of the same one.
    cores: dict[tuple[int, tuple[int, ...]], tuple[int, int, list[int]]] = {}
    for number in usable:
        topology = directory / f"cpu{number}/topology"
        package = max(_number(topology / "physical_package_id"), 0)  # -1: there are no package ids (ARM)
        siblings = _list(topology / "thread_siblings_list") or (number,)
        # Without a core number the first sibling's is as good; without a die there is one.
        core = _number(topology / "core_id")
        die = max(_number(topology / "die_id"), 0)
        cores.setdefault((package, siblings), (siblings[0] if core < 0 else core, die, []))[2].append(number)
    packages: dict[int, list[Core]] = {}
    for (package, _), (core, die, threads) in cores.items():
        packages.setdefault(package, []).append(Core(core, die, tuple(threads)))
    return tuple(
        Package(package, tuple(sorted(packages[package], key=lambda core: (core.core, core.threads))))
        for package in sorted(packages)
    )


def _nodes(directory: Path) -> Iterator[NumaNode]:
    for number in _list(directory / "online") or ():
        threads = _list(directory / f"node{number}/cpulist")
        if threads:  # a node of memory only has no processor to bind to
            yield NumaNode(number, threads, _kilobytes(directory / f"node{number}/meminfo"))


def _text(path: Path) -> str:
    """The file's text without white space around it, "" when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _list(path: Path) -> tuple[int, ...] | None:
    """The numbers in such a file; None when it cannot be read. ValueError naming it when it holds something else."""
    try:
        text = path.read_text(encoding="ascii")
    except OSError:
        return None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: {error}") from error
    try:
        return parse_list(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _number(path: Path) -> int:
    """The number in such a file, -1 when there is none."""
    text = _text(path)
    return int(text) if text.isascii() and text.isdigit() else -1


def _allowed(path: Path) -> tuple[int, ...] | None:
    """The processors a process may run on, from its /proc/PID/status: taskset's choice within its cgroup's cpuset."""
    for line in _text(path).splitlines():
        name, _, value = line.partition(":")
        if name == "Cpus_allowed_list":
            return parse_list(value)
    return None


def _kilobytes(path: Path) -> int:
    """MemTotal of a meminfo file ("Node 0 MemTotal: 5 kB" as well), 0 when it does not tell."""
    for line in _text(path).splitlines():
        before, found, after = line.partition("MemTotal:")
        words = after.split()
        if found and words and words[0].isdigit() and before.split()[:1] in ([], ["Node"]):
            return int(words[0])
    return 0
