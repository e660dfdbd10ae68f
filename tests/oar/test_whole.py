"""Hosts that OAR has and the plan of the whole cluster has not: told, and retired when somebody says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.oar.postgres import Oar
from tests.oar.rows import row
from wizard import cli
from wizard.errors import DONE, FAILED, USAGE
from wizard.machine.model import Machine
from wizard.oar.difference import Difference, Extra
from wizard.oar.lines import Table
from wizard.oar.resource import Host

ALL = "host,cores\nn[1-3],2\nit's $(x) \\,1\n"


@pytest.fixture
def words(oar: Oar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Four hosts are in OAR; the arguments are those of a plan of two of them."""
    monkeypatch.setenv("OARCONFFILE", str(oar.conf))
    (tmp_path / "all.csv").write_text(ALL)
    (tmp_path / "two.csv").write_text("host,cores\nn[1-2],2\n")
    assert cli.main(["resources", "create", "--machine", str(tmp_path / "all.csv")]) == DONE
    return ["--machine", str(tmp_path / "two.csv")]


@pytest.mark.real
def test_other_hosts_are_nobodys_business_until_the_plan_is_whole(
    oar: Oar, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert cli.main(["resources", "plan", "--retire", *words]) == DONE
    assert capsys.readouterr().out.splitlines()[-1] == "4 as planned"
    assert cli.main(["resources", "plan", "--whole", *words]) == DONE
    said = capsys.readouterr().out
    assert "extra  5   n3           3    5     0       the plan has no such host\n" in said
    assert "4 as planned; 3 not planned" in said
    before = oar.resources(), oar.logs()
    assert cli.main(["resources", "create", "--whole", *words]) == FAILED
    assert "resource 5 of 'n3' (cpuset 0, Alive) is not planned: the plan has no such host" in capsys.readouterr().err
    assert (oar.resources(), oar.logs()) == before


@pytest.mark.real
def test_retired_as_oarnodesetting_does_it(
    oar: Oar, other: Oar, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        cli.main(["resources", "create", "--database", other.database.conninfo, "--machine", f"{tmp_path}/all.csv"])
        == DONE
    )
    capsys.readouterr()
    more = ["--whole", "--retire", *words]
    assert cli.main(["resources", "plan", "--json", *more]) == DONE
    extra = json.loads(capsys.readouterr().out)["extra"]
    assert [(one["resource_id"], one["network_address"], one["why"]) for one in extra] == [
        (7, "it's $(x) \\", "the plan has no such host"),
        (5, "n3", "the plan has no such host"),
        (6, "n3", "the plan has no such host"),
    ]
    assert cli.main(["resources", "create", *more]) == DONE
    assert capsys.readouterr().out.startswith("n1, n2: 4 resources: 3 retired\n")
    other.tool("oarnodesetting", "-n", "-s", "Dead", "-r", "5", "-r", "6", "-r", "7")
    assert (oar.resources(), oar.logs()) == (other.resources(), other.logs())
    assert cli.main(["resources", "create", *more]) == DONE
    assert capsys.readouterr().out == "n1, n2: 4 resources: nothing to do\n"


@pytest.mark.real
def test_a_host_that_comes_back_is_told_to_be_dead(
    oar: Oar, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may have been taken out for another reason, too: that is for people to decide."""
    assert cli.main(["resources", "create", "--whole", "--retire", *words]) == DONE
    back = ["--machine", str(tmp_path / "all.csv")]
    for word in ("plan", "create"):
        capsys.readouterr()
        assert cli.main(["resources", word, "--whole", *back]) == DONE
        assert "note: 3 planned resources are Dead: OAR gives no job" in capsys.readouterr().out
    assert cli.main(["resources", "create", *back, "--property", "rack=7"]) == DONE
    said = capsys.readouterr().out
    assert "7 changed" in said
    assert "3 planned resources are Dead" in said


@pytest.mark.real
def test_exported_for_others_to_carry_out(
    oar: Oar, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert cli.main(["resources", "export", "--whole", "--retire", "--format", "sql", *words]) == DONE
    statements = capsys.readouterr().out
    assert cli.main(["resources", "export", "--whole", "--retire", *words]) == DONE
    assert capsys.readouterr().out.splitlines()[3:] == [
        f"oarnodesetting -n -r {number} -s Dead" for number in (7, 5, 6)
    ]
    oar.sql(statements)
    assert [one["next_state"] for one in oar.resources()] == ["UnChanged"] * 4 + ["Dead"] * 3


@pytest.mark.real
def test_other_types_of_resources_are_no_hosts(oar: Oar, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Licences and the like have a row of another type, or no address."""
    oar.sql("INSERT INTO resources (type, network_address) VALUES ('licence', 'l'), ('default', '')")
    capsys.readouterr()
    assert cli.main(["resources", "plan", "--whole", *words]) == DONE
    assert "4 as planned; 3 not planned" in capsys.readouterr().out


def test_a_host_that_did_not_answer_is_not_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cluster.json"
    assert cli.main(["resources", "detect", "--json"]) == DONE
    machine = capsys.readouterr().out
    file.write_text(machine + json.dumps({"v": 1, "address": "n7", "error": "it was silent"}) + "\n")
    assert cli.main(["resources", "plan", "--machine", str(file)]) == DONE
    assert cli.main(["resources", "plan", "--whole", "--machine", str(file)]) == USAGE
    assert "is not the whole cluster: n7 did not answer when it was made" in capsys.readouterr().err
    file.write_text(machine)
    assert cli.main(["resources", "plan", "--whole", "--machine", str(file)]) == DONE


def test_many_rows_of_a_host_are_told_in_a_line() -> None:
    table = Table(["cpuset"], 1, retire=True)
    for host in ("gone", "lost"):
        rows = [row(number, str(number), host) for number in range(100)]
        table.see(Difference(Host(host, Machine("", 0, ())), [Extra(one, "", False) for one in rows]))
    assert list(table.lines())[-1] == "gone, lost: 100 to retire each"
