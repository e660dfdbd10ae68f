"""What a machine is made of, as data: packages, cores, threads, NUMA nodes, memory.

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
    """`core` is the kernel's core_id, `threads` the processor numbers that may be used, ascending, at least one."""

    core: int
    die: int
    threads: tuple[int, ...]


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
class Machine:
    """`memory_kb` is MemTotal, in KiB. Packages by number, their cores by core number, then by first thread."""

    hostname: str
    memory_kb: int
    packages: tuple[Package, ...]
    nodes: tuple[NumaNode, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

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
        machine = cls(_text(top, "hostname", "machine"), _whole(top, "memory_kb", "machine"), packages, nodes, left_out)
        every = machine.threads
        if not every:
            raise ValueError("machine: no processor")
        if len(set(every)) != len(every):
            raise ValueError("machine: a processor is in two cores")
        return machine


def _cores(item: Mapping[str, Any], where: str) -> tuple[Core, ...]:
    return tuple(
        Core(_whole(core, "core", place), _whole(core, "die", place), _threads(core, place))
        for core, place in _items(item, "cores", where)
    )


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where}: an object was expected")
    return value


def _items(item: Mapping[str, Any], key: str, where: str) -> list[tuple[Mapping[str, Any], str]]:
    value = item.get(key)
    if not isinstance(value, list | tuple):
        raise ValueError(f"{where}.{key}: a list was expected")
    return [(_mapping(entry, f"{where}.{key}[{at}]"), f"{where}.{key}[{at}]") for at, entry in enumerate(value)]


def _whole(item: Mapping[str, Any], key: str, where: str) -> int:
    value = item.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{where}.{key}: a number, 0 or more, was expected")
    return value


def _text(item: Mapping[str, Any], key: str, where: str) -> str:
    value = item.get(key)
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
