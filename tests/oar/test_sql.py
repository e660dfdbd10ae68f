"""Statements hold names as literals, and only what has to be done."""

from __future__ import annotations

import re

import pytest

from tests.machine.trees import machine
from tests.oar.rows import rows_of, with_properties
from wizard.oar.plan import difference, plan
from wizard.oar.resource import Snapshot
from wizard.oar.sql import quote, reading, transaction

COLUMNS = dict.fromkeys(("resource_id", "cpuset", "host", "cpu", "core", "mem"), "integer")


def test_quote() -> None:
    assert quote("plain") == "'plain'"
    assert quote("it's") == "'it''s'"
    assert quote("a\\'b").strip() == r"E'a\\''b'"
    assert quote("a\nb") == "'a\nb'"
    for text in ("a\0b", "a\udcffb"):
        with pytest.raises(ValueError):
            quote(text)


def test_new_resources() -> None:
    planned = plan(machine("one-core-a-socket"), "pair")
    text = transaction("pair", difference(planned, []), Snapshot(COLUMNS, {"cpu": 4, "core": 9}))
    assert "IN EXCLUSIVE MODE" in text
    assert "ALTER TABLE" not in text
    assert "coalesce(max(core), 0) FROM resources) <> 9" in text
    assert "('pair', 'Alive', 1, 'pair', 1, 1, '0,1', 2),\n    ('pair', 'Alive', 1, 'pair', 2, 2, '2,3', 2)" in text
    assert "UPDATE resources" not in text


def test_missing_properties_take_the_stronger_lock_at_once() -> None:
    text = transaction("lap", difference(plan(machine("laptop"), "lap", granularity="thread"), []), Snapshot())
    assert "LOCK TABLE resources, resource_logs IN ACCESS EXCLUSIVE MODE" in text
    assert re.findall(r"ADD COLUMN IF NOT EXISTS (\w+ \S+);", text) == [
        "host VARCHAR(255)",
        "cpu INT",
        "core INT",
        "thread INT",
        "mem INT",
    ]
    assert text.startswith("BEGIN;\n")
    assert text.endswith("COMMIT;\n")


def test_changes_are_made_once_for_all_rows() -> None:
    planned = plan(machine("laptop"), "laptop")
    rows = tuple(with_properties(row, mem=8) for row in rows_of(planned))
    text = transaction("laptop", difference(planned, rows), Snapshot(COLUMNS, {}, rows, "abc"))
    assert text.count("UPDATE resources ") == 1
    assert "SET mem = 16 WHERE resource_id IN (1, 2, 3, 4)" in text
    assert "INSERT INTO resources " not in text


def test_no_name_ends_the_dollar_quotes() -> None:
    host = "$plan$; $plan1$ DROP TABLE resources;"
    text = transaction(host, difference(plan(machine("laptop"), host), []), Snapshot(COLUMNS))
    opened = re.search(r"DO (\$\w+\$)", text)
    assert opened
    assert opened[1] not in ("$plan$", "$plan1$")
    assert text.count(opened[1]) == 2


def test_reading_names_the_host_as_a_literal() -> None:
    assert reading("x' OR '1'='1").count("'x'' OR ''1''=''1'") == 2
