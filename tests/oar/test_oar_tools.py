"""Rows and log are what OAR's own tools leave of the same machine, where those are right, and after the same change."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from tests.machine.trees import fixture, machine
from tests.oar.postgres import Oar
from tests.oar.rows import planner
from wizard.oar.create import create
from wizard.oar.plan import Granularity

pytestmark = pytest.mark.real


def init(oar: Oar, name: str, option: str, directory: Path) -> None:
    """oar_resources_init for a host whose /proc is the fixture's; ssh is a script that answers with it."""
    shown = fixture(name)
    blocks = [
        f"processor\t: {one['processor']}\nphysical id\t: {one['package']}\ncore id\t\t: {one['core']}\n"
        for one in shown["processors"]
    ]
    (directory / "cpuinfo").write_text("\n".join(blocks))
    (directory / "meminfo").write_text(f"MemTotal:       {shown['memory_kb']} kB\n")
    ssh = f'shift 2\nexec cat {shlex.quote(str(directory))}/"${{1#/proc/}}"'
    oar.init_resources(directory, shown["hostname"], ssh, "-n", option)


@pytest.mark.parametrize(("name", "option", "granularity"), [("numa", "-H", "core"), ("smt-off", "-T", "thread")])
def test_as_oar_resources_init(
    oar: Oar, other: Oar, tmp_path: Path, name: str, option: str, granularity: Granularity
) -> None:
    init(other, name, option, tmp_path)
    created = create(planner(name, fixture(name)["hostname"], granularity), oar.database, None)
    assert created.wrong == []
    assert oar.resources() == other.resources()
    assert oar.logs() == other.logs()
    assert len(oar.resources()) == created.totals.add > 0


def test_what_init_made_needs_nothing(oar: Oar, tmp_path: Path) -> None:
    init(oar, "laptop", "-H", tmp_path)
    before = (oar.resources(), oar.logs())
    created = create(planner("laptop", "laptop"), oar.database, None)
    assert (created.wrong, created.totals.add, created.totals.change, created.totals.extra) == ([], 0, 0, 0)
    assert (oar.resources(), oar.logs()) == before


def test_what_init_numbered_wrongly_is_mended(oar: Oar, tmp_path: Path) -> None:
    """One core a socket with SMT: its -T gives core 1 to both packages, so a job of one core would get both."""
    init(oar, "one-core-a-socket", "-T", tmp_path)
    assert [(row["cpu"], row["core"]) for row in oar.resources()] == [(1, 1), (1, 1), (2, 1), (2, 1)]
    created = create(planner("one-core-a-socket", "pair", "thread"), oar.database, None)
    assert created.wrong == []
    assert [(row["cpu"], row["core"]) for row in oar.resources()] == [(1, 1), (1, 1), (2, 2), (2, 2)]


def test_a_change_as_oarnodesetting_makes_it(oar: Oar, other: Oar) -> None:
    before = machine("laptop")
    after = replace(before, memory_kb=64 * 1024 * 1024)
    for one in (oar, other):
        create(planner(before, "laptop"), one.database, None)
    assert create(planner(after, "laptop"), oar.database, None).wrong == []
    other.tool("oarnodesetting", *(word for number in "1234" for word in ("-r", number)), "-p", "mem=65")
    assert oar.resources() == other.resources()
    assert oar.logs() == other.logs()
    assert [row["value"] for row in oar.logs() if row["attribute"] == "mem" and row["open"]] == ["65"] * 4


def test_rows_made_by_the_rest_function_with_a_stale_sequence(oar: Oar) -> None:
    """OAR::IO::add_resources numbers rows itself and leaves the sequence behind: the next row would take number 1."""
    create(planner("one-core-a-socket", "first"), oar.database, None)
    oar.sql("SELECT setval('resources_resource_id_seq', 1)")  # as if the function had made the second row
    program = r"""
        use OAR::IO; my $base = OAR::IO::connect();
        my @new = map { {network_address => 'rest', host => 'rest', cpu => 9, core => $_} } 10..12;
        OAR::IO::add_resources($base, \@new);
    """
    oar.perl(program)
    assert [row["resource_id"] for row in oar.resources()] == [1, 2, 3, 4, 5]

    created = create(planner("laptop", "laptop"), oar.database, None)
    assert created.wrong == []
    assert created.notes == ["the sequence of resources was at 1, behind its table: now at 5"]
    rows = oar.resources()
    assert [row["resource_id"] for row in rows] == list(range(1, 10))
    assert [row["core"] for row in rows[5:]] == [13, 14, 15, 16]
    assert {row["cpu"] for row in rows[5:]} == {10}
    # And OAR's own tool goes on from there, instead of writing over resource 1.
    oar.tool("oarnodesetting", "-a", "-h", "after", "-p", "host=after")
    assert [(row["resource_id"], row["host"]) for row in (oar.resources()[0], oar.resources()[-1])] == [
        (1, "first"),
        (10, "after"),
    ]
