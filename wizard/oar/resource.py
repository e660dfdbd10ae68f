"""OAR's resources as data: those that are planned, and the rows a server has.

Words as OAR's: a *resource* is a row of the table `resources`, a *property* one of its columns; cpu, core and thread
number these over the whole cluster, from 1; cpuset holds the kernel's processor numbers on the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from wizard.machine.numbers import parse_list

Value: TypeAlias = int | str

#: The SQL type of the properties that OAR's schema does not have, as `oarproperty -a` and `-c -a` make them.
PROPERTY_TYPES: Mapping[str, str] = {
    "host": "VARCHAR(255)",
    "cpu": "INT",
    "core": "INT",
    "thread": "INT",
    "mem": "INT",
}

#: The properties that number things over the whole cluster.
NUMBERING = ("cpu", "core", "thread")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that the next new cpu, core and thread get."""

    cpu: int = 1
    core: int = 1
    thread: int = 1


@dataclass(frozen=True, slots=True)
class Resource:
    """A planned resource. `properties` in the order in which OAR's tools set, and so log, them."""

    network_address: str
    properties: Mapping[str, Value]

    @property
    def processors(self) -> frozenset[int]:
        return processors(self.properties["cpuset"]) or frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the server's table, of type "default". `properties`: all its columns that hold something."""

    resource_id: int
    network_address: str
    state: str
    properties: Mapping[str, Value]

    @property
    def processors(self) -> frozenset[int] | None:
        """None when its cpuset is no list of numbers."""
        return processors(self.properties.get("cpuset", ""))


def processors(cpuset: Value) -> frozenset[int] | None:
    """A cpuset property as numbers; None when it is no list of numbers, or an empty one."""
    try:
        return frozenset(parse_list(str(cpuset))) or None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a server's database held at one moment, as far as the plan of one host depends on it."""

    #: Column of `resources` → its SQL type, in PostgreSQL's words.
    columns: Mapping[str, str] = field(default_factory=dict)
    #: Property of NUMBERING → the highest number in use on any host.
    highest: Mapping[str, int] = field(default_factory=dict)
    #: The host's rows, by resource_id.
    rows: tuple[Row, ...] = ()
    #: Changes when any of the host's rows does (in what a plan depends on); "" for no rows.
    mark: str = ""

    @property
    def next(self) -> Numbers:
        return Numbers(*(self.highest.get(name, 0) + 1 for name in NUMBERING))
