"""Many hosts on a real database: as OAR's own tools would leave them, at once or not at all, in little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.oar.postgres import Oar, Postgres
from wizard import cli
from wizard.errors import DONE, FAILED
from wizard.oar.database import DatabaseError

pytestmark = pytest.mark.real

CLUSTER = "host,cpus,cores,gpus,cluster,rack\nnode-[1-3],2,2,2,blue,1\nlogin,1,1,,,\n"


@pytest.fixture
def words(oar: Oar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments for a cluster of 13 cores; the database is that of OARCONFFILE, as root."""
    monkeypatch.setenv("OARCONFFILE", str(oar.conf))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    file = tmp_path / "cluster.csv"
    file.write_text(CLUSTER)
    return ["--machine", str(file), "--gpus"]


def tables(one: Oar) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    return one.resources(), one.logs()


def shell(one: Oar, script: str, directory: Path) -> None:
    for tool in ("oarnodesetting", "oarproperty"):
        one.install(tool, directory)
    subprocess.run(["sh", "-s"], input=script, text=True, check=True, capture_output=True, timeout=300)


def test_as_oar_resources_add(oar: Oar, other: Oar, words: list[str], tmp_path: Path) -> None:
    """Its lines carried out: 2 hosts of 2 cpus of 2 cores with 2 GPUs."""
    (tmp_path / "same.csv").write_text("host,cpus,cores,gpus\nnode-[1-2],2,2,2\n")
    text = other.tool("oar_resources_add", "-H", "2", "-C", "2", "-c", "2", "-g", "2")
    shell(other, text, tmp_path)
    assert cli.main(["resources", "create", "--machine", str(tmp_path / "same.csv"), "--gpus"]) == DONE
    assert tables(oar) == tables(other)
    assert len(oar.resources()) == 8


def test_the_commands_that_are_exported_do_the_same(
    oar: Oar, other: Oar, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To an empty server; then to one with changes, and with rows that are retired."""
    more = ["--property", "rack=9", "--property", "room=a b", "--property", "available_upto=0", "--retire"]
    (tmp_path / "less.csv").write_text(CLUSTER.replace("2,2,2,blue", "1,2,1,blue"))
    for file in ("cluster.csv", "less.csv"):
        arguments = ["--machine", str(tmp_path / file), "--gpus", *(more if file == "less.csv" else [])]
        arguments += ["--property", "deploy=YES", "--property", "besteffort=YES"]  # the second is the default
        capsys.readouterr()
        assert cli.main(["resources", "export", *arguments]) == DONE
        shell(other, capsys.readouterr().out, tmp_path)
        assert cli.main(["resources", "create", *arguments]) == DONE
        mine, theirs = tables(oar), tables(other)
        assert mine[0] == theirs[0]
        # Its lines of log are in another order: a command is a resource, and here a change is made to all at once.
        order = [json.dumps({**line, "resource_log_id": 0}, sort_keys=True) for line in mine[1]]
        assert Counter(order) == Counter(
            json.dumps({**line, "resource_log_id": 0}, sort_keys=True) for line in theirs[1]
        )
    assert Counter(row["next_state"] for row in oar.resources()) == {"UnChanged": 7, "Dead": 6}


def test_what_the_api_takes_makes_the_same_rows(
    oar: Oar, other: Oar, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """OAR::IO::add_resources, which POST /resources calls, of the exported JSON; the columns must be there for it."""
    assert cli.main(["resources", "export", "--format", "json", *words]) == DONE
    (tmp_path / "list.json").write_text(capsys.readouterr().out)
    assert cli.main(["resources", "create", *words]) == DONE
    capsys.readouterr()
    for line in ("-c -a host", "-a cpu", "-a core", "-a gpu", "-c -a gpudevice", "-c -a cluster", "-a rack"):
        other.tool("oarproperty", *line.split())
    program = f"""
        use OAR::IO; use JSON::PP; my $base = OAR::IO::connect();
        local $/; open(my $list, '<', '{tmp_path}/list.json');
        OAR::IO::add_resources($base, decode_json(<$list>));
    """
    other.perl(program)
    assert oar.resources() == other.resources()


def test_again_is_nothing(oar: Oar, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "create", *words]) == DONE
    assert capsys.readouterr().out.startswith("node-1 … login (4 hosts): 13 resources: 13 added\n")
    before = tables(oar)
    assert cli.main(["resources", "create", *words]) == DONE
    assert capsys.readouterr().out == "node-1 … login (4 hosts): 13 resources: nothing to do\n"
    assert cli.main(["resources", "create", "--json", *words]) == DONE
    said = json.loads(capsys.readouterr().out)
    assert (said["hosts"], said["resources"], said["added"], said["changed"], said["ok"]) == (4, 13, 0, 0, True)
    assert tables(oar) == before
    assert cli.main(["resources", "export", "--format", "sql", *words]) == DONE
    assert capsys.readouterr().out == ""


def test_retired_as_oarnodesetting_does_it(
    oar: Oar, other: Oar, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each thread was a resource, now each core is. What is retired stays so, and is told no more."""
    (tmp_path / "smt.csv").write_text("host,cores,threads\nn,2,2\n")
    smt = ["--machine", str(tmp_path / "smt.csv")]
    for one in (oar, other):
        os.environ["OARCONFFILE"] = str(one.conf)
        assert cli.main(["resources", "create", "--granularity", "thread", *smt]) == DONE
    os.environ["OARCONFFILE"] = str(oar.conf)
    capsys.readouterr()
    assert cli.main(["resources", "plan", *smt]) == FAILED
    said = capsys.readouterr()
    assert "extra  1   n     1    1     0       it shares processor 0 with what is planned" in said.out
    assert "--retire takes them out of use" in said.err
    assert cli.main(["resources", "plan", "--retire", *smt]) == DONE
    assert "2 to add; 4 to retire" in capsys.readouterr().out
    assert cli.main(["resources", "create", "--retire", *smt]) == DONE
    assert "n: 2 resources: 2 added, 4 retired" in capsys.readouterr().out

    other.tool("oarnodesetting", "-n", "-s", "Dead", *(word for number in "1234" for word in ("-r", number)))
    assert oar.resources()[:4] == other.resources()
    assert [(row["cpuset"], row["core"]) for row in oar.resources()[4:]] == [("0,2", 3), ("1,3", 4)]
    before = tables(oar)
    assert cli.main(["resources", "create", *smt]) == DONE
    assert capsys.readouterr().out == "n: 2 resources: nothing to do\n"
    assert tables(oar) == before


def test_rivals_with_patterns_that_overlap(oar: Oar, words: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "wizard", "resources", "create", "--machine", str(tmp_path / "one.csv")]
    (tmp_path / "one.csv").write_text("host,cores\nx,4\n")
    ranges = ["1-40", "20-60", "30-35", "1-60"]
    rivals = [subprocess.Popen([*command, "--host", f"n[{one}]"], stdout=subprocess.PIPE) for one in ranges]
    ends = [(rival.communicate(timeout=100), rival.returncode) for rival in rivals]
    assert [status for _, status in ends] == [DONE] * 4, ends
    rows = oar.resources()
    assert Counter(row["host"] for row in rows) == {f"n{number}": 4 for number in range(1, 61)}
    assert sorted(row["core"] for row in rows) == list(range(1, 241))
    assert {row["cpu"] for row in rows} == set(range(1, 61))


def test_a_stale_sequence_is_noticed(oar: Oar, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "create", *words]) == DONE
    oar.sql("SELECT setval('resources_resource_id_seq', 3)")
    capsys.readouterr()
    assert cli.main(["resources", "plan", *words]) == DONE
    said = capsys.readouterr().out
    assert "the sequence of resources is at 3, behind its table (13)" in said
    statement = said.partition("by hand: ")[2].strip()
    assert statement.startswith("SELECT setval(")
    oar.sql(statement)
    assert cli.main(["resources", "plan", *words]) == DONE
    assert "sequence" not in capsys.readouterr().out


def test_values_are_literals(oar: Oar, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = ["it's", "a\\'; DROP TABLE resources; --", "$(touch sign)", "\\N", "\\.", "tab\\there", ":x {0} %s"]
    given = [word for at, value in enumerate(hostile) for word in ("--property", f"p{at}={value}")]
    assert cli.main(["resources", "create", *words, *given]) == DONE
    for row in oar.resources():
        assert [row[f"p{at}"] for at in range(len(hostile))] == hostile
    capsys.readouterr()
    assert cli.main(["resources", "create", *words, *given]) == DONE
    assert "nothing to do" in capsys.readouterr().out
    assert not list(tmp_path.rglob("sign"))


def test_a_database_that_stops_in_the_middle(oar: Oar, postgres: Postgres, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text("host,cores\nn[1-400],100\n")
    command = [sys.executable, "-m", "wizard", "resources", "create", "--machine", str(tmp_path / "wide.csv")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    writing = "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^(COPY resources|INSERT INTO resource_logs)'"
    administrator = postgres.database(oar.name, "postgres")  # nobody else sees what another user's session does
    while administrator.run(f"{writing} AND pid <> pg_backend_pid()").strip() == "0":
        assert process.poll() is None
    postgres.stop()
    try:
        _, err = process.communicate(timeout=60)
        assert process.returncode == FAILED
        assert "Traceback" not in err
    finally:
        postgres.start()
    assert oar.resources() == oar.logs() == []
    assert cli.main(["resources", "create", "--machine", str(tmp_path / "wide.csv")]) == DONE
    assert len(oar.resources()) == 40_000


def test_memory_does_not_grow_with_the_hosts(oar: Oar, words: list[str], tmp_path: Path) -> None:
    """100 times the hosts: creating, comparing and changing them."""
    peaks = []
    for hosts in (3, 300):
        oar.empty()
        file = tmp_path / f"{hosts}.csv"
        file.write_text(f"host,cores\nn[1-{hosts}],100\n")
        peaks.append(
            [peak(word, file, *more) for word, *more in (("create",), ("plan",), ("create", "--property", "rack=7"))]
        )
    assert len(oar.resources()) == 30_000
    for few, many in zip(*peaks, strict=True):
        assert many < few * 1.2, peaks


def peak(word: str, file: Path, *more: str) -> int:
    """The most memory that a command had, kB."""
    program = (
        "import resource, sys\nfrom wizard.cli import main\nstatus = main(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, status, file=sys.stderr)"
    )
    words = [sys.executable, "-c", program, "resources", word, "--machine", str(file), *more]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    size, status = done.stderr.split()[-2:]
    assert status == str(DONE), done.stderr
    return int(size)


def test_tables_are_held_no_longer_than_they_are_written(oar: Oar, words: list[str]) -> None:
    """Nothing to do takes no lock at all: somebody else's does not matter."""
    assert cli.main(["resources", "create", *words]) == DONE

    def hold() -> None:
        try:
            oar.sql("BEGIN; LOCK TABLE resources IN EXCLUSIVE MODE; SELECT pg_sleep(30);")
        except DatabaseError:
            pass

    holder = threading.Thread(target=hold)
    holder.start()
    others = "FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
    while oar.sql(f"SELECT count(*) {others}") == "0":
        time.sleep(0.05)
    begun = time.monotonic()
    assert cli.main(["resources", "create", *words]) == DONE
    assert time.monotonic() - begun < 10
    oar.sql(f"SELECT pg_terminate_backend(pid) {others}")
    holder.join(20)
