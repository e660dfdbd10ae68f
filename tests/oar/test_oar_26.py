"""As test_oar_tools.py, with OAR 2.6 of Debian 13: its schema, and what its own tools leave of the same machine."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.machine.trees import machine
from tests.oar import test_oar_tools as oar_25
from tests.oar.conftest import serving
from tests.oar.postgres import Oar, Postgres, unpack_oar
from tests.oar.rows import planner
from wizard.errors import UserError
from wizard.machine.model import Machine
from wizard.oar.create import create
from wizard.oar.plan import Granularity

pytestmark = [pytest.mark.real, pytest.mark.long]


@pytest.fixture(scope="module")
def oar_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_oar(tmp_path_factory.mktemp("oar-2.6"), "trixie")


@pytest.fixture(scope="module")
def postgres(oar_tree: Path) -> Iterator[Postgres]:
    with serving(oar_tree) as server:
        yield server


def hwloc(one: Machine) -> str:
    """What `hwloc-ls -p --no-io --no-caches` prints of a machine, as hwloc 2.12 does."""
    lines = [f"Machine ({_gib(one.memory_kb)}GB total)"]
    for package in one.packages:
        indent = "  "
        if len(one.packages) == 1:
            lines[0] += f" + Package P#{package.package}"
        else:
            lines.append(f"  Package P#{package.package}")
            indent += "  "
        mine = {thread for core in package.cores for thread in core.threads}
        for node in one.nodes:
            if mine & set(node.threads):
                lines.append(f"{indent}NUMANode P#{node.node} ({_gib(node.memory_kb)}GB)")
        for core in package.cores:
            if len(core.threads) == 1:
                lines.append(f"{indent}Core P#{core.core} + PU P#{core.threads[0]}")
            else:
                lines.append(f"{indent}Core P#{core.core}")
                lines += [f"{indent}  PU P#{thread}" for thread in core.threads]
    return "\n".join(lines) + "\n"


def _gib(kib: int) -> int:
    return round(kib / 2**20)


def init(oar: Oar, one: Machine, directory: Path, *options: str) -> None:
    """oar_resources_init for a host that is this machine; ssh is a script that answers as hwloc-ls there would."""
    (directory / "topology").write_text(hwloc(one))
    ssh = f"exec cat {shlex.quote(str(directory))}/topology"
    oar.init_resources(directory, one.hostname, ssh, "-s", *options)


def rounded(name: str) -> Machine:
    """A recorded machine with as much memory as hwloc, which rounds, and Linux, which is rounded up, agree on."""
    one = machine(name)
    return replace(one, memory_kb=one.memory_kb // 2**20 * 2**20 + 3 * 2**18)


def test_it_is_oar_2_6(oar: Oar) -> None:
    assert oar.sql("SELECT version FROM schema") == "2.5.10"  # the schema's; OAR 2.5.9 has 2.5.8
    done = subprocess.run(
        [oar.tree / "usr/lib/oar/oarnodesetting", "-V"], env=oar.environment(), capture_output=True, text=True
    )
    assert "2.6." in done.stdout + done.stderr


# Without -t its rows are wrong where a core has one thread: all of a package in one row.
CASES: list[tuple[str, list[str], Granularity]] = [
    ("numa", [], "core"),
    ("numa", ["-t"], "thread"),
    ("laptop", [], "core"),
    ("smt-off", ["-t"], "thread"),
    ("one-core-a-socket", ["-t"], "thread"),
]


@pytest.mark.parametrize(("name", "options", "granularity"), CASES)
def test_as_oar_resources_init(
    oar: Oar, other: Oar, tmp_path: Path, name: str, options: list[str], granularity: Granularity
) -> None:
    one = rounded(name)
    init(other, one, tmp_path, *options)
    created = create(planner(one, one.hostname, granularity), oar.database, None)
    assert created.wrong == []
    assert oar.resources() == other.resources()
    assert oar.logs() == other.logs()
    assert len(oar.resources()) == created.totals.add > 0


def test_what_init_made_of_a_machine_without_threads_is_told(oar: Oar, tmp_path: Path) -> None:
    """smt-off has four cores; oar_resources_init without -t makes one resource of them."""
    one = rounded("smt-off")
    init(oar, one, tmp_path)
    assert [(row["core"], row["cpuset"]) for row in oar.resources()] == [(4, "0,1,2,3")]
    with pytest.raises(UserError, match=r"share processors with the plan: resource 1 has cpuset 0,1,2,3"):
        create(planner(one, one.hostname), oar.database, None)


test_a_change_as_oarnodesetting_makes_it = oar_25.test_a_change_as_oarnodesetting_makes_it
