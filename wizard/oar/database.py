"""OAR's database, through psql: where it is, and statements carried out within a time limit.

psql is the one client that every machine with OAR on PostgreSQL has. Statements go to its stdin, passwords into its
environment: neither is ever in a process list.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from wizard.errors import FAILED, HELD, MACHINE, USAGE, UserError
from wizard.oar import conf

#: Where Debian's PostgreSQL has its sockets, and the user who may do anything through them.
_SOCKETS = Path("/var/run/postgresql")
_ADMINISTRATOR = "postgres"
#: SQLSTATE of a lock that was not had in time.
_LOCKED = "55P03"
#: What to do about others.
_HINTS = {
    "42P01": "OAR's tables are not there; as root: oar-database --create --db-is-local",
    "42501": "this login may not do that; as root on the server, the database's administrator is used",
    "53100": "the database's disk is full; nothing was changed",
}


class DatabaseError(UserError):
    """The database was not reached, or did not do as it was told. `sqlstate` is "" unless the server answered."""

    def __init__(self, message: str, *, sqlstate: str = "", status: int = FAILED, hint: str = "") -> None:
        super().__init__(message, status=status, hint=hint)
        self.sqlstate = sqlstate


@dataclass(frozen=True, slots=True)
class Database:
    """A way to a database. `conninfo`: libpq's key=value words or URI; `user`: whose process psql is, "" for ours;
    `environment`: what it has besides PATH and ours, None to keep libpq's own variables as they are."""

    where: str
    conninfo: str
    user: str = ""
    environment: Mapping[str, str] | None = field(default=None, repr=False)

    def run(self, statements: str | IO[bytes], *, limit: float = 30, output: IO[bytes] | None = None) -> str:
        """What psql prints for the statements (a text, or a file from its place on): a row a line, unaligned; ""
        when it goes to the file `output`. DatabaseError after `limit` seconds at most."""
        words = [_psql(), "--no-psqlrc", "--no-password", "--quiet", "--no-align", "--tuples-only"]
        words += ["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose", f"--dbname={self.conninfo}", "--file=-"]
        said: dict[str, Any] = {"input": statements.encode()} if isinstance(statements, str) else {"stdin": statements}
        try:
            done = subprocess.run(
                words,
                **said,
                stdout=subprocess.PIPE if output is None else output,
                stderr=subprocess.PIPE,
                timeout=limit,
                cwd="/",
                env=self._environment(limit),
                user=self.user or None,
                group=self.user or None,
                extra_groups=[] if self.user else None,
            )
        except subprocess.TimeoutExpired:
            raise DatabaseError(f"{self.where} did not answer within {limit:g} s") from None
        except OSError as error:
            raise DatabaseError(f"psql could not be started: {error}", status=MACHINE) from error
        if done.returncode:
            raise self._error(done.stderr.decode("utf-8", "replace"))
        return "" if output is not None else done.stdout.decode("utf-8", "replace")

    def _environment(self, limit: float) -> dict[str, str]:
        # The server's own limits are shorter than ours: its message says more, and it does not work on for nobody.
        # Notices (a column that is there already) look like errors, and say nothing that is of use here.
        options = "-c client_min_messages=error "
        options += f"-c statement_timeout={int(limit * 800)} -c lock_timeout={int(limit * 600)}"
        ours = {name: value for name, value in os.environ.items() if self.environment is None or name[:2] != "PG"}
        connecting = str(max(2, int(limit / 3)))  # libpq knows no limit below 2 s
        given = self.environment or {}
        own = {"PGCONNECT_TIMEOUT": connecting, "PGOPTIONS": options, "PGCLIENTENCODING": "UTF8", "LC_ALL": "C.UTF-8"}
        return {**ours, **given, **own}

    def _error(self, text: str) -> DatabaseError:
        # "psql:<stdin>:7: ERROR:  40001: the message", in the server's language but for the code.
        answered = re.search(r":\d+: [^:]+:\s+([0-9A-Z]{5}):\s+(.*)", text)
        if not answered:
            lines = [line.removeprefix("psql: error: ") for line in text.splitlines() if line.strip()]
            said = " ".join(line.strip() for line in lines[:3]) or "psql ended without a word"
            down = any(words in said for words in ("refused", "No such file", "timeout expired", "starting up"))
            hint = "is PostgreSQL running?  pg_isready" if down else ""
            return DatabaseError(f"{self.where} was not reached: {said}", hint=hint)
        sqlstate, message = answered.groups()
        if sqlstate == _LOCKED:
            text = f"somebody holds OAR's tables in {self.where}: {message}"
            return DatabaseError(text, sqlstate=sqlstate, status=HELD)
        return DatabaseError(
            f"{self.where}: {message} (SQLSTATE {sqlstate})", sqlstate=sqlstate, hint=_HINTS.get(sqlstate, "")
        )


def _psql() -> str:
    # /usr/bin/psql is a Perl script that looks for a cluster (50 ms, 1 s on an emulated machine): go past it.
    versions = Path("/usr/lib/postgresql").glob("[0-9]*/bin/psql")
    newest = max(versions, key=lambda psql: [int(part) for part in re.findall(r"\d+", psql.parts[-3])], default=None)
    found = str(newest) if newest else shutil.which("psql")
    if not found:
        raise DatabaseError(
            "psql is not on this machine", status=MACHINE, hint="as root: apt-get install postgresql-client"
        )
    return found


def named(conninfo: str) -> Database:
    """The database of a connection string (libpq's). UserError for one with a password: others would see it."""
    if re.search(r"password\s*=|^\w+://[^/@?]*:[^/@?]*@", conninfo, re.I):
        raise UserError(
            "--database: no password on the command line, where everybody on this machine sees it",
            hint="put it into ~/.pgpass or the variable PGPASSWORD",
        )
    if "=" not in conninfo and "://" not in conninfo:
        raise UserError(
            f"--database {conninfo}: a connection string was expected",
            hint='for example --database "host=/var/run/postgresql dbname=oar user=oar"',
        )
    return Database(f"the database {conninfo!r}", conninfo)


def configured(settings: Mapping[str, str]) -> Database:
    """The database that oar.conf names. As root, a local one through its socket, as its administrator; else with the
    login and password that are there."""
    kind = settings.get("DB_TYPE", "")
    if kind not in ("Pg", "psql"):
        raise UserError(f"oar.conf: DB_TYPE is {kind!r}; only PostgreSQL (Pg) will do", status=MACHINE)
    host = settings.get("DB_HOSTNAME") or "localhost"
    port = settings.get("DB_PORT") or "5432"
    name = settings.get("DB_BASE_NAME") or "oar"
    where = f"OAR's database ({name} on {host}, port {port})"
    local = host in ("localhost", "::1") or host.startswith(("127.", "/"))
    sockets = Path(host) if host.startswith("/") else _SOCKETS
    if local and os.geteuid() == 0 and (sockets / f".s.PGSQL.{port}").exists():
        return Database(where, _words(host=str(sockets), port=port, dbname=name), user=_ADMINISTRATOR, environment={})
    login = settings.get("DB_BASE_LOGIN") or "oar"
    password = {"PGPASSWORD": settings.get("DB_BASE_PASSWD", "")}
    return Database(where, _words(host=host, port=port, dbname=name, user=login), environment=password)


def from_configuration() -> tuple[Database, dict[str, str]]:
    """The database of this machine's oar.conf, and all that this file says. UserError when it cannot be read."""
    file = conf.path()
    try:
        settings = conf.read(file)
    except OSError as error:
        raise UserError(
            f"{file}: {error.strerror}",
            status=MACHINE if isinstance(error, FileNotFoundError | PermissionError) else USAGE,
            hint="OAR is not installed here, or this needs root; another database: --database 'host=… dbname=oar'",
        ) from error
    return configured(settings), settings


def _words(**words: str) -> str:
    """libpq's key=value words; quotes and backslashes in a value are the value's."""
    return " ".join(
        f"{key}='" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" for key, value in words.items() if value
    )
