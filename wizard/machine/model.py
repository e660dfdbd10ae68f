"""What a machine is made of, as data: packages, cores, threads, NUMA nodes, memory, GPUs, disks, interfaces.

The numbers are the kernel's own. A *thread* is known by its processor number (`cpuN`), which is also what a cpuset
holds; a *core* only by (package, core): its own number comes again in the next package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

OFFLINE = "offline"
RESTRICTED = "restricted"

#: Of the JSON form.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Core:
    """`core` is the kernel's core_id, `threads` the processor numbers that may be used, ascending, at least one.
    `kind`: where cores differ, the kernel's word for this one's: its capacity (the strongest have "1024"), or "core"
    or "atom"; "" where all are alike."""

    core: int
    die: int
    threads: tuple[int, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """A socket. `package` is the kernel's physical_package_id, 0 where the kernel knows none."""

    package: int
    cores: tuple[Core, ...]

    @property
    def threads(self) -> tuple[int, ...]:
        return tuple(sorted(thread for core in self.cores for thread in core.threads))


@dataclass(frozen=True, slots=True)
class NumaNode:
    """`threads`: all its processors, those left out as well; `memory_kb` in KiB, 0 when it does not tell."""

    node: int
    threads: tuple[int, ...]
    memory_kb: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A processor that is there and is not used: `why` is OFFLINE or RESTRICTED (not allowed to this process)."""

    processor: int
    why: str


@dataclass(frozen=True, slots=True)
class Gpu:
    """`address` on the PCI bus; `device`: its number on this machine, from 0; `node`: the NUMA node it is near, -1 when
    that is not known; `threads`: the processors it is near, () likewise; `memory_kb` its own, 0 when not known."""

    address: str
    device: int
    vendor: str
    model: str
    node: int = -1
    threads: tuple[int, ...] = ()
    memory_kb: int = 0


@dataclass(frozen=True, slots=True)
class Disk:
    """`size` in bytes; `kind`: hdd, ssd, nvme, flash (MMC) or virtual."""

    name: str
    size: int
    kind: str
    model: str = ""
    removable: bool = False


@dataclass(frozen=True, slots=True)
class Interface:
    """`speed` in Mb/s, 0 when there is no link to have one; `kind`: ethernet, infiniband or wireless."""

    name: str
    mac: str
    speed: int = 0
    up: bool = False
    kind: str = "ethernet"
    driver: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """`memory_kb` is MemTotal, in KiB. Packages by number, their cores by die, then core number, then first thread.
    `address`: the name it was reached by over ssh, "" for the machine this runs on."""

    hostname: str
    memory_kb: int
    packages: tuple[Package, ...]
    nodes: tuple[NumaNode, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    gpus: tuple[Gpu, ...] = ()
    disks: tuple[Disk, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    address: str = ""

    @property
    def cores(self) -> int:
        return sum(len(package.cores) for package in self.packages)

    @property
    def threads(self) -> tuple[int, ...]:
        return tuple(sorted(thread for package in self.packages for thread in package.threads))

    def to_json(self) -> dict[str, Any]:
        """Plain data for json.dumps; `from_json` takes it back."""
        return {"v": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, value: Any) -> Machine:
        """The machine of such data (from json.loads, from anywhere). ValueError says where it is not right."""
        top = _mapping(value, "machine")
        if top.get("v") != VERSION:
            raise ValueError(f'machine: "v": {VERSION} was expected, not {top.get("v")!r}')
        packages = tuple(
            Package(_whole(item, "package", where), _cores(item, where))
            for item, where in _items(top, "packages", "machine")
        )
        nodes = tuple(
            NumaNode(_whole(item, "node", where), _threads(item, where), _whole(item, "memory_kb", where))
            for item, where in _items(top, "nodes", "machine")
        )
        left_out = tuple(
            LeftOut(_whole(item, "processor", where), _text(item, "why", where))
            for item, where in _items(top, "left_out", "machine")
        )
        machine = cls(
            _text(top, "hostname", "machine"),
            _whole(top, "memory_kb", "machine"),
            packages,
            nodes,
            left_out,
            gpus=tuple(_gpu(item, where) for item, where in _items(top, "gpus", "machine", optional=True)),
            disks=tuple(_disk(item, where) for item, where in _items(top, "disks", "machine", optional=True)),
            interfaces=tuple(
                _interface(item, where) for item, where in _items(top, "interfaces", "machine", optional=True)
            ),
            address=_text(top, "address", "machine", ""),
        )
        every = machine.threads
        if not every:
            raise ValueError("machine: no processor")
        if len(set(every)) != len(every):
            raise ValueError("machine: a processor is in two cores")
        return machine


def _cores(item: Mapping[str, Any], where: str) -> tuple[Core, ...]:
    return tuple(
        Core(
            _whole(core, "core", place),
            _whole(core, "die", place),
            _threads(core, place),
            _text(core, "kind", place, ""),
        )
        for core, place in _items(item, "cores", where)
    )


def _gpu(item: Mapping[str, Any], where: str) -> Gpu:
    return Gpu(
        address=_text(item, "address", where),
        device=_whole(item, "device", where),
        vendor=_text(item, "vendor", where),
        model=_text(item, "model", where),
        node=_whole(item, "node", where, -1),
        threads=_threads(item, where) if item.get("threads") else (),
        memory_kb=_whole(item, "memory_kb", where, 0),
    )


def _disk(item: Mapping[str, Any], where: str) -> Disk:
    return Disk(
        name=_text(item, "name", where),
        size=_whole(item, "size", where),
        kind=_text(item, "kind", where),
        model=_text(item, "model", where, ""),
        removable=item.get("removable") is True,
    )


def _interface(item: Mapping[str, Any], where: str) -> Interface:
    return Interface(
        name=_text(item, "name", where),
        mac=_text(item, "mac", where),
        speed=_whole(item, "speed", where, 0),
        up=item.get("up") is True,
        kind=_text(item, "kind", where, "ethernet"),
        driver=_text(item, "driver", where, ""),
    )


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where}: an object was expected")
    return value


def _items(
    item: Mapping[str, Any], key: str, where: str, *, optional: bool = False
) -> list[tuple[Mapping[str, Any], str]]:
    value = item.get(key, [] if optional else None)
    if not isinstance(value, list | tuple):
        raise ValueError(f"{where}.{key}: a list was expected")
    return [(_mapping(entry, f"{where}.{key}[{at}]"), f"{where}.{key}[{at}]") for at, entry in enumerate(value)]


def _whole(item: Mapping[str, Any], key: str, where: str, default: int | None = None) -> int:
    value = item.get(key, default)
    if value == default and default is not None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{where}.{key}: a number, 0 or more, was expected")
    return value


def _text(item: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = item.get(key, default)
    if not isinstance(value, str):
        raise ValueError(f"{where}.{key}: a text was expected")
    return value


def _threads(item: Mapping[str, Any], where: str) -> tuple[int, ...]:
    value = item.get("threads")
    if (
        not isinstance(value, list | tuple)
        or not value
        or not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in value)
    ):
        raise ValueError(f"{where}.threads: a list of processor numbers was expected")
    return tuple(sorted(value))
