"""A log that is nearly all new gets its indexes anew: the same ones, over the same lines, and never half of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oar.postgres import Oar, Postgres
from wizard import cli
from wizard.errors import DONE
from wizard.oar import sql
from wizard.oar.database import DatabaseError, named
from wizard.oar.resource import Snapshot

_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'resource_logs' ORDER BY 1, 2"
_NUMBERS = (
    "SELECT string_agg(indexrelid::text, ' ' ORDER BY 1) FROM pg_index WHERE indrelid = 'resource_logs'::regclass"
)


def test_when() -> None:
    names = ["host", "cpu", "core", "cpuset"]
    assert sql.anew(names, Snapshot(), 100_000)
    assert sql.anew(names, Snapshot(logged=400_000), 100_000)
    assert not sql.anew(names, Snapshot(logged=400_001), 100_000)
    assert not sql.anew(names, Snapshot(), 2048)


@pytest.fixture
def bulk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments for 24 cores, which count as many."""
    monkeypatch.setattr(sql, "_BULK", 10)
    (tmp_path / "few.csv").write_text("host,cpus,cores,cluster\nnode-[1-3],2,4,blue\n")
    return ["--machine", str(tmp_path / "few.csv")]


@pytest.mark.real
def test_indexes_and_log_are_as_they_would_be(
    oar: Oar, other: Oar, bulk: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, numbers = oar.sql(_INDEXES), oar.sql(_NUMBERS)
    assert cli.main(["resources", "create", *bulk, "--database", oar.database.conninfo]) == DONE
    assert oar.sql(_INDEXES) == before
    assert oar.sql(_NUMBERS) != numbers, "no index was made anew: this test shows nothing"
    monkeypatch.setattr(sql, "_BULK", 10**9)
    assert cli.main(["resources", "create", *bulk, "--database", other.database.conninfo]) == DONE
    assert (oar.resources(), oar.logs()) == (other.resources(), other.logs())
    assert "Index" in oar.sql("SET enable_seqscan = off; EXPLAIN SELECT * FROM resource_logs WHERE value = 'node-1'")


@pytest.mark.real
def test_a_log_with_more_lines_keeps_its_indexes(oar: Oar, bulk: list[str]) -> None:
    oar.sql("INSERT INTO resource_logs (resource_id, attribute, value) SELECT 1, 'x', 'y' FROM generate_series(1, 500)")
    numbers = oar.sql(_NUMBERS)
    assert cli.main(["resources", "create", *bulk, "--database", oar.database.conninfo]) == DONE
    assert oar.sql(_NUMBERS) == numbers


@pytest.mark.real
def test_who_does_not_own_the_table_keeps_its_indexes(oar: Oar, postgres: Postgres, bulk: list[str]) -> None:
    administrator = postgres.database(oar.name, "postgres")
    oar.sql("ALTER TABLE resources ADD host VARCHAR(255), ADD cpu INT, ADD core INT, ADD cluster VARCHAR(255)")
    administrator.run(
        "DROP ROLE IF EXISTS writer; CREATE ROLE writer LOGIN;"
        "GRANT SELECT, INSERT, UPDATE ON resources, resource_logs TO writer;"
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO writer;"
    )
    numbers = oar.sql(_NUMBERS)
    try:
        writer = oar.database.conninfo.replace("user=oar", "user=writer")
        assert cli.main(["resources", "create", *bulk, "--database", writer]) == DONE
        assert named(writer).run("SELECT count(*) FROM resources").strip() == "24"
        assert oar.sql(_NUMBERS) == numbers
    finally:
        administrator.run("DROP OWNED BY writer; DROP ROLE writer;")


@pytest.mark.real
def test_a_failure_leaves_the_indexes(oar: Oar, bulk: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The statements, cut off and failing where the indexes are not there."""
    before, numbers = oar.sql(_INDEXES), oar.sql(_NUMBERS)
    assert cli.main(["resources", "export", "--format", "sql", *bulk, "--database", oar.database.conninfo]) == DONE
    script = capsys.readouterr().out
    cut, found, _ = script.partition("\nINSERT INTO resource_logs")
    assert found
    oar.sql(cut)  # and psql's input ends there
    assert (oar.sql(_INDEXES), oar.sql(_NUMBERS)) == (before, numbers)
    with pytest.raises(DatabaseError, match="22012"):
        oar.sql(f"{cut}\nSELECT 1 / 0;")
    assert (oar.sql(_INDEXES), oar.sql(_NUMBERS)) == (before, numbers)
    assert oar.resources() == []
    oar.sql(script)
    assert len(oar.resources()) == 24
    assert oar.sql(_INDEXES) == before
