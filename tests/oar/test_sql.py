"""Statements hold names as literals, and only what has to be done."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.machine.trees import machine
from tests.oar.rows import found, planner, rows_of, with_properties
from wizard.oar.create import prepare
from wizard.oar.plan import Planner, plan
from wizard.oar.read import Reading, nothing
from wizard.oar.resource import Snapshot
from wizard.oar.sql import copied, opening, quote, reading, uncopied

COLUMNS = {
    **dict.fromkeys(("resource_id", "cpu", "core", "mem"), "integer"),
    **dict.fromkeys(("cpuset", "host"), "character varying"),
}


def script(one: Planner, found: Reading, *, retire: bool = False) -> str:
    with prepare(one, found, retire=retire) as prepared:
        return prepared.script.read().decode()


def test_quote() -> None:
    assert quote("plain") == "'plain'"
    assert quote("it's") == "'it''s'"
    assert quote("a\\'b").strip() == r"E'a\\''b'"
    assert quote("a\nb") == "'a\nb'"
    for text in ("a\0b", "a\udcffb"):
        with pytest.raises(ValueError):
            quote(text)


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_line_of_copy_is_one_line(text: str) -> None:
    line = copied((text, 7, None, text))
    assert line.count("\n") == 1
    assert "\r" not in line
    cells = line[:-1].split("\t")
    assert [uncopied(cell) for cell in cells] == [text, "7", None, text]
    assert line != "\\.\n"


def test_new_resources() -> None:
    snapshot = Snapshot(COLUMNS, {"cpu": 4, "core": 9})
    one = planner("one-core-a-socket", "pair")
    text = script(one, found(one, snapshot, []))
    assert "IN EXCLUSIVE MODE" in text
    assert "ALTER TABLE" not in text
    assert "coalesce(max(core), 0) FROM resources) <> 9" in text
    assert "pair\tAlive\t1\tpair\t5\t10\t0,1\t2\npair\tAlive\t1\tpair\t6\t11\t2,3\t2\n\\.\n" in text
    assert "UPDATE resources" not in text
    assert text.endswith("COMMIT;\n")


def test_missing_properties_take_the_stronger_lock_at_once() -> None:
    one = planner("laptop", "lap", "thread", properties={"cluster": "blue", "rack": 7})
    text = script(one, nothing(one))
    assert "LOCK TABLE resources IN ACCESS EXCLUSIVE MODE;\n\nLOCK TABLE resource_logs IN ACCESS" in text
    assert re.findall(r'ADD COLUMN IF NOT EXISTS ("\w+" \S+);', text) == [
        '"host" VARCHAR(255)',
        '"cpu" INT',
        '"core" INT',
        '"thread" INT',
        '"mem" INT',
        '"cluster" VARCHAR(255)',
        '"rack" INT',
    ]
    assert text.startswith("BEGIN;\n")
    assert text.endswith("COMMIT;\n")


def test_changes_are_made_once_for_all_rows() -> None:
    rows = [with_properties(row, mem=8) for row in rows_of(plan(machine("laptop"), "laptop"))]
    one = planner("laptop", "laptop")
    text = script(one, found(one, Snapshot(COLUMNS, {"cpu": 1, "core": 4}), rows))
    assert text.count('UPDATE resources r SET "mem" = change.value::INT') == 1
    assert "1\tmem\t16\n2\tmem\t16\n3\tmem\t16\n4\tmem\t16\n\\.\n" in text
    assert "COPY resources " not in text


def test_nothing_to_do_is_no_statement() -> None:
    rows = rows_of(plan(machine("laptop"), "laptop"))
    one = planner("laptop", "laptop")
    assert script(one, found(one, Snapshot(COLUMNS, {"cpu": 1, "core": 4}), rows)) == ""


def test_a_row_that_is_not_planned_is_left_alone_until_somebody_says_so() -> None:
    rows = rows_of(plan(machine("laptop"), "laptop"))
    rows.append(rows[0]._replace(resource_id=9, properties={**rows[0].properties, "cpuset": "17"}))
    one = planner("laptop", "laptop")
    there = found(one, Snapshot(COLUMNS, {"cpu": 1, "core": 4}), rows)
    assert script(one, there) == ""
    text = script(one, there, retire=True)
    assert "COPY kameleon_change FROM STDIN;\n9\t\t\n\\.\n" in text


def test_a_host_that_is_sql_is_a_literal() -> None:
    host = "$plan$; x' OR '1'='1"
    assert reading([host], ["cpuset"]).count("[\"$plan$; x'' OR ''1''=''1\"]") == 1
    text = opening([host], ["cpuset"], {"cpuset": "INT"}, Snapshot(COLUMNS), 0)
    assert text.count("$plan$") == 3
    assert text.count("''1''=''1") == 1
