"""The quick way through hosts that are all new or all as planned tells what the thorough one tells."""

from __future__ import annotations

import pytest

from tests.machine.trees import NAMES, machine
from tests.oar.rows import found, planner, rows_of, with_properties, without
from wizard.oar.difference import Difference, difference, differences
from wizard.oar.plan import Granularity, Planner
from wizard.oar.resource import Host, Numbers, Row, Snapshot, Value
from wizard.oar.sql import copied

INTEGERS = dict.fromkeys(("cpu", "core", "thread", "mem", "gpu", "rack"), "integer")
ODD: dict[str, Value] = {"rack": 7, "note": "100%d of\\ %s"}


def compared(one: Planner, rows: list[Row]) -> Difference:
    """By whichever way it goes."""
    (only,) = differences(one, found(one, Snapshot(INTEGERS), rows))
    return only


def thoroughly(one: Planner, rows: list[Row]) -> Difference:
    return difference(one, one.hosts[0], rows)


@pytest.mark.parametrize("granularity", ["core", "thread", "host"])
@pytest.mark.parametrize("name", NAMES)
def test_lines_of_a_new_host(name: str, granularity: Granularity) -> None:
    one = planner(name, "a\tb%s", granularity, gpus=True, properties=ODD)
    one.start(Numbers(5, 6, 7, 8))
    new = compared(one, [])
    assert new.lines == [copied(entry.resource.properties.get(n) for n in one.names) for entry in new.entries]
    assert [entry.action for entry in new.entries] == ["add"] * len(new.lines or ())
    one.start(Numbers(5, 6, 7, 8))
    assert new.entries == thoroughly(one, []).entries


@pytest.mark.parametrize("granularity", ["core", "thread", "host"])
@pytest.mark.parametrize("name", NAMES)
def test_rows_as_planned(name: str, granularity: Granularity) -> None:
    one = planner(name, "h", granularity, gpus=True, properties=ODD)
    one.start(Numbers(5, 6, 7, 8))
    rows = rows_of((resource for resource, _ in one.resources(one.hosts[0])), first=40)
    quick = compared(one, rows)
    assert quick.same == len(rows)
    assert not quick.to_do
    assert quick.entries == thoroughly(one, rows).entries


def test_a_number_goes_on_after_a_host_by_either_way() -> None:
    hosts = [Host(name, machine("laptop")) for name in ("a", "b", "c")]
    one = Planner(hosts)
    rows = [row._replace(network_address="a") for row in rows_of([r for r, _ in one.resources(hosts[0])])]
    one.start(Numbers(cpu=2, core=5))
    _, b, c = differences(one, found(one, Snapshot(INTEGERS), rows))
    assert [entry.resource.properties["core"] for entry in (*b.entries, *c.entries)] == list(range(5, 13))
    assert [entry.resource.properties["cpu"] for entry in (*b.entries, *c.entries)] == [2] * 4 + [3] * 4


CHANGES: list[dict[str, Value]] = [
    {"mem": 3},
    {"core": 77},
    {"core": 2},
    {"cpuset": "0-1"},
    {"cpuset": "17"},
    {"cpuset": "garbage"},
    {"host": "other"},
]


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("change", [*CHANGES, "gone", "twice", "unset", "dead", "turned"], ids=str)
def test_whatever_is_not_as_planned_goes_the_thorough_way(at: int, change: dict[str, Value] | str) -> None:
    one = planner("laptop", "laptop")
    rows = rows_of(resource for resource, _ in one.resources(one.hosts[0]))
    if isinstance(change, dict):
        rows[at] = with_properties(rows[at], **change)
    elif change == "gone":
        del rows[at]
    elif change == "twice":
        rows.append(rows[at]._replace(resource_id=9))
    elif change == "unset":
        rows[at] = without(rows[at], "core")
    elif change == "dead":
        rows[at] = rows[at]._replace(next_state="Dead")
    else:
        rows[0], rows[at] = rows[at], rows[0]
    one.start(Numbers(50, 50))
    quick = compared(one, rows)
    one.start(Numbers(50, 50))
    slow = thoroughly(one, rows)
    assert quick.entries == slow.entries
    assert quick.extra == slow.extra
