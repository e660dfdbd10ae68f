"""The resources of a machine, their numbers, and how they differ from what a server has."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.machine.trees import NAMES, machine
from tests.oar.rows import differ, row, rows_of, with_properties, without
from wizard.machine.model import Core, Machine, Package
from wizard.oar.plan import Granularity, gibibytes, plan
from wizard.oar.resource import Numbers, Resource, Value


def table(planned: Iterable[Resource], *names: str) -> list[tuple[Value, ...]]:
    return [tuple(resource.properties[name] for name in names) for resource in planned]


def test_laptop_by_core() -> None:
    planned = plan(machine("laptop"), "lap")
    assert table(planned, "cpu", "core", "cpuset") == [(1, 1, "0,4"), (1, 2, "1,5"), (1, 3, "2,6"), (1, 4, "3,7")]
    assert {resource.network_address for resource in planned} == {"lap"}
    # 16173412 kB are 15.4 GiB. The order is that in which oar_resources_init sets them.
    assert dict(planned[0].properties) == {"host": "lap", "cpu": 1, "core": 1, "cpuset": "0,4", "mem": 16}
    assert list(planned[0].properties) == ["host", "cpu", "core", "cpuset", "mem"]


def test_laptop_by_thread() -> None:
    planned = plan(machine("laptop"), "lap", granularity="thread")
    assert table(planned, "cpu", "core", "thread", "cpuset")[:3] == [(1, 1, 1, "0"), (1, 1, 2, "4"), (1, 2, 3, "1")]
    assert len(planned) == 8
    assert list(planned[0].properties) == ["host", "cpu", "core", "thread", "cpuset", "mem"]


def test_two_packages() -> None:
    planned = plan(machine("numa"), "n")
    assert table(planned, "cpu", "core", "cpuset")[3:6] == [(1, 4, "6,14"), (2, 5, "1,9"), (2, 6, "3,11")]


def test_one_core_a_socket() -> None:
    """OAR's own tool makes one resource with cpuset 0,1,2,3 of this."""
    assert table(plan(machine("one-core-a-socket"), "p"), "cpu", "core", "cpuset") == [(1, 1, "0,1"), (2, 2, "2,3")]
    by_thread = plan(machine("one-core-a-socket"), "p", granularity="thread")
    assert table(by_thread, "cpu", "core", "thread") == [(1, 1, 1), (1, 1, 2), (2, 2, 3), (2, 2, 4)]


def test_only_what_may_be_used() -> None:
    assert table(plan(machine("offline"), "h"), "core", "cpuset") == [(1, "0,4"), (2, "1"), (3, "3,7")]
    assert table(plan(machine("container"), "h"), "core", "cpuset") == [(1, "2,6"), (2, "3")]
    assert table(plan(machine("smt-off"), "h"), "cpuset") == [("0",), ("1",), ("2",), ("3",)]


def test_numbers_go_on() -> None:
    planned = plan(machine("one-core-a-socket"), "p", granularity="thread", first=Numbers(cpu=5, core=40, thread=99))
    assert table(planned, "cpu", "core", "thread") == [(5, 40, 99), (5, 40, 100), (6, 41, 101), (6, 41, 102)]


def test_memory() -> None:
    """int(MemTotal / 1024 / 1024) + 1, as oar_resources_init computes it."""
    assert gibibytes(16173412) == 16
    assert gibibytes(2035712) == 2
    assert gibibytes(2 * 1024 * 1024) == 3
    assert "mem" not in plan(Machine("h", 0, machine("laptop").packages), "h")[0].properties


@pytest.mark.parametrize("granularity", ["core", "thread"])
@pytest.mark.parametrize("name", NAMES)
def test_processors_are_divided(name: str, granularity: Granularity) -> None:
    """Every processor of the machine is in one resource, and a number stands for one thing."""
    planned = plan(machine(name), "h", granularity=granularity)
    every = [processor for resource in planned for processor in resource.processors]
    assert sorted(every) == list(machine(name).threads)
    assert [resource.properties[granularity] for resource in planned] == list(range(1, len(planned) + 1))
    assert {resource.properties["core"] for resource in planned} == set(range(1, machine(name).cores + 1))
    assert len({resource.properties["cpu"] for resource in planned}) == len(machine(name).packages)


@pytest.mark.parametrize("granularity", ["core", "thread", "host"])
@pytest.mark.parametrize("name", NAMES)
def test_twice_is_once(name: str, granularity: Granularity) -> None:
    rows = rows_of(plan(machine(name), "h", granularity=granularity, first=Numbers(7, 8, 9)), first=100)
    assert differ(name, "h", rows, granularity, Numbers(50, 50, 50)).equal


def test_a_core_more_joins_its_package() -> None:
    whole = machine("laptop")
    less = Machine("laptop", whole.memory_kb, (Package(0, whole.packages[0].cores[:3]),))
    rows = rows_of(plan(less, "laptop", first=Numbers(cpu=3, core=10)))
    planned = plan(whole, "laptop", first=Numbers(cpu=9, core=77), rows=rows)
    assert table(planned, "cpu", "core") == [(3, 10), (3, 11), (3, 12), (3, 77)]
    actions = [entry.action for entry in differ(whole, "laptop", rows, first=Numbers(9, 77)).entries]
    assert actions == ["same", "same", "same", "add"]


def test_a_thread_more_joins_its_core() -> None:
    less = Machine("laptop", 1, (Package(0, (Core(0, 0, (0,)),)),))
    more = Machine("laptop", 1, (Package(0, (Core(0, 0, (0, 4)),)),))
    rows = rows_of(plan(less, "laptop", granularity="thread", first=Numbers(2, 3, 4)))
    planned = plan(more, "laptop", granularity="thread", first=Numbers(8, 8, 8), rows=rows)
    assert table(planned, "cpu", "core", "thread") == [(2, 3, 4), (2, 3, 8)]


def test_one_number_for_two_things_is_mended() -> None:
    """oar_resources_init -T on the pair: core 1 in both packages."""
    rows = [row(n + 1, str(n), "h", cpu=n // 2 + 1, core=1, thread=n + 1, mem=2) for n in range(4)]
    planned = plan(machine("one-core-a-socket"), "h", granularity="thread", first=Numbers(3, 2, 5), rows=rows)
    assert table(planned, "cpu", "core", "thread") == [(1, 1, 1), (1, 1, 2), (2, 2, 3), (2, 2, 4)]
    changes = [
        dict(entry.changes) for entry in differ("one-core-a-socket", "h", rows, "thread", Numbers(3, 2, 5)).entries
    ]
    assert changes == [{}, {}, {"core": (1, 2)}, {"core": (1, 2)}]


def test_a_new_number_is_nobodys() -> None:
    """Also when the first new one is not above those there are."""
    rows = rows_of(plan(machine("one-core-a-socket"), "h"))[:1]
    planned = plan(machine("one-core-a-socket"), "h", rows=rows)
    assert table(planned, "cpu", "core") == [(1, 1), (2, 2)]


def test_several_numbers_in_one_package_are_kept() -> None:
    """OAR's tools make a cpu of each processor where there are no package ids."""
    rows = [row(n + 1, str(n), "board", cpu=n + 1, core=n + 1, mem=4) for n in range(6)]
    assert differ("arm", "board", rows, first=Numbers(7, 7, 1)).equal


def test_what_changed_is_told() -> None:
    planned = plan(machine("laptop"), "laptop")
    rows = rows_of(planned)
    rows[1] = with_properties(rows[1], mem=8)
    rows[2] = without(rows[2], "core")  # the column was added after the row
    found = differ("laptop", "laptop", rows, first=Numbers(2, 9, 1))
    assert [dict(entry.changes) for entry in found.entries] == [{}, {"mem": (8, 16)}, {"core": (None, 9)}, {}]
    assert found.to_do
    assert not found.equal


def test_another_form_of_the_same_cpuset_is_kept() -> None:
    rows = [with_properties(one, cpuset=cpuset) for one, cpuset in zip(rows_of(_pair()), ("0-1", "3,2"), strict=True)]
    planned = plan(machine("one-core-a-socket"), "h", rows=rows)
    assert table(planned, "cpuset") == [("0-1",), ("3,2",)]
    assert differ("one-core-a-socket", "h", rows).equal


def _pair() -> list[Resource]:
    return plan(machine("one-core-a-socket"), "h")


def test_rows_in_the_way() -> None:
    """What OAR's tool made of the pair: one resource over both packages."""
    rows = [row(4, "0,1,2,3", "h", cpu=2, core=1)]
    found = differ("one-core-a-socket", "h", rows)
    assert found.clashes == [extra.row for extra in found.extra] == rows
    assert [extra.why for extra in found.extra] == ["it shares processors 0-3 with what is planned"]
    assert len(found.of("add")) == 2


def test_rows_of_what_is_not_there() -> None:
    rows = [*rows_of(_pair()), row(9, "7", "h"), row(10, "garbage", "h"), row(11, "0,1", "h")]
    found = differ("one-core-a-socket", "h", rows)
    assert [(extra.row.resource_id, extra.why) for extra in found.extra] == [
        (9, "processor 7 not on this machine"),
        (10, "its cpuset is no list of processors"),
        (11, "resource 1 has the same processors"),
    ]
    assert [one.resource_id for one in found.clashes] == [11]  # the second with these processors
    assert not found.to_do
    assert not found.equal


def test_what_is_retired_is_not_in_the_way() -> None:
    rows = [row(4, "0,1,2,3", "h", cpu=2, core=1)._replace(state="Dead")]
    found = differ("one-core-a-socket", "h", rows)
    assert not found.clashes
    assert not found.to_retire
    assert [extra.row.resource_id for extra in found.extra] == [4]
    about_to_live = rows[0]._replace(next_state="Alive")
    assert differ("one-core-a-socket", "h", [about_to_live]).clashes == [about_to_live]
    assert not differ("one-core-a-socket", "h", [rows[0]._replace(state="Alive", next_state="Dead")]).clashes


def test_a_resource_that_lives_is_preferred_to_one_that_is_retired() -> None:
    first, second = rows_of(_pair())
    again = first._replace(resource_id=9)
    found = differ("one-core-a-socket", "h", [first._replace(state="Dead"), second, again])
    assert [entry.row.resource_id for entry in found.entries if entry.row] == [9, 2]


def test_why_a_row_is_not_planned() -> None:
    rows = [row(20, "5,6", "half"), row(21, "2,99", "half")]
    assert [extra.why for extra in differ("offline", "half", rows).extra] == [
        "processors 5-6 offline",
        "processor 2 offline; processor 99 not on this machine",
    ]


def test_one_resource_a_host() -> None:
    (one,) = plan(machine("numa"), "n", granularity="host")
    assert one.properties == {"host": "n", "cpuset": ",".join(map(str, range(16))), "mem": 126}


def test_by_gpu() -> None:
    """Each has cores near it, as many as its neighbours; they are numbered over the cluster, and named on the host."""
    planned = plan(machine("gpu-node"), "g", granularity="gpu", first=Numbers(gpu=11))
    assert table(planned, "gpu", "gpudevice", "cpu", "cpuset") == [
        (11, "2", 1, "0,1,2,3"),
        (12, "3", 1, "4,5,6,7"),
        (13, "0", 2, "8,9,10"),
        (14, "1", 2, "11,12,13"),
        (15, "4", 2, "14,15"),
    ]
    by_core = plan(machine("gpu-node"), "g", gpus=True)
    assert table(by_core, "core", "gpu", "gpudevice")[7:9] == [(8, 2, "3"), (9, 3, "0")]
    assert list(by_core[0].properties) == ["host", "cpu", "core", "cpuset", "mem", "gpu", "gpudevice"]
    assert "gpu" not in plan(machine("laptop"), "l", gpus=True)[0].properties
    assert differ("gpu-node", "g", rows_of(planned), "gpu", Numbers(gpu=99)).equal


def test_a_machine_that_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="l: it has no GPU"):
        plan(machine("laptop"), "l", granularity="gpu")
    crowded = Machine("x", 1, (Package(0, (Core(0, 0, (0,)),)),), gpus=machine("gpu-node").gpus)
    with pytest.raises(ValueError, match="x: it has 5 GPUs and only 1 cores"):
        plan(crowded, "x", granularity="gpu")


@pytest.mark.parametrize("cores", [5, 6, 9])
def test_gpus_that_crowd_on_one_side_have_a_core_each(cores: int) -> None:
    some = Machine("x", 1, (Package(0, tuple(Core(n, 0, (n,)) for n in range(cores))),), gpus=machine("gpu-node").gpus)
    planned = plan(some, "x", granularity="gpu")
    assert sorted(processor for one in planned for processor in one.processors) == list(range(cores))
    assert len(planned) == 5
    assert "cpu" in planned[0].properties


def test_properties_of_somebody() -> None:
    one = plan(machine("laptop"), "l", properties={"cluster": "blue", "mem": 3})[0]
    assert list(one.properties.items())[-2:] == [("mem", 3), ("cluster", "blue")]
