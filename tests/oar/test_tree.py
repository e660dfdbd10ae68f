"""The tree of a difference: where each resource stands, its mark, and why."""

from __future__ import annotations

import pytest

from tests.machine.trees import machine
from tests.oar.rows import differ, row, rows_of, with_properties
from wizard.oar import tree
from wizard.oar.difference import Difference, Entry, Totals
from wizard.oar.plan import Granularity, plan
from wizard.oar.resource import Row
from wizard.oar.tree import Node


def host(one: Difference, *, retire: bool = False) -> Node:
    count = Totals()
    count.count(one)
    return tree.host(one, count, retire=retire)


def drawn(node: Node, depth: int = 0, levels: int = 9) -> list[str]:
    """The node and all below it, as lines."""
    line = f"{'  ' * depth}{node.mark} {node.title}" + (f" | {node.note}" if node.note else "")
    return [line, *(each for below in node.below if depth < levels for each in drawn(below, depth + 1, levels))]


def changed() -> list[Row]:
    """Of the laptop's four cores: one as planned, one changed, one missing, one as planned; and one too many."""
    rows = rows_of(plan(machine("laptop"), "laptop"))
    rows[1] = with_properties(rows[1], mem=8)
    del rows[2]
    return [*rows, row(9, "17", core=77)]


def test_packages_cores_and_threads() -> None:
    assert drawn(host(differ("laptop", "laptop", changed()))) == [
        "~ laptop | 1 to add; 1 to change; 2 as planned; 1 not planned",
        "  ~ package 0: cpu 1 | 1 to add; 1 to change; 2 as planned",
        "    = core 0: resource 1, core 1, cpuset 0,4",
        "      = thread 0",
        "      = thread 4",
        "    ~ core 1: resource 2, core 2, cpuset 1,5 | mem 8 -> 16",
        "      ~ thread 1",
        "      ~ thread 5",
        "    + core 2: new, core 3, cpuset 2,6 | to add",
        "      + thread 2",
        "      + thread 6",
        "    = core 3: resource 4, core 4, cpuset 3,7",
        "      = thread 3",
        "      = thread 7",
        "  - resource 9: cpuset 17, Alive | left alone: processor 17 not on this machine",
    ]


def test_facts_are_properties_and_reasons() -> None:
    package, extra = host(differ("laptop", "laptop", changed())).below
    assert list(package.below[1].facts) == [
        "core 1 of laptop: resource 2, Alive",
        "host laptop  cpu 1  core 2  cpuset 1,5  mem 8 -> 16",
        "to change: mem is 8",
    ]
    assert package.below[2].facts[-1] == "to add: no resource has these processors"
    assert list(extra.facts) == [
        "resource 9 of laptop, Alive: not planned, left alone",
        "cpuset 17  host laptop  core 77",
        "processor 17 not on this machine",
    ]


def test_what_is_retired() -> None:
    rows = [*changed(), row(10, "18")._replace(next_state="Dead")]
    node = host(differ("laptop", "laptop", rows), retire=True)
    assert node.note == "1 to add; 1 to change; 2 as planned; 1 to retire; 1 retired before"
    assert [line for line in drawn(node) if "resource 9" in line or "resource 10" in line] == [
        "  - resource 9: cpuset 17, Alive | to retire: processor 17 not on this machine",
        "  = resource 10: cpuset 18, Alive, Dead next | retired before: processor 18 not on this machine",
    ]


def test_rows_in_the_way() -> None:
    rows = rows_of(plan(machine("laptop"), "laptop"))
    lines = drawn(host(differ("laptop", "laptop", rows, "thread")))
    assert lines[:5] == [
        "~ laptop | 8 to add; 4 not planned",
        "  + package 0: cpu 1 | 8 to add",
        "    + core 0 | 2 to add",
        "      + thread 0: new, core 1, thread 1, cpuset 0 | to add",
        "      + thread 4: new, core 1, thread 2, cpuset 4 | to add",
    ]
    assert lines[-1].startswith("  - resource 4: cpuset 3,7, Alive | in the way: it shares processors 3,7")


@pytest.mark.parametrize(
    ("rows", "mark"),
    [
        ([], "+"),
        (rows_of(plan(machine("laptop"), "laptop")), "="),
        ([*rows_of(plan(machine("laptop"), "laptop")), row(9, "17")._replace(next_state="Dead")], "="),
        ([*rows_of(plan(machine("laptop"), "laptop")), row(9, "17")], "~"),
        ([row(9, "17")], "~"),
        (rows_of(plan(machine("laptop"), "laptop"))[:3], "~"),
    ],
)
def test_the_mark_of_a_host(rows: list[Row], mark: str) -> None:
    assert host(differ("laptop", "laptop", rows)).mark == mark


@pytest.mark.parametrize(
    ("what", "granularity", "lines"),
    [
        ("laptop", "host", ["  + the whole machine: new, cpuset 0,1,2,3,4,5,6,7 | to add", "    + package 0, core 0"]),
        ("gpu-node", "gpu", ["  + GPU 2: new, gpu 1, cpuset 0,1,2,3 | to add", "    + package 0, core 0"]),
    ],
)
def test_resources_that_are_more_than_a_core(what: str, granularity: Granularity, lines: list[str]) -> None:
    node = host(differ(what, "h", [], granularity))
    assert drawn(node, levels=2)[1:3] == lines
    threads = [below for part in node.below for core in part.below for below in core.below]
    assert len(threads) == len(machine(what).threads)
    assert {thread.mark for thread in threads} == {"+"}


def test_nothing_is_made_before_it_is_opened() -> None:
    made: list[int] = []

    def make() -> list[Entry]:
        made.append(1)
        return []

    node = host(Difference(differ("laptop", "laptop", []).host, same=4, make=make))
    assert (node.note, made) == ("4 as planned", [])
    assert node.below
    assert made == [1]
