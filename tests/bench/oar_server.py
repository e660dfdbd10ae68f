"""What the figures about resources are taken on: a PostgreSQL of their own with OAR's schema and tools, as root."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.harness import Row
from tests.oar.postgres import Oar, running, unpack_oar
from wizard.oar import database

ROOT = Path(__file__).resolve().parents[2]


def rows() -> Iterator[Row]:
    """None: this is what others measure on."""
    return iter(())


@contextmanager
def server() -> Iterator[tuple[Oar, Path] | None]:
    """A database with OAR's schema, and a directory; None, with the reason on stderr, where there can be none."""
    if os.geteuid() != 0:
        print("resources: no figures: PostgreSQL is started as a user of its own, which takes root", file=sys.stderr)
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="kt-bench-") as name, running() as postgres:
        directory = Path(name)
        tree = unpack_oar(directory)
        postgres.database("postgres", "postgres").run("CREATE ROLE oar LOGIN; CREATE ROLE oar_ro LOGIN;")
        postgres.new_oar("oar", tree)
        conf = directory / "oar.conf"
        conf.write_text(
            f'DB_TYPE="Pg"\nDB_HOSTNAME="{postgres.socket}"\nDB_PORT="5432"\nDB_BASE_NAME="oar"\n'
            'DB_BASE_LOGIN="oar"\nDB_BASE_PASSWD="unused"\nDB_BASE_LOGIN_RO="oar_ro"\nDB_BASE_PASSWD_RO="unused"\n'
            f'SERVER_HOSTNAME="localhost"\nSERVER_PORT="1"\nLOG_LEVEL="2"\nLOG_FILE="{directory}/oar.log"\n'
        )
        yield Oar(postgres, "oar", tree, conf), directory


def cluster(directory: Path, hosts: int, cpus: int, cores: int) -> list[str]:
    """Arguments for so many hosts of so many cpus of so many cores."""
    path = directory / f"{hosts}x{cpus}x{cores}.csv"
    path.write_text(f"host,cpus,cores\nnode-[1-{hosts}],{cpus},{cores}\n")
    return ["--machine", str(path), "--timeout", "600"]


def ours(oar: Oar, *words: str) -> tuple[float, int]:
    """Seconds of a whole process, and its peak of memory in kB."""
    program = (
        "import resource, sys\nfrom wizard.cli import main\nstatus = main(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\nsys.exit(status)"
    )
    command = [sys.executable, "-c", program, "resources", *words, "--database", oar.database.conninfo]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{words}: {done.stderr}")
    return seconds, int(done.stderr.split()[-1])


def psql(oar: Oar, *statements: str) -> float:
    """Seconds of a psql, as a whole process."""
    words = [word for statement in statements for word in ("-c", statement)]
    began = time.perf_counter()
    command = [database._psql(), "-X", "-q", "-v", "ON_ERROR_STOP=1", oar.database.conninfo, *words]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, env={"PATH": os.defpath})
    return time.perf_counter() - began


def processor_seconds(oar: Oar) -> float:
    """What this process's children and the server's sessions that ended have used: on a busy machine it tells more than
    the clock does."""
    time.sleep(0.2)  # until the server has noticed that its last session ended
    after_name = Path(f"/proc/{oar.server.pid}/stat").read_text().rpartition(")")[2].split()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = os.sysconf("SC_CLK_TCK")
    return children.ru_utime + children.ru_stime + sum(map(int, after_name[13:15])) / ticks


def truncate(oar: Oar) -> None:
    oar.sql("TRUNCATE resources, resource_logs RESTART IDENTITY")


def save(oar: Oar, directory: Path) -> list[str]:
    """The rows there are, into files; statements that copy them back, in one transaction."""
    tables = ("resources", "resource_logs")
    psql(oar, *(f"\\copy {table} TO '{directory}/{table}.copy'" for table in tables))
    return ["BEGIN", *(f"\\copy {table} FROM '{directory}/{table}.copy'" for table in tables), "COMMIT"]
