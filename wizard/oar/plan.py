"""The resources a machine gets, and how they differ from those a server has. Pure: it runs and reads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Literal, TypeAlias

from wizard.machine.model import Core, Machine
from wizard.oar.resource import NUMBERING, Numbers, Resource, Row, Value

Granularity: TypeAlias = Literal["core", "thread"]


def plan(
    machine: Machine,
    host: str,
    *,
    granularity: Granularity = "core",
    first: Numbers | None = None,
    rows: Iterable[Row] = (),
) -> list[Resource]:
    """One resource a core (cpuset "0,4": its threads), or one a thread (cpuset "4"), packages and cores in order.

    `first`: the numbers of the first new cpu, core and thread (default 1); new ones go on from there. `rows`: what the
    server has of this host. A resource whose processors a row has keeps that row's numbers and the form of its cpuset,
    and what is new in a package or a core that has a number joins it.
    """
    kept = _by_processors(rows)
    first = first or Numbers()
    cpus, cores, threads = (_Series(name, getattr(first, name)) for name in NUMBERING)
    memory = {"mem": gibibytes(machine.memory_kb)} if machine.memory_kb else {}
    planned = []
    for package in machine.packages:
        pieces = [(core, piece) for core in package.cores for piece in _pieces(core, granularity)]
        of_package = [kept.get(frozenset(piece)) for _, piece in pieces]
        for core, piece in pieces:
            row = kept.get(frozenset(piece))
            of_core = [kept.get(frozenset(other)) for other in _pieces(core, granularity)]
            properties: dict[str, Value] = {
                "host": host,
                "cpu": cpus.of(package.package, row, of_package),
                "core": cores.of(core.threads, row, of_core),
            }
            if granularity == "thread":
                properties["thread"] = threads.of(piece, row, [row])
            properties["cpuset"] = row.properties["cpuset"] if row else ",".join(map(str, piece))
            planned.append(Resource(host, {**properties, **memory}))
    return planned


def gibibytes(kilobytes: int) -> int:
    """MemTotal as OAR's tools put it into `mem`: GiB, and one on top."""
    return kilobytes // 1024 // 1024 + 1


def _pieces(core: Core, granularity: Granularity) -> list[tuple[int, ...]]:
    return [(thread,) for thread in core.threads] if granularity == "thread" else [core.threads]


class _Series:
    """The numbers of one kind (cpu, core, thread) of thing. A thing's row keeps its number, unless that stands for
    another thing already (oar_resources_init gives one core number to two packages); a row without one gets a number
    that the thing's other rows have, else a new one."""

    def __init__(self, name: str, first: int) -> None:
        self._name = name
        self._new = count(first)
        self._things: dict[int, object] = {}
        self._joint: dict[object, int] = {}

    def of(self, thing: object, row: Row | None, rows: Iterable[Row | None]) -> int:
        said = self._said(row)
        if said is not None and self._stands_for(said, thing):
            return said
        if thing not in self._joint:
            known = [value for other in rows if (value := self._said(other)) is not None]
            numbers = sorted(value for value in known if self._stands_for(value, thing))
            self._joint[thing] = numbers[0] if numbers else self._free(thing)
        return self._joint[thing]

    def _said(self, row: Row | None) -> int | None:
        value = row.properties.get(self._name) if row else None
        return value if isinstance(value, int) else None

    def _stands_for(self, number: int, thing: object) -> bool:
        return self._things.setdefault(number, thing) == thing

    def _free(self, thing: object) -> int:
        return next(number for number in self._new if self._stands_for(number, thing))


@dataclass(frozen=True, slots=True)
class Entry:
    """A planned resource beside the row that is it, if one is: `changes` is property → (what it is, what it will be),
    None for a property that is not set."""

    resource: Resource
    row: Row | None
    changes: Mapping[str, tuple[Value | None, Value]]

    @property
    def action(self) -> Literal["add", "change", "same"]:
        if self.row is None:
            return "add"
        return "change" if self.changes else "same"


@dataclass(frozen=True, slots=True)
class Difference:
    """`entries` in the plan's order; `extra`: rows of the host that are not in the plan; `clashes`: those of them that
    hold processors the plan gives to another resource, so that two jobs would share them."""

    entries: tuple[Entry, ...]
    extra: tuple[Row, ...]
    clashes: tuple[Row, ...]

    def of(self, action: Literal["add", "change", "same"]) -> list[Entry]:
        return [entry for entry in self.entries if entry.action == action]

    @property
    def to_do(self) -> bool:
        """Whether there is anything to add or to change."""
        return any(entry.action != "same" for entry in self.entries)

    @property
    def equal(self) -> bool:
        return not self.to_do and not self.extra


def difference(planned: Iterable[Resource], rows: Iterable[Row]) -> Difference:
    """What it takes to make these rows, all of one host, the planned resources. Rows are known by their processors:
    a second row with the same ones is extra."""
    rows = list(rows)
    kept = _by_processors(rows)
    entries = []
    used: set[int] = set()
    wanted: set[int] = set()
    for resource in planned:
        wanted |= resource.processors
        row = kept.get(resource.processors)
        changes: dict[str, tuple[Value | None, Value]] = {}
        if row is not None:
            used.add(row.resource_id)
            for name, value in resource.properties.items():
                there = row.properties.get(name)
                if there is None or str(there) != str(value):
                    changes[name] = (there, value)
        entries.append(Entry(resource, row, changes))
    extra = tuple(row for row in rows if row.resource_id not in used)
    return Difference(tuple(entries), extra, tuple(row for row in extra if wanted & (row.processors or frozenset())))


def _by_processors(rows: Iterable[Row]) -> dict[frozenset[int], Row]:
    """The row with the lowest id of each set of processors."""
    found: dict[frozenset[int], Row] = {}
    for row in sorted(rows, key=lambda row: row.resource_id):
        if row.processors is not None:
            found.setdefault(row.processors, row)
    return found
