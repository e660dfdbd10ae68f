"""What properties may be called and hold, and the SQL types they get."""

from __future__ import annotations

import pytest

from tests.machine.trees import machine
from wizard.errors import UserError
from wizard.oar.plan import Planner
from wizard.oar.properties import check, parse, types
from wizard.oar.resource import Host


def test_words() -> None:
    given = ["cluster=blue", "rack=7", "low=-3", "name=007", "big=12345678901", "empty=", "x=a=b", "deploy=YES"]
    assert parse(given) == {
        "cluster": "blue",
        "rack": 7,
        "low": -3,
        "name": "007",
        "big": "12345678901",
        "empty": "",
        "x": "a=b",
        "deploy": "YES",
    }


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("cluster", "NAME=VALUE was expected"),
        ("Cluster=1", "cannot be the name"),
        ("a b=1", "cannot be the name"),
        ('x"; DROP TABLE resources; --=1', "cannot be the name"),
        ("1x=1", "cannot be the name"),
        (f"{'x' * 64}=1", "cannot be the name"),
        ("state=Dead", "is OAR's own"),
        ("network_address=x", "is OAR's own"),
        ("core=3", "comes from the machine"),
        (f"x={'y' * 256}", "255 characters at most"),
        ("x=a\nb", "must be printable"),
    ],
)
def test_no_words(word: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse([word])


def test_twice() -> None:
    with pytest.raises(UserError, match="given twice"):
        parse(["a=1", "a=2"])


def test_a_number_is_one_everywhere() -> None:
    hosts = [Host("a", machine("laptop"), {"rack": 1, "row": 1}), Host("b", machine("laptop"), {"rack": "upper"})]
    found = types(Planner(hosts).names, hosts, {"level": 2})
    assert (found["rack"], found["row"], found["cpu"], found["host"]) == (
        "VARCHAR(255)",
        "INT",
        "INT",
        "VARCHAR(255)",
    )


def test_columns_that_are_there() -> None:
    check({"rack": "INT", "cpu": "INT"}, {"rack": "character varying", "cpu": "bigint"}, "x")  # a text holds a number
    with pytest.raises(UserError, match="the property rack is a number"):
        check({"rack": "VARCHAR(255)"}, {"rack": "integer"}, "x")
    with pytest.raises(UserError, match="the property cpu is of type text") as caught:
        check({"cpu": "INT"}, {"cpu": "text"}, "x")
    assert "oarproperty -r cpu,cpu_old" in caught.value.hint
