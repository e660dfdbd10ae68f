"""The resources that hosts get, and their numbers. Pure: it runs and reads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import add

from wizard.machine.model import Machine
from wizard.oar import sql
from wizard.oar.layout import GRANULARITIES, Granularity, Layout, Piece, gibibytes, layout
from wizard.oar.resource import NUMBERING, Host, Numbers, Resource, Row, Value

__all__ = ["GRANULARITIES", "Granularity", "Planner", "gibibytes", "plan"]


def plan(
    machine: Machine,
    host: str,
    *,
    granularity: Granularity = "core",
    first: Numbers | None = None,
    rows: Iterable[Row] = (),
    gpus: bool = False,
    properties: Mapping[str, Value] | None = None,
) -> list[Resource]:
    """The resources of one host (`Planner.resources`). ValueError for a machine that cannot be cut so."""
    one = Host(host, machine, properties or {})
    planned = Planner([one], granularity, first=first, gpus=gpus).resources(one, rows)
    return [resource for resource, _ in planned]


@dataclass
class Planner:
    """Plans hosts one after the other; numbers go on from host to host, from `first` (default 1).

    `gpus`: each core or thread gets the numbers of the GPU it belongs to. `properties`: what every resource gets
    besides; a host's own are stronger. `whole`: these are all hosts of the cluster; what a server has of others is not
    planned.
    """

    hosts: Sequence[Host]
    granularity: Granularity = "core"
    first: Numbers | None = None
    gpus: bool = False
    properties: Mapping[str, Value] = field(default_factory=dict)
    whole: bool = False
    _layouts: dict[int, Layout] = field(default_factory=dict, init=False)
    _lines: tuple[tuple[int, int], list[tuple[str, tuple[int, ...]]]] = field(default=((0, 0), []), init=False)

    def __post_init__(self) -> None:
        self.start(self.first or Numbers())

    def start(self, first: Numbers) -> None:
        """Begin (again) with these numbers."""
        self._next = {name: getattr(first, name) for name in NUMBERING}

    def layout(self, host: Host) -> Layout:
        found = self._layouts.get(id(host.machine))  # many hosts are one machine: 512 of a pattern
        if found is None:
            try:
                found = layout(host.machine, self.granularity, gpus=self.gpus)
            except ValueError as error:
                raise ValueError(f"{host.name}: {error}") from error
            self._layouts[id(host.machine)] = found
        return found

    @cached_property
    def names(self) -> list[str]:
        """The properties that any of the resources has, in the order in which they are set."""
        layouts = {id(one): one for one in map(self.layout, self.hosts)}.values()
        order = ("host", *NUMBERING[:3], "cpuset", "mem", "gpu", "gpudevice")
        there = {name for one in layouts for name in one.names}
        custom = dict.fromkeys(name for host in self.hosts for name in host.properties)
        return [name for name in order if name in there] + [*{**dict.fromkeys(self.properties), **custom}]

    @property
    def count(self) -> int:
        """How many resources there will be."""
        return sum(len(self.layout(host).pieces) for host in self.hosts)

    def take(self, host: Host) -> tuple[int, ...]:
        """The first numbers of a host that has none yet; the next one's come after its own."""
        plan = self.layout(host)
        first = tuple(self._next[name] for name in plan.numbering)
        for name, count in zip(plan.numbering, plan.counts, strict=True):
            self._next[name] += count
        return first

    def lines(self, host: Host, first: Sequence[int]) -> Iterator[str]:
        """What `resources` gives for a host with these first numbers and no rows, as lines of COPY, of `names`: in a
        fifth of the time, since only the numbers differ between hosts alike."""
        key = (id(host.machine), id(host.properties))
        if self._lines[0] != key:  # not one for each: hosts in their thousands may all be different
            self._lines = (key, self._formats(host))
        name = sql.copied((host.name,))[:-1]
        return (form % (name, *map(add, first, things)) for form, things in self._lines[1])

    def _formats(self, host: Host) -> list[tuple[str, tuple[int, ...]]]:
        plan = self.layout(host)
        numbered = dict.fromkeys(plan.numbering, "%d") | {"host": "%s"}
        custom = {**({} if plan.mem is None else {"mem": plan.mem}), **self.properties, **host.properties}
        found = []
        for piece in plan.pieces:
            values = {"cpuset": piece.cpuset, **({"gpudevice": piece.gpudevice} if plan.gpus else {}), **custom}
            cells = [
                numbered.get(name) or sql.added_cell(name, values.get(name)).replace("%", "%%") for name in self.names
            ]
            found.append(("\t".join(cells) + "\n", piece.things))
        return found

    def resources(
        self, host: Host, rows: Iterable[Row] = (), first: Sequence[int] | None = None
    ) -> Iterator[tuple[Resource, Row | None]]:
        """The host's resources, each beside the row that it is, if one is. `rows`: what the server has of the host;
        `first`: the first numbers when it has nothing (`take`).

        A resource whose processors a row has keeps that row's numbers and the form of its cpuset, and what is new in a
        package, core or GPU that has a number joins it.
        """
        plan = self.layout(host)
        kept = by_processors(rows)
        found = [kept.get(piece.processors) for piece in plan.pieces] if kept else [None] * len(plan.pieces)
        if kept:
            numbers = self._kept(plan, found)
        else:
            bases = self.take(host) if first is None else first
            numbers = (tuple(map(add, bases, piece.things)) for piece in plan.pieces)
        before: dict[str, Value] = {"host": host.name}
        after: dict[str, Value] = {"mem": plan.mem} if plan.mem is not None else {}
        custom = {**self.properties, **host.properties}
        names = [name for name in plan.numbering if name != "gpu"]
        for piece, row, of_piece in zip(plan.pieces, found, numbers, strict=True):
            properties = {**before, **dict(zip(names, of_piece, strict=False))}
            properties["cpuset"] = row.properties["cpuset"] if row else piece.cpuset
            properties.update(after)
            if plan.gpus:
                properties["gpu"] = of_piece[-1]
                properties["gpudevice"] = piece.gpudevice
            properties.update(custom)
            yield Resource(host.name, properties), row

    def _kept(self, plan: Layout, rows: Sequence[Row | None]) -> Iterator[tuple[int, ...]]:
        """The numbers of a host some of whose pieces have rows."""
        columns = []
        for at, name in enumerate(plan.numbering):
            if (numbers := _right(name, plan.pieces, rows, at)) is not None:
                columns.append(numbers)
                continue
            series = _Series(name, self._next[name], plan.pieces, rows, at)
            columns.append([series.of(piece.things[at], row) for piece, row in zip(plan.pieces, rows, strict=True)])
            self._next[name] = series.next
        return iter(zip(*columns, strict=True)) if columns else iter([()] * len(rows))


def _right(name: str, pieces: Sequence[Piece], rows: Sequence[Row | None], at: int) -> list[int] | None:
    """The numbers that the rows have, when there is nothing to mend, which is nearly always: every piece has a row,
    every thing one number, and every number one thing. Else None."""
    numbers: list[int] = []
    of: dict[int, int] = {}
    for piece, row in zip(pieces, rows, strict=True):
        number = row.properties.get(name) if row else None
        if not isinstance(number, int) or of.setdefault(piece.things[at], number) != number:
            return None
        numbers.append(number)
    return numbers if len(set(of.values())) == len(of) else None


class _Series:
    """The numbers of one kind (cpu, core, thread, gpu) of thing on one host. A thing's row keeps its number, unless
    that stands for another thing already (oar_resources_init gives one core number to two packages); a row without one
    gets a number that the thing's other rows have, else a new one."""

    def __init__(self, name: str, first: int, pieces: Sequence[Piece], rows: Sequence[Row | None], at: int) -> None:
        self._name = name
        self.next = first
        self._things: dict[int, int] = {}
        self._joint: dict[int, int] = {}
        self._known: dict[int, set[int]] = {}
        for piece, row in zip(pieces, rows, strict=True):
            if (said := self._said(row)) is not None:
                self._known.setdefault(piece.things[at], set()).add(said)

    def of(self, thing: int, row: Row | None) -> int:
        said = self._said(row)
        if said is not None and self._stands_for(said, thing):
            return said
        if thing not in self._joint:
            numbers = sorted(value for value in self._known.get(thing, ()) if self._stands_for(value, thing))
            self._joint[thing] = numbers[0] if numbers else self._free(thing)
        return self._joint[thing]

    def _said(self, row: Row | None) -> int | None:
        value = row.properties.get(self._name) if row else None
        return value if isinstance(value, int) else None

    def _stands_for(self, number: int, thing: int) -> bool:
        return self._things.setdefault(number, thing) == thing

    def _free(self, thing: int) -> int:
        while True:
            self.next += 1
            if self._stands_for(self.next - 1, thing):
                return self.next - 1


def by_processors(rows: Iterable[Row]) -> dict[frozenset[int], Row]:
    """The row with the lowest id of each set of processors; one that is retired only where there is no other."""
    found: dict[frozenset[int], Row] = {}
    for row in sorted(rows, key=lambda row: (row.retired, row.resource_id)):
        if row.processors is not None:
            found.setdefault(row.processors, row)
    return found
