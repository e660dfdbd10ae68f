"""One PostgreSQL for all tests of a process, with two databases of OAR's, emptied for each test that asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.oar.postgres import Oar, Postgres, running, unpack_oar


@pytest.fixture(scope="session")
def oar_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_oar(tmp_path_factory.mktemp("oar"))


@pytest.fixture(scope="session")
def postgres(oar_tree: Path) -> Iterator[Postgres]:
    with serving(oar_tree) as server:
        yield server


@contextmanager
def serving(oar_tree: Path) -> Iterator[Postgres]:
    """A PostgreSQL with two databases of the OAR that was unpacked there."""
    assert os.geteuid() == 0, "these tests start PostgreSQL as its own user: make test runs them as root"
    with running() as server:
        server.database("postgres", "postgres").run("CREATE ROLE oar LOGIN; CREATE ROLE oar_ro LOGIN;")
        for name in ("oar", "other"):
            server.new_oar(name, oar_tree)
        yield server


@pytest.fixture
def oar(postgres: Postgres, oar_tree: Path, tmp_path: Path) -> Oar:
    """A database without a resource."""
    return _empty("oar", postgres, oar_tree, tmp_path)


@pytest.fixture
def other(postgres: Postgres, oar_tree: Path, tmp_path: Path) -> Oar:
    """A second one, for OAR's own tools."""
    return _empty("other", postgres, oar_tree, tmp_path)


def _empty(name: str, postgres: Postgres, oar_tree: Path, directory: Path) -> Oar:
    conf = directory / f"{name}.conf"
    conf.write_text(
        f'DB_TYPE="Pg"\nDB_HOSTNAME="{postgres.socket}"\nDB_PORT="5432"\nDB_BASE_NAME="{name}"\n'
        'DB_BASE_LOGIN="oar"\nDB_BASE_PASSWD="unused"\nDB_BASE_LOGIN_RO="oar_ro"\nDB_BASE_PASSWD_RO="unused"\n'
        'SERVER_HOSTNAME="localhost"\nSERVER_PORT="1"\nLOG_LEVEL="2"\n'
        f'LOG_FILE="{directory}/oar.log"\nOPENSSH_CMD="{directory}/ssh"\n'
    )
    oar = Oar(postgres, name, oar_tree, conf)
    oar.empty()
    return oar
