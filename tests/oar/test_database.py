"""Where the database is, what psql is told, and that nothing takes longer than its limit."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest

from wizard.errors import FAILED, HELD, MACHINE, UserError
from wizard.oar import database
from wizard.oar.database import Database, DatabaseError, configured, named

SETTINGS = {
    "DB_TYPE": "Pg",
    "DB_HOSTNAME": "db.example",
    "DB_PORT": "5433",
    "DB_BASE_NAME": "oar",
    "DB_BASE_LOGIN": "oar",
    "DB_BASE_PASSWD": "secret'pass",
}


@pytest.fixture
def psql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A psql of the test's own: what it is given is what is looked at."""
    path = tmp_path / "psql"
    monkeypatch.setattr(database, "_psql", lambda: str(path))
    return path


def write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_password_is_only_in_the_environment(psql: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program = f"import json, os, sys\njson.dump([sys.argv, dict(os.environ)], open({str(seen)!r}, 'w'))\n"
    write(psql, f"#!/usr/bin/python3\n{program}")
    configured(SETTINGS).run("SELECT 1", limit=9)
    argv, environment = json.loads(seen.read_text())
    assert environment["PGPASSWORD"] == "secret'pass"
    assert environment["PGCONNECT_TIMEOUT"] == "3"
    assert environment["PGOPTIONS"] == "-c client_min_messages=error -c statement_timeout=7200 -c lock_timeout=5400"
    assert "secret" not in " ".join(argv)
    assert "--dbname=host='db.example' port='5433' dbname='oar' user='oar'" in argv
    assert "secret" not in repr(configured(SETTINGS))


def test_oar_conf_is_not_mixed_with_variables(psql: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    write(psql, f"#!/bin/sh\nenv > '{seen}'\n")
    monkeypatch.setenv("PGSERVICE", "elsewhere")
    configured(SETTINGS).run("", limit=9)
    assert "PGSERVICE" not in seen.read_text()
    named("service=mine").run("", limit=9)
    assert "PGSERVICE=elsewhere" in seen.read_text()


def test_a_psql_that_hangs(psql: Path) -> None:
    write(psql, "#!/bin/sh\nexec sleep 60\n")
    begun = time.monotonic()
    with pytest.raises(DatabaseError, match="did not answer within 1 s") as caught:
        named("dbname=x").run("SELECT 1", limit=1)
    assert time.monotonic() - begun < 5
    assert caught.value.status == FAILED


@pytest.mark.parametrize(
    ("stderr", "message", "status", "sqlstate"),
    [
        ("psql:<stdin>:3: ERROR:  42P01: no relation \"resources\"", 'no relation "resources"', FAILED, "42P01"),
        ("psql:<stdin>:3: FEHLER:  55P03: Sperre", "somebody holds OAR's tables", HELD, "55P03"),
        ("psql: error: connection to server failed: Connection refused", "was not reached: connection to", FAILED, ""),
        ("", "without a word", FAILED, ""),
    ],
)  # fmt: skip
def test_what_psql_says(psql: Path, stderr: str, message: str, status: int, sqlstate: str) -> None:
    write(psql, f"#!/bin/sh\ncat >&2 <<'END'\n{stderr}\nEND\nexit 3\n")
    with pytest.raises(DatabaseError, match=message) as caught:
        named("dbname=x").run("SELECT 1")
    assert (caught.value.status, caught.value.sqlstate) == (status, sqlstate)


def test_no_psql(psql: Path) -> None:
    with pytest.raises(DatabaseError, match="could not be started") as caught:
        named("dbname=x").run("")
    assert caught.value.status == MACHINE


@pytest.mark.parametrize("text", ["host=x password=y", "postgresql://me:secret@host/oar", "host=x PASSWORD = y"])
def test_no_password_on_the_command_line(text: str) -> None:
    with pytest.raises(UserError, match="no password") as caught:
        named(text)
    assert "secret" not in caught.value.message


def test_connection_strings() -> None:
    assert named("postgresql://me@host/oar").conninfo == "postgresql://me@host/oar"
    with pytest.raises(UserError, match="a connection string was expected"):
        named("oar")


def test_only_postgresql() -> None:
    with pytest.raises(UserError, match="DB_TYPE is 'mysql'"):
        configured({**SETTINGS, "DB_TYPE": "mysql"})


def test_a_local_database_as_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {**SETTINGS, "DB_HOSTNAME": "127.0.0.1"}
    monkeypatch.setattr(database, "_SOCKETS", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert configured(settings).user == ""  # there is no socket
    (tmp_path / ".s.PGSQL.5433").touch()
    found = configured(settings)
    assert found.user == "postgres"
    assert found.conninfo == f"host='{tmp_path}' port='5433' dbname='oar'"
    assert not found.environment
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert configured(settings).user == ""


def test_no_oar_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OARCONFFILE", str(tmp_path / "none"))
    with pytest.raises(UserError, match="No such file") as caught:
        database.from_configuration()
    assert caught.value.status == MACHINE


def test_values_with_quotes_stay_values(psql: Path) -> None:
    found = configured({**SETTINGS, "DB_BASE_NAME": "it's \\ x"})
    assert "dbname='it\\'s \\\\ x'" in found.conninfo
    assert isinstance(found, Database)
