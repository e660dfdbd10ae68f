"""What others carry out: OAR's commands, and lists for its API."""

from __future__ import annotations

import io
import json
import shlex

import pytest
import yaml

from tests.machine.trees import machine
from tests.oar.rows import differ, planner, rows_of, with_properties
from wizard.errors import UserError
from wizard.oar.difference import difference
from wizard.oar.export import Api, Commands
from wizard.oar.plan import Planner, plan
from wizard.oar.resource import TEXT, Row


def commands(one: Planner, rows: list[Row] | None = None, *, retire: bool = False) -> list[list[str]]:
    stream = io.StringIO()
    writer = Commands(stream, ["host", "cpu"], {"host": TEXT, "cpu": "INT"}, retire=retire)
    writer.see(difference(one, one.hosts[0], rows or []))
    writer.end()
    return [shlex.split(line, comments=True) for line in stream.getvalue().splitlines() if line[0] != "#"]


def test_new_resources() -> None:
    lines = commands(planner("one-core-a-socket", "pair", properties={"cluster": "old & blue"}))
    assert lines[0] == ["set", "-e"]
    assert lines[1][-4:] == ["oarproperty", "-c", "-a", "host"]
    assert lines[2][-3:] == ["oarproperty", "-a", "cpu"]
    properties = "-p host=pair -p cpu=1 -p core=1 -p cpuset=0,1 -p mem=2".split()
    assert lines[3] == ["oarnodesetting", "-a", "-h", "pair", *properties, "-p", "cluster=old & blue"]
    assert len(lines) == 5


def test_changes_and_what_is_retired() -> None:
    rows = rows_of(plan(machine("one-core-a-socket"), "pair"))
    rows = [with_properties(rows[0], mem=1), rows[1], rows[0]._replace(resource_id=7)]
    assert commands(planner("one-core-a-socket", "pair"), rows)[3:] == [
        ["oarnodesetting", "-r", "1", "-p", "mem=2"],
    ]
    assert commands(planner("one-core-a-socket", "pair"), rows, retire=True)[4:] == [
        ["oarnodesetting", "-n", "-r", "7", "-s", "Dead"],
    ]


@pytest.mark.parametrize("host", ["it's", '"', "$(x)", "`x`", "a\\b", "a\nb", "-r", "é"])
def test_names_that_oars_tools_would_not_take_to_the_letter(host: str) -> None:
    with pytest.raises(UserError, match="would not take it to the letter"):
        commands(planner("laptop", host))


@pytest.mark.parametrize("host", ["n1", "it's", "a: b", "#x", "{a", "- b", "two\nlines", "\u00e9\u2028", "yes"])
def test_lists_for_the_api(host: str) -> None:
    found = differ("one-core-a-socket", host, [])
    wanted = [{"network_address": host, **entry.resource.properties} for entry in found.entries]
    for form, load in (("json", json.loads), ("yaml", yaml.safe_load)):
        stream = io.StringIO()
        writer = Api(stream, form)  # type: ignore[arg-type]
        writer.see(found)
        writer.end()
        assert load(stream.getvalue()) == wanted


def test_an_empty_list() -> None:
    for form in ("json", "yaml"):
        stream = io.StringIO()
        Api(stream, form).end()
        assert yaml.safe_load(stream.getvalue()) == []
