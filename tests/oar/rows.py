"""Rows of a server, and plans to compare them with, as tests need them."""

from __future__ import annotations

import io
from collections.abc import Iterable

from tests.machine.trees import machine
from wizard.machine.model import Machine
from wizard.oar.difference import Difference, difference
from wizard.oar.plan import Granularity, Planner
from wizard.oar.read import Reading
from wizard.oar.resource import Host, Numbers, Resource, Row, Snapshot, Value
from wizard.oar.sql import copied


def planner(
    what: str | Machine,
    host: str,
    granularity: Granularity = "core",
    *,
    gpus: bool = False,
    properties: dict[str, Value] | None = None,
) -> Planner:
    """A plan of one host; the machine is a recorded one when it is a name."""
    one = machine(what) if isinstance(what, str) else what
    return Planner([Host(host, one)], granularity, gpus=gpus, properties=properties or {})


def differ(
    what: str | Machine,
    host: str,
    rows: Iterable[Row],
    granularity: Granularity = "core",
    first: Numbers | None = None,
) -> Difference:
    """How these rows differ from what is planned for the host."""
    plan = planner(what, host, granularity)
    plan.start(first or Numbers())
    return difference(plan, plan.hosts[0], list(rows))


def row(number: int, cpuset: str, host: str = "laptop", **properties: Value) -> Row:
    """A row of the host, with these properties."""
    return Row(number, host, "Alive", {"cpuset": cpuset, "host": host, **properties})


def rows_of(planned: Iterable[Resource], first: int = 1) -> list[Row]:
    """The rows there are once a plan was carried out."""
    return [
        Row(number, resource.network_address, "Alive", dict(resource.properties))
        for number, resource in enumerate(planned, start=first)
    ]


def with_properties(one: Row, **properties: Value) -> Row:
    return one._replace(properties={**one.properties, **properties})


def without(one: Row, name: str) -> Row:
    return one._replace(properties={key: value for key, value in one.properties.items() if key != name})


def found(one: Planner, snapshot: Snapshot, rows: list[Row]) -> Reading:
    """What a server that has these rows, all of one host, is found to have."""
    lines = (
        copied((1, row.resource_id, row.state, row.next_state, *(row.properties.get(name) for name in one.names)))
        for row in rows
    )
    file = io.BytesIO("".join(lines).encode())
    return Reading(snapshot, one.names, [host.name for host in one.hosts], file)
