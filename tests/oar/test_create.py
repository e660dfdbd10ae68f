"""`resources create` on a real database: once, twice, with more, with hostile names, with rivals, without a server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.machine.trees import machine
from tests.oar.postgres import Oar, Postgres
from tests.oar.rows import planner
from wizard import cli
from wizard.errors import DONE, FAILED, HELD, MACHINE, UserError
from wizard.machine.model import Machine, Package
from wizard.oar import server, sql
from wizard.oar.create import create, prepare
from wizard.oar.database import DatabaseError
from wizard.oar.read import reading

pytestmark = pytest.mark.real

HOSTILE = [
    "it's",
    'quo"ted',
    "$(touch sign)`touch sign`",
    "back\\slash\\'; DROP TABLE resources; --",
    "'); DROP TABLE resources; --",
    "two\nlines\n\\q\n\\! touch sign",
    "$plan$; DROP TABLE resources; $plan$",
    ":host :'host' %s {0} \u00e9\u4e2d",
    "-r",
]


@pytest.fixture
def words(oar: Oar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments for the laptop; the database is that of OARCONFFILE, as root."""
    monkeypatch.setenv("OARCONFFILE", str(oar.conf))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    file = tmp_path / "laptop.json"
    file.write_text(json.dumps(machine("laptop").to_json()))
    return ["--machine", str(file)]


def test_create_and_again(oar: Oar, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    oar.install("oarnodes", tmp_path)
    assert cli.main(["resources", "create", *words]) == DONE
    text = capsys.readouterr().out
    assert text.startswith("laptop: 4 resources: 4 added\n")
    assert "note: OAR's server on localhost, port 1, was not told: Connection refused" in text
    before = (oar.resources(), oar.logs())

    assert cli.main(["resources", "create", *words]) == DONE
    assert capsys.readouterr().out == "laptop: 4 resources: nothing to do\n"
    assert (oar.resources(), oar.logs()) == before

    assert cli.main(["resources", "plan", "--json", *words]) == DONE
    planned = json.loads(capsys.readouterr().out)
    assert planned["database"]
    assert [(entry["action"], entry["resource_id"]) for entry in planned["resources"]] == [
        ("same", number) for number in range(1, 5)
    ]


def test_a_host_that_the_server_cannot_find_is_told(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known: list[str] = []
    monkeypatch.setattr(server, "unknown", lambda names: [name for name in names if name not in known])
    assert cli.main(["resources", "create", *words, "--host", "node-[1-3]"]) == DONE
    said = capsys.readouterr().out
    assert "note: this machine knows no address of node-1 (and of 2 more names), by which OAR's server reaches" in said
    assert "a line `ADDRESS node-1` in /etc/hosts tells it" in said
    known += ["node-4"]
    assert cli.main(["resources", "create", *words, "--host", "node-4"]) == DONE
    assert "knows no address" not in capsys.readouterr().out


def test_oarnodes_that_shows_something_else(
    oar: Oar, other: Oar, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """OAR's tools look into another database than the one the resources went to."""
    create(planner("one-core-a-socket", "laptop"), other.database, None)
    other.install("oarnodes", tmp_path)
    assert cli.main(["resources", "create", *words]) == FAILED
    said = capsys.readouterr().err
    assert "OAR's resources of 'laptop' are not as planned" in said
    assert "oarnodes shows cpuset=0,1 for resource 1, not 0,4" in said
    assert "oarnodes does not show resource 4" in said
    assert "Traceback" not in said


def test_the_server_is_told_once_there_is_news(oar: Oar, words: list[str]) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def listen() -> None:
            while len(heard) < 2:
                connection, _ = listener.accept()
                with connection, connection.makefile("rb") as stream:
                    heard.append(stream.read())

        thread = threading.Thread(target=listen)
        thread.start()
        text = oar.conf.read_text().replace('SERVER_PORT="1"', f"SERVER_PORT={listener.getsockname()[1]}")
        oar.conf.write_text(text.replace('"localhost"', '"127.0.0.1"'))
        assert cli.main(["resources", "create", *words]) == DONE
        thread.join(20)
    assert heard == [b"ChState\n", b"Term\n"]


def test_a_core_more(oar: Oar) -> None:
    whole = machine("laptop")
    less = Machine("laptop", whole.memory_kb, (Package(0, whole.packages[0].cores[:3]),))
    create(planner(less, "laptop"), oar.database, None)
    create(planner("one-core-a-socket", "other"), oar.database, None)
    created = create(planner(whole, "laptop"), oar.database, None)
    assert created.wrong == []
    found = [(row["host"], row["cpu"], row["core"], row["cpuset"]) for row in oar.resources()]
    assert found[2:] == [
        ("laptop", 1, 3, "2,6"),
        ("other", 2, 4, "0,1"),
        ("other", 3, 5, "2,3"),
        ("laptop", 1, 6, "3,7"),
    ]


def test_names_are_literals(oar: Oar, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And OAR's own tools, which do not take such names for literals, are not asked about them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "oarnodes").write_text("#!/bin/sh\ntouch sign\n")
    (tmp_path / "oarnodes").chmod(0o755)
    for host in HOSTILE:
        assert cli.main(["resources", "create", f"--host={host}", *words]) == DONE
        assert cli.main(["resources", "plan", f"--host={host}", *words]) == DONE
    assert Counter(row["network_address"] for row in oar.resources()) == dict.fromkeys(HOSTILE, 4)
    assert Counter(row["host"] for row in oar.resources()) == dict.fromkeys(HOSTILE, 4)
    logged = Counter(row["value"] for row in oar.logs() if row["attribute"] == "host")
    assert logged == dict.fromkeys(HOSTILE, 4)
    assert not list(tmp_path.rglob("sign"))


def test_printed_statements_can_be_carried_out_once(
    oar: Oar, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["resources", "export", "--format", "sql", "--host=it's", *words]) == DONE
    printed = capsys.readouterr().out
    oar.sql(printed)
    assert len(oar.resources()) == 4
    with pytest.raises(DatabaseError, match="not those the plan was made for"):
        oar.sql(printed)
    assert len(oar.resources()) == 4


def test_rivals(oar: Oar, words: list[str]) -> None:
    """Eight at once, two of each host: every row once, every number once."""
    command = [sys.executable, "-m", "wizard", "resources", "create", *words]
    rivals = [
        subprocess.Popen([*command, "--host", f"node{number % 4}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for number in range(8)
    ]
    ends = [(rival.communicate(timeout=100), rival.returncode) for rival in rivals]
    assert [status for _, status in ends] == [DONE] * 8, ends
    rows = oar.resources()
    assert Counter(row["host"] for row in rows) == {f"node{number}": 4 for number in range(4)}
    assert sorted(row["core"] for row in rows) == list(range(1, 17))
    assert {row["cpu"] for row in rows} == {1, 2, 3, 4}
    assert len({(row["host"], row["cpu"]) for row in rows}) == 4
    assert Counter(row["attribute"] for row in oar.logs())["core"] == 16


def test_killed_at_any_moment(oar: Oar, words: list[str]) -> None:
    """Then run again: all is there once. (Its psql may still be at work, then.)"""
    command = [sys.executable, "-m", "wizard", "resources", "create", *words]
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    whole = time.monotonic() - began  # 0.1 to 1 s, as busy as the machine is
    unfinished = 0
    for part in (0.2, 0.5, 0.7, 0.8, 0.9):
        oar.empty()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(part * whole)
        process.kill()
        process.wait()
        unfinished += not oar.resources()
        assert create(planner("laptop", "laptop"), oar.database, None).wrong == []
        rows = oar.resources()
        assert [(row["host"], row["core"], row["cpuset"]) for row in rows] == [
            ("laptop", 1, "0,4"),
            ("laptop", 2, "1,5"),
            ("laptop", 3, "2,6"),
            ("laptop", 4, "3,7"),
        ]
        ids = [row["resource_id"] for row in rows]
        logged = Counter(row["attribute"] for row in oar.logs() if row["open"] and row["resource_id"] in ids)
        assert logged == {"state": 4, "host": 4, "cpu": 4, "core": 4, "cpuset": 4, "mem": 4}
        assert len(oar.logs()) == 24
    assert unfinished


def test_rows_in_the_way_are_not_touched(oar: Oar, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """By thread, then by core: both would give processor 0 to a job of their own."""
    assert cli.main(["resources", "create", "--granularity", "thread", *words]) == DONE
    before = (oar.resources(), oar.logs())
    capsys.readouterr()
    assert cli.main(["resources", "create", *words]) == FAILED
    said = capsys.readouterr().err
    assert "'laptop' has resources that share processors with the plan: resource 1 has cpuset 0" in said
    assert "oarnodesetting -r 1 -s Dead && oarremoveresource 1" in said
    assert (oar.resources(), oar.logs()) == before
    assert cli.main(["resources", "plan", *words]) == FAILED


def test_a_processor_that_went_is_told(oar: Oar) -> None:
    create(planner("laptop", "laptop"), oar.database, None)
    less = Machine("laptop", machine("laptop").memory_kb, (Package(0, machine("laptop").packages[0].cores[:3]),))
    (said,) = create(planner(less, "laptop"), oar.database, None).wrong
    assert said.startswith("resource 4 of 'laptop' (cpuset 3,7, Alive) is not planned: processors 3,7 not on this")
    assert len(oar.resources()) == 4


def test_stopped_in_the_middle(oar: Oar) -> None:
    """The last thing before COMMIT takes for ever: nothing is half there, columns included."""
    one = planner("laptop", "laptop")
    with reading(oar.database, one) as found, prepare(one, found) as prepared:
        text = prepared.script.read().decode()
    with pytest.raises(DatabaseError):
        oar.database.run(text.replace("COMMIT;", "SELECT pg_sleep(60);\nCOMMIT;"), limit=2)
    assert oar.resources() == oar.logs() == []
    with reading(oar.database, one) as found:
        assert "cpu" not in found.snapshot.columns


def test_tables_that_somebody_holds(oar: Oar) -> None:
    others = "FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND pid <> pg_backend_pid()"

    def hold() -> None:
        with contextlib.suppress(DatabaseError):
            oar.sql("BEGIN; LOCK TABLE resource_logs IN EXCLUSIVE MODE;\nSELECT pg_sleep(30);")

    holder = threading.Thread(target=hold)
    holder.start()
    while oar.sql(f"SELECT count(*) {others}") == "0":  # it sleeps, so it has the lock
        time.sleep(0.05)
    begun = time.monotonic()
    with pytest.raises(DatabaseError, match="somebody holds OAR's tables") as caught:
        create(planner("laptop", "laptop"), oar.database, None, limit=4)
    assert time.monotonic() - begun < 8
    assert caught.value.status == HELD
    oar.sql(f"SELECT pg_terminate_backend(pid) {others}")
    holder.join(20)
    assert oar.resources() == []


def test_no_tables(postgres: Postgres) -> None:
    with pytest.raises(DatabaseError, match='"resources"') as caught:
        create(planner("laptop", "laptop"), postgres.database("postgres"), None)
    assert "oar-database --create" in caught.value.hint


def test_a_property_of_another_type(oar: Oar) -> None:
    oar.sql("ALTER TABLE resources ADD COLUMN core VARCHAR(255)")
    with pytest.raises(UserError, match="the property core is of type character varying"):
        create(planner("laptop", "laptop"), oar.database, None)


def test_statements_need_no_setting_of_the_server(oar: Oar, postgres: Postgres) -> None:
    """An old database may read backslashes in every literal."""
    administrator = postgres.database(oar.name, "postgres")
    administrator.run(f"ALTER DATABASE {oar.name} SET standard_conforming_strings = off;")
    for host in HOSTILE:
        assert create(planner("one-core-a-socket", host), oar.database, None).wrong == []
    assert {row["host"] for row in oar.resources()} == set(HOSTILE)
    assert sql.quote("x\\") == " E'x\\\\'"


def test_a_database_that_is_down_or_silent(oar: Oar, postgres: Postgres) -> None:
    """First as if its machine had hung, then stopped."""
    os.kill(postgres.pid, signal.SIGSTOP)
    try:
        _is_told(oar, "timeout expired|did not answer")
    finally:
        os.kill(postgres.pid, signal.SIGCONT)
    postgres.stop()
    try:
        _is_told(oar, "was not reached")
    finally:
        postgres.start()
    assert oar.resources() == []


def test_a_server_that_is_being_started_is_waited_for(
    oar: Oar, postgres: Postgres, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    postgres.stop()
    later = threading.Timer(1.5, postgres.start)
    later.start()
    try:
        assert cli.main(["resources", "create", "--wait", "60", *words]) == DONE
    finally:
        later.join()
    assert capsys.readouterr().out.startswith("laptop: 4 resources: 4 added\n")


def test_tables_that_never_come(oar: Oar, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    administrator = oar.database
    administrator.run("ALTER TABLE resources RENAME TO away;")
    try:
        assert cli.main(["resources", "create", "--wait", "1", *words]) == FAILED
    finally:
        administrator.run("ALTER TABLE away RENAME TO resources;")
    said = capsys.readouterr().err
    assert "(waited for 1 s)" in said
    assert "oar-database --create" in said


def test_what_no_wait_will_bring(words: list[str]) -> None:
    script = """
        mount -t tmpfs none /usr/lib/postgresql
        if [ -e /usr/bin/psql ]; then mount --bind /dev/null /usr/bin/psql; fi
        exec "$@"
    """
    command = ["unshare", "--mount", "sh", "-ec", script, "sh", sys.executable, "-m", "wizard", "resources", "create"]
    begun = time.monotonic()
    done = subprocess.run([*command, "--wait", "60", *words], capture_output=True, text=True, check=False)
    assert time.monotonic() - begun < 30
    assert done.returncode == MACHINE, done.stderr
    assert "psql is not on this machine" in done.stderr
    assert "(waited" not in done.stderr


def _is_told(oar: Oar, message: str) -> None:
    begun = time.monotonic()
    with pytest.raises(DatabaseError, match=message) as caught:
        create(planner("laptop", "laptop"), oar.database, None, limit=3)
    assert time.monotonic() - begun < 6
    assert caught.value.status == FAILED
