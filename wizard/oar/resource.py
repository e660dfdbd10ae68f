"""OAR's resources as data: those that are planned, and the rows a server has.

Words as OAR's: a *resource* is a row of the table `resources`, a *property* one of its columns; cpu, core, thread and
gpu number these over the whole cluster, from 1; cpuset holds the kernel's processor numbers on the host. Tuples, not
dataclasses: a million are made in a run, and a tuple is made in a quarter of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from wizard.machine.model import Machine
from wizard.machine.numbers import parse_list

Value: TypeAlias = int | str

#: The SQL type of the properties that OAR's schema does not have, as `oarproperty -a` and `-c -a` make them.
INTEGER = "INT"
TEXT = "VARCHAR(255)"
PROPERTY_TYPES: Mapping[str, str] = {
    "host": TEXT,
    "cpu": INTEGER,
    "core": INTEGER,
    "thread": INTEGER,
    "mem": INTEGER,
    "gpu": INTEGER,
    "gpudevice": TEXT,
}

#: The properties that number things over the whole cluster.
NUMBERING = ("cpu", "core", "thread", "gpu")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that the next new cpu, core, thread and gpu get."""

    cpu: int = 1
    core: int = 1
    thread: int = 1
    gpu: int = 1


class Host(NamedTuple):
    """A machine that becomes resources: `name` is its network_address, `properties` what all of them get besides."""

    name: str
    machine: Machine
    properties: Mapping[str, Value] = {}


class Resource(NamedTuple):
    """A planned resource. `properties` in the order in which OAR's tools set, and so log, them."""

    network_address: str
    properties: Mapping[str, Value]

    @property
    def processors(self) -> frozenset[int]:
        return processors(self.properties["cpuset"]) or frozenset()


class Row(NamedTuple):
    """A row of the server's table, of type "default". `properties`: those that were asked for and hold something."""

    resource_id: int
    network_address: str
    state: str
    properties: Mapping[str, Value]
    next_state: str = "UnChanged"

    @property
    def processors(self) -> frozenset[int] | None:
        """None when its cpuset is no list of numbers."""
        return processors(self.properties.get("cpuset", ""))

    @property
    def retired(self) -> bool:
        """Whether OAR gives it to no job any more, or is about to give it to none."""
        return (self.state if self.next_state == "UnChanged" else self.next_state) == "Dead"


@lru_cache(maxsize=65536)
def _processors(cpuset: str) -> frozenset[int] | None:
    try:
        return frozenset(parse_list(cpuset)) or None
    except ValueError:
        return None


def processors(cpuset: Value) -> frozenset[int] | None:
    """A cpuset property as numbers; None when it is no list of numbers, or an empty one."""
    return _processors(str(cpuset))  # the same few come again on every host


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence that is behind its table, so that the next row would get a number that is taken."""

    table: str
    column: str
    was: int
    highest: int

    @property
    def statement(self) -> str:
        """What repairs it."""
        name = f"pg_get_serial_sequence('{self.table}', '{self.column}')"
        return f"SELECT setval({name}, (SELECT max({self.column}) FROM {self.table}));"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a server's database held at one moment, as far as the plan of some hosts depends on it; their rows aside."""

    #: Column of `resources` → its SQL type, in PostgreSQL's words.
    columns: Mapping[str, str] = field(default_factory=dict)
    #: Property of NUMBERING → the highest number in use on any host.
    highest: Mapping[str, int] = field(default_factory=dict)
    #: Changes when any of the hosts' rows does (in what a plan depends on); this is that of no rows.
    mark: str = "0/0"
    #: Sequences that are behind their tables.
    stale: tuple[Sequence, ...] = ()
    #: The lines of the log, at most.
    logged: int = 0

    @property
    def next(self) -> Numbers:
        return Numbers(*(self.highest.get(name, 0) + 1 for name in NUMBERING))
