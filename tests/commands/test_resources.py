"""`resources` without a database: what is shown, and what is said of what cannot be used. tests/oar has the rest."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest

from tests.contracts.test_cost_of_starting import modules_after
from tests.machine.trees import machine
from wizard import cli
from wizard.commands import resources
from wizard.errors import DONE, FAILED, MACHINE, USAGE
from wizard.machine.detect import detect
from wizard.machine.model import Machine


@pytest.fixture(autouse=True)
def no_oar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """There is no oar.conf; the path of the one that would be read."""
    path = tmp_path / "oar.conf"
    monkeypatch.setenv("OARCONFFILE", str(path))
    return path


def recorded(directory: Path, name: str) -> str:
    path = directory / f"{name}.json"
    path.write_text(json.dumps(machine(name).to_json()))
    return str(path)


def test_detect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "detect", "--machine", recorded(tmp_path, "offline")]) == DONE
    assert capsys.readouterr().out.splitlines() == [
        "half: 1 package, 3 cores, 5 threads, 7.6 GiB of memory",
        "  package 0",
        "    core 0    processors 0,4",
        "    core 1    processor  1",
        "    core 3    processors 3,7",
        "  NUMA node 0: processors 0-1,3-4,7, 7.6 GiB",
        "  left out: processor 2,5-6: offline",
    ]
    cli.main(["resources", "detect", "--machine", recorded(tmp_path, "container")])
    assert "left out: processor 0-1,4-5,7: this process may not use it" in capsys.readouterr().out


def test_detect_writes_what_machine_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "detect", "--json"]) == DONE
    text = capsys.readouterr().out
    assert Machine.from_json(json.loads(text)).packages == detect().packages
    path = tmp_path / "this.json"
    path.write_text(text)
    assert cli.main(["resources", "detect", "--json", "--machine", str(path)]) == DONE
    assert capsys.readouterr().out == text


def test_plan_for_an_empty_database(tmp_path: Path, no_oar: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "plan", "--machine", recorded(tmp_path, "one-core-a-socket")]) == DONE
    assert capsys.readouterr().out.splitlines() == [
        "     id  host  cpu  core  cpuset  mem",
        "add  -   pair  1    1     0,1     2",
        "add  -   pair  2    2     2,3     2",
        "properties to add: host cpu core mem",
        "2 to add",
        f"note: no database was reached, so this is the plan for an empty one: {no_oar}: No such file or directory",
    ]


def test_plan_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--host", "other", "--granularity", "thread", "--machine", recorded(tmp_path, "one-core-a-socket")]
    assert cli.main(["resources", "plan", "--json", *words]) == DONE
    found = json.loads(capsys.readouterr().out)
    assert (found["v"], found["hosts"], found["granularity"], found["database"]) == (1, 1, "thread", False)
    assert found["resources"][3] == {
        "action": "add",
        "why": "the host has no resources",
        "resource_id": None,
        "network_address": "other",
        "properties": {"host": "other", "cpu": 2, "core": 2, "thread": 4, "cpuset": "3", "mem": 2},
        "changes": {},
    }
    assert "no database was reached" in found["notes"][0]


@pytest.mark.parametrize("more", [[], ["--plain"]])
def test_show_without_a_screen_is_plan(more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--machine", recorded(tmp_path, "laptop"), "--host", "other"]
    assert cli.main(["resources", "plan", *words]) == DONE
    lines = capsys.readouterr().out
    assert "4 to add" in lines
    assert cli.main(["resources", "show", *words, *more]) == DONE
    assert capsys.readouterr().out == lines


def test_export_as_sql_is_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "export", "--format", "sql", "--machine", recorded(tmp_path, "laptop")]) == DONE
    out, err = capsys.readouterr()
    assert out.startswith("BEGIN;\n")
    assert out.endswith("COMMIT;\n")
    assert "note: no database was reached" in err


def test_create_needs_a_database(no_oar: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "create"]) == MACHINE
    assert f"kameleon-tui: {no_oar}: No such file or directory" in capsys.readouterr().err


def test_a_database_that_is_down_is_told_at_once(no_oar: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    no_oar.write_text(f"DB_TYPE=Pg\nDB_HOSTNAME=127.0.0.1\nDB_PORT={port}\nDB_BASE_PASSWD=verysecret\n")
    begun = time.monotonic()
    assert cli.main(["resources", "create"]) == FAILED
    assert time.monotonic() - begun < 5
    said = capsys.readouterr().err
    assert f"OAR's database (oar on 127.0.0.1, port {port}) was not reached" in said
    assert "is PostgreSQL running?" in said
    assert "verysecret" not in said
    assert cli.main(["resources", "plan"]) == DONE  # what it would be is known all the same
    assert "Connection refused" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["plan", "show", "export", "create"])
@pytest.mark.parametrize(
    ("database", "message"), [("host=x password=y", "no password on the command line"), ("oar", "a connection string")]
)
def test_no_database(word: str, database: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", word, "--database", database]) == USAGE
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--property", "Rack=1"], "cannot be the name of a property"),
        (["--host", "n[1-3]", "n2"], "'n2' is named twice"),
        (["--granularity", "gpu", "--machine", "laptop"], "laptop: it has no GPU to cut it by"),
        (["--granularity", "host", "--machine", "cores-256"], "a cpuset is longer than the 255 characters"),
    ],
)
def test_what_cannot_be_planned(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [recorded(tmp_path, word) if word in ("laptop", "cores-256") else word for word in words]
    assert cli.main(["resources", "plan", *words]) == USAGE
    assert message in capsys.readouterr().err


def test_many_hosts_are_told_by_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["resources", "plan", "--machine", recorded(tmp_path, "laptop"), "--host", "node[01-20]", "last"]
    assert cli.main(words) == DONE
    assert capsys.readouterr().out.splitlines()[:3] == [
        "node01 … last (21 hosts): 4 to add each",
        "properties to add: host cpu core mem",
        "84 to add",
    ]
    assert cli.main([*words, "-v"]) == DONE
    assert len(capsys.readouterr().out.splitlines()) == 1 + 84 + 3


def test_a_named_database_that_is_down_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "plan", "--database", f"host={tmp_path} dbname=oar"]) == FAILED
    assert "was not reached" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("", "Expecting value"),
        ("\xff", "line 1 column 1"),
        ("[]", "machine: an object was expected"),
        ('{"v": 9}', '"v": 1 was expected, not 9'),
        ("[" * 100_000, "recursion"),
    ],
)
def test_no_machine(tmp_path: Path, content: str | None, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "machine.json"
    if content is not None:
        path.write_text(content)
    assert cli.main(["resources", "plan", "--machine", str(path)]) == USAGE
    said = capsys.readouterr().err
    assert said.startswith(f"kameleon-tui: {path}: ")
    assert message in said


@pytest.mark.parametrize(
    ("host", "message"),
    [("", "is empty"), (" ", "is empty"), ("x" * 101, "holds 100"), ("a\0b", "NUL"), (os.fsdecode(b"a\xff"), "UTF-8")],
)
def test_no_host_name(host: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("plan", "create"):
        assert cli.main(["resources", word, "--database", "dbname=x", "--host", host]) == USAGE
        assert message in capsys.readouterr().err


def test_a_name_does_not_reach_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--machine", recorded(tmp_path, "laptop"), "--host", "a\x1b[31m\x07b"]
    assert cli.main(["resources", "plan", *words]) == DONE
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "\x07" not in out + err
    assert "OAR's own tools put names into SQL and shell commands unquoted" in out


def test_a_machine_without_processors(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def nothing() -> Machine:
        raise ValueError("/sys/devices/system/cpu/online: cannot be read; is /sys mounted?")

    monkeypatch.setattr("wizard.machine.detect.detect", nothing)
    assert cli.main(["resources", "detect"]) == MACHINE
    assert "is /sys mounted" in capsys.readouterr().err


def test_it_is_light() -> None:
    """It runs on the first boot of an emulated machine, where an import takes twenty times as long."""
    found = modules_after("resources", "plan")
    assert "wizard.oar.create" in found
    assert not {name.split(".")[0] for name in found} & {"textual", "rich", "yaml", "psutil", "pyudev", "asyncio"}


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "create", "--timeout", "0.1"]) == USAGE
    for words in (["resources"], ["resources", "plan", "--granularity", "socket"]):
        assert cli.main(words) == USAGE
    assert resources.NAME == "resources"
