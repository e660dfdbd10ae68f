"""How planned resources differ from those a server has: what to add, to change and to retire, and why. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from wizard.machine.model import Machine
from wizard.machine.numbers import format_list
from wizard.oar.plan import Planner
from wizard.oar.resource import Host, Resource, Row, Value

if TYPE_CHECKING:
    from wizard.oar.read import Reading

Action: TypeAlias = Literal["add", "change", "same"]

#: The machine of a host that is in no plan.
_NOWHERE = Machine("", 0, ())
#: Cells of a line before its properties: place of the host, resource_id, state, next_state.
_BEFORE = 4


class Entry(NamedTuple):
    """A planned resource beside the row that is it, if one is: `changes` is property → (what it is, what it will be),
    None for a property that is not set."""

    resource: Resource
    row: Row | None
    changes: Mapping[str, tuple[Value | None, Value]]

    @property
    def action(self) -> Action:
        if self.row is None:
            return "add"
        return "change" if self.changes else "same"


class Extra(NamedTuple):
    """A row of a planned host that is no planned resource: `why`, in words; `clash`: it holds processors that the plan
    gives to another resource and is not retired, so that two jobs would share them."""

    row: Row
    why: str
    clash: bool


@dataclass(slots=True)
class Difference:
    """Of one host. `extra` by resource_id. Nearly always all of a host's resources are new, or all are as planned: then
    `lines` are those of COPY for the new ones, or `same` is their number, and `entries` are made when somebody asks."""

    host: Host
    extra: list[Extra] = field(default_factory=list)
    lines: list[str] | None = None
    same: int = 0
    make: Callable[[], list[Entry]] = list
    _entries: list[Entry] | None = None

    @property
    def entries(self) -> list[Entry]:
        """In the plan's order."""
        if self._entries is None:
            self._entries = self.make()
        return self._entries

    def of(self, action: Action) -> list[Entry]:
        return [entry for entry in self.entries if entry.action == action]

    @property
    def clashes(self) -> list[Row]:
        return [extra.row for extra in self.extra if extra.clash]

    @property
    def to_retire(self) -> list[Extra]:
        """The extra rows that OAR would still give to jobs."""
        return [extra for extra in self.extra if not extra.row.retired]

    @property
    def to_do(self) -> bool:
        """Whether there is anything to add or to change."""
        return not self.same and any(entry.row is None or entry.changes for entry in self.entries)

    @property
    def equal(self) -> bool:
        return not self.to_do and not self.extra


@dataclass
class Totals:
    """How many resources of how many hosts are what."""

    hosts: int = 0
    planned: int = 0
    add: int = 0
    change: int = 0
    extra: int = 0
    retire: int = 0
    #: Planned resources that OAR gives to no job: somebody took them out.
    dead: int = 0

    def count(self, one: Difference) -> None:
        self.hosts += 1
        self.planned += one.same or len(one.lines or one.entries)
        self.add += len(one.lines or ())
        for entry in one.entries if not one.same and one.lines is None else ():
            if entry.row is None:
                self.add += 1
            else:
                self.change += bool(entry.changes)
                self.dead += entry.row.retired
        self.extra += len(one.extra)
        self.retire += len(one.to_retire)

    def __iadd__(self, other: Totals) -> Totals:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    @property
    def same(self) -> int:
        return self.planned - self.add - self.change


def differences(planner: Planner, found: Reading) -> Iterator[Difference]:
    """The difference of every host, in the planner's order, from what was found, for the same planner; then those of
    hosts that were found besides (Planner.whole). Only one host's rows are held at a time."""
    hosts = found.hosts()
    name, lines = next(hosts, ("", []))
    for host in planner.hosts:
        if name != host.name:
            yield _new(planner, host)
            continue
        yield _same(planner, host, found, lines) or difference(planner, host, [found.row(name, one) for one in lines])
        name, lines = next(hosts, ("", []))
    while lines:
        rows = (found.row(name, line) for line in lines)
        yield Difference(Host(name, _NOWHERE), [Extra(row, "the plan has no such host", False) for row in rows])
        name, lines = next(hosts, ("", []))


def _new(planner: Planner, host: Host) -> Difference:
    first = planner.take(host)
    return Difference(
        host,
        lines=list(planner.lines(host, first)),
        make=lambda: [Entry(resource, None, {}) for resource, _ in planner.resources(host, first=first)],
    )


def _same(planner: Planner, host: Host, found: Reading, lines: list[str]) -> Difference | None:
    """When these are, in their order, the lines that a host without rows would have got with other first numbers."""
    plan = planner.layout(host)
    if len(lines) != len(plan.pieces):
        return None
    cells = lines[0][:-1].split("\t")[_BEFORE:]
    first = []
    for name, thing in zip(plan.numbering, plan.pieces[0].things, strict=True):
        text = cells[planner.names.index(name)]
        if not text.isdigit():
            return None
        first.append(int(text) - thing)
    for line, wanted in zip(lines, planner.lines(host, first), strict=True):
        _, _, state, next_state, has = line.split("\t", _BEFORE)
        if has != wanted or "Dead" in (state, next_state):
            return None
    rows = (found.row(host.name, line) for line in lines)
    return Difference(host, same=len(lines), make=lambda: difference(planner, host, list(rows)).entries)


def difference(planner: Planner, host: Host, rows: list[Row]) -> Difference:
    """What it takes to make these rows, all of this host, the planned resources. Rows are known by their processors: a
    second row with the same ones is extra."""
    entries = []
    used: set[int] = set()
    for resource, row in planner.resources(host, rows):
        changes: dict[str, tuple[Value | None, Value]] = {}
        if row is not None:
            used.add(row.resource_id)
            there = row.properties
            for name, value in resource.properties.items():
                has = there.get(name)
                if has != value and (has is None or str(has) != str(value)):
                    changes[name] = (has, value)
        entries.append(Entry(resource, row, changes))
    if len(used) == len(rows):
        return Difference(host, _entries=entries)
    return Difference(host, list(_extra(host.machine, entries, used, rows)), _entries=entries)


def _extra(machine: Machine, entries: list[Entry], used: set[int], rows: list[Row]) -> Iterator[Extra]:
    """The rows that are no entry's, with reasons."""
    owners = {processor: entry for entry in entries for processor in entry.resource.processors}
    left = {out.processor: out.why for out in machine.left_out}
    for row in rows:
        if row.resource_id in used:
            continue
        mine = row.processors
        if mine is None:
            yield Extra(row, "its cpuset is no list of processors", False)
            continue
        shared = sorted(mine & owners.keys())
        if shared:
            same = next((entry for entry in entries if entry.row and entry.resource.processors == mine), None)
            if same is not None and same.row is not None:
                why = f"resource {same.row.resource_id} has the same processors"
            else:
                why = f"it shares {_processors(shared)} with what is planned"
            yield Extra(row, why, not row.retired)
            continue
        reasons = [f"{_processors(of)} {why}" for why, of in _by_reason(sorted(mine), left).items()]
        yield Extra(row, "; ".join(reasons), False)


def _by_reason(numbers: list[int], left: Mapping[int, str]) -> dict[str, list[int]]:
    words = {"offline": "offline", "restricted": "not allowed to the process that looked"}
    found: dict[str, list[int]] = {}
    for number in numbers:
        why = left.get(number)
        found.setdefault(words.get(why, why) if why else "not on this machine", []).append(number)
    return found


def _processors(numbers: list[int]) -> str:
    return f"processor{'s' * (len(numbers) > 1)} {format_list(numbers)}"
