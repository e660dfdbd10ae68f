"""Rows of a server, as tests need them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wizard.oar.resource import Resource, Row, Value


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
    return replace(one, properties={**one.properties, **properties})


def without(one: Row, name: str) -> Row:
    return replace(one, properties={key: value for key, value in one.properties.items() if key != name})
