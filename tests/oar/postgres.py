"""A PostgreSQL of the tests' own, with OAR's own schema and tools: unpacked packages of Debian, nothing installed.

The server listens on a Unix socket only and keeps nothing (fsync is off). OAR's tools are Perl: run from the unpacked
tree, they find their modules by PERL5LIB and their configuration by OARCONFFILE.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wizard.oar.database import Database, named

_PACKAGES = ("liboar-perl", "oar-common", "oar-server", "oar-server-pgsql", "oar-user", "libdbi-perl", "libdbd-pg-perl")
_SERVER = "postgres"


class Postgres:
    """A cluster in a directory; `socket` is where it listens, the port is PostgreSQL's usual one."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory
        self._data = directory / "data"
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]))
        self._programs = versions[-1]

    def _run(self, program: str, *words: str) -> None:
        # Its output into a file: a server that pg_ctl starts keeps a pipe open.
        with (self.socket / f"{program}.log").open("w") as log:
            subprocess.run(
                [self._programs / program, "-D", self._data, *words],
                check=True,
                cwd="/",
                user=_SERVER,
                group=_SERVER,
                extra_groups=[],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, "LC_ALL": "C"},
            )

    def make(self) -> None:
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={_SERVER}")
        options = f"listen_addresses=''\nunix_socket_directories='{self.socket}'\nfsync=off\nmax_connections=50\n"
        with (self._data / "postgresql.conf").open("a") as stream:
            stream.write(options)
        self.start()

    def start(self) -> None:
        self._run("pg_ctl", "--wait", "--timeout=60", "--log", str(self.socket / "server.log"), "start")

    def stop(self) -> None:
        self._run("pg_ctl", "--wait", "--mode=immediate", "stop")

    def new_oar(self, name: str, tree: Path) -> None:
        """A database with OAR's schema, owned by its user, as oar-database --create makes it."""
        self.database("postgres", _SERVER).run(f"CREATE DATABASE {name} OWNER oar;")
        for file in ("pg_structure.sql", "default_data.sql"):
            self.database(name).run((tree / "usr/lib/oar/database" / file).read_text())
        self.database(name).run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO oar_ro;")

    @property
    def pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def database(self, name: str, user: str = "oar") -> Database:
        return named(f"host={self.socket} port=5432 dbname={name} user={user}")


@contextmanager
def running() -> Iterator[Postgres]:
    directory = Path(tempfile.mkdtemp(prefix="kt-pg-"))  # short: a socket's path has 107 characters at most
    shutil.chown(directory, _SERVER, _SERVER)
    server = Postgres(directory)
    try:
        server.make()
        yield server
    finally:
        try:
            server.stop()
        finally:
            shutil.rmtree(directory)


def unpack_oar(directory: Path, suite: str = "") -> Path:
    """OAR's packages, from this machine's Debian mirror, unpacked there; of another release when it is named."""
    tree = directory / "tree"
    if suite:
        # What is compiled for this machine's Perl is this machine's.
        _download(_apt_of(suite, directory), [name for name in _PACKAGES if "oar" in name], directory)
        _download([], [name for name in _PACKAGES if "oar" not in name], directory)
    else:
        _download([], _PACKAGES, directory)
    for package in directory.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, tree], check=True)
    return tree


def _download(options: Sequence[str], packages: Sequence[str], directory: Path) -> None:
    download = ["apt-get", "-qq", "download", *options, *packages]
    if subprocess.run(download, cwd=directory, stdin=subprocess.DEVNULL).returncode:
        # A machine without lists, or with old ones, which name versions that no mirror has.
        update = ["apt-get", "-qq", "update", *options]
        subprocess.run(update, check=True, stdin=subprocess.DEVNULL)
        subprocess.run(download, cwd=directory, check=True, stdin=subprocess.DEVNULL)


def _apt_of(suite: str, directory: Path) -> list[str]:
    """Options for an apt that knows that release alone, on the mirror of this machine's."""
    apt = directory / "apt"
    (apt / "lists" / "partial").mkdir(parents=True)
    (apt / "status").touch()
    form = "$(COMPONENT) $(REPO_URI)"
    listed = subprocess.run(
        ["apt-get", "indextargets", "--no-release-info", "--format", form, "Created-By: Packages"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    addresses = [line.split()[1].rstrip("/") for line in listed.splitlines() if line.startswith("main ")]
    mirror = next(address for address in addresses if address.endswith("/debian"))
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (apt / "sources.list").write_text(f"deb [signed-by={key}] {mirror} {suite} main\n")
    found = {"Etc::sourcelist": "sources.list", "State::lists": "lists", "State::status": "status", "Cache": "cache"}
    options = [f"-oDir::{name}={apt / place}" for name, place in found.items()]
    return [*options, "-oDir::Etc::sourceparts=/dev/null", "-oAPT::Sandbox::User=root", "-oAcquire::Languages=none"]


@dataclass
class Oar:
    """A database with OAR's schema, the tools that speak to it, and the configuration they read."""

    server: Postgres
    name: str
    tree: Path
    conf: Path

    @property
    def database(self) -> Database:
        return self.server.database(self.name)

    def empty(self) -> None:
        """Without a resource, without a property of anybody's, as it was made."""
        columns = self.sql(
            "SELECT string_agg(format('DROP COLUMN %I', attname), ', ' ORDER BY attnum) FROM pg_attribute "
            "WHERE attrelid = 'resources'::regclass AND NOT attisdropped AND attnum > "
            "(SELECT attnum FROM pg_attribute WHERE attrelid = 'resources'::regclass AND attname = 'drain')"
        )
        self.sql("TRUNCATE resources, resource_logs RESTART IDENTITY")
        if columns:
            self.sql(f"ALTER TABLE resources {columns}")
        self.server.database(self.name, _SERVER).run(f"ALTER DATABASE {self.name} RESET ALL")

    def sql(self, statements: str) -> str:
        return self.database.run(statements, limit=60).strip()

    def table(self, name: str, without: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """All rows by their number; two tables are equal when these lists are."""
        key = {"resources": "resource_id", "resource_logs": "resource_log_id"}[name]
        text = self.sql(f"SELECT coalesce(json_agg(to_jsonb(t) ORDER BY {key}), '[]') FROM {name} t")
        return [{k: v for k, v in row.items() if k not in without} for row in json.loads(text)]

    def resources(self) -> list[dict[str, Any]]:
        return self.table("resources")

    def logs(self) -> list[dict[str, Any]]:
        """The log without its times; `open` tells whether an entry still holds."""
        rows = self.table("resource_logs", without=("date_start",))
        return [{**row, "date_stop": "", "open": row["date_stop"] == 0} for row in rows]

    def init_resources(self, directory: Path, host: str, ssh: str, oarnodesetting: str, *options: str) -> None:
        """oar_resources_init for a host; `ssh` is the script that answers for it, `oarnodesetting` the option that
        names this tool, which is another one in each release."""
        (directory / "ssh").write_text(f"#!/bin/sh\n{ssh}\n")
        (directory / "ssh").chmod(0o755)
        (directory / "hosts").write_text(f"{host}\n")
        for tool in ("oarnodesetting", "oarproperty"):
            self.install(tool, directory)
        tools = [oarnodesetting, f"{directory}/oarnodesetting", "-p", f"{directory}/oarproperty", "-c", str(self.conf)]
        said = self.tool("oar_resources_init", *options, "-y", "-x", *tools, f"{directory}/hosts")
        assert "New resource added" in said

    def environment(self) -> dict[str, str]:
        modules = [self.tree / "usr/share/perl5", *self.tree.glob("usr/lib/*/perl5/*")]
        return {**os.environ, "OARCONFFILE": str(self.conf), "PERL5LIB": ":".join(map(str, modules))}

    def tool(self, name: str, *words: str) -> str:
        """What one of OAR's own tools prints; it must say success (which is little: it often does)."""
        done = subprocess.run(
            [self.tree / "usr/lib/oar" / name, *words],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def perl(self, program: str) -> str:
        done = subprocess.run(
            ["perl", "-e", program], env=self.environment(), capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout

    def install(self, name: str, directory: Path) -> None:
        """A command in `directory` that runs this tool on this database, as the wrapper of the package does."""
        words = [f"{key}='{value}'" for key, value in self.environment().items() if key in ("OARCONFFILE", "PERL5LIB")]
        path = directory / name
        path.write_text(f'#!/bin/sh\nexec env {" ".join(words)} {self.tree}/usr/lib/oar/{name} "$@"\n')
        path.chmod(0o755)
