"""A machine survives JSON, and what is no machine is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.machine.trees import NAMES, fixture, machine
from wizard.machine.model import Machine
from wizard.machine.numbers import format_list, parse_list


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back(name: str) -> None:
    one = machine(name)
    assert Machine.from_json(json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        ([], [], "machine: an object was expected"),
        (["v"], 2, 'machine: "v": 1 was expected, not 2'),
        (["hostname"], None, "machine.hostname: a text was expected"),
        (["memory_kb"], "16", "machine.memory_kb: a number, 0 or more, was expected"),
        (["memory_kb"], True, "machine.memory_kb: a number"),
        (["packages"], {}, "machine.packages: a list was expected"),
        (["packages"], [], "machine: no processor"),
        (["packages", 0, "package"], -1, r"machine.packages\[0\].package: a number, 0 or more"),
        (["packages", 0, "cores", 1], 7, r"machine.packages\[0\].cores\[1\]: an object was expected"),
        (["packages", 0, "cores", 1, "threads"], [], r"machine.packages\[0\].cores\[1\].threads: a list of processor"),
        (["packages", 0, "cores", 1, "threads"], ["1"], "threads: a list of processor numbers"),
        (["packages", 0, "cores", 1, "threads"], [0], "machine: a processor is in two cores"),
        (["nodes", 0, "memory_kb"], 0.5, r"machine.nodes\[0\].memory_kb: a number"),
        (["left_out"], [{"processor": 1, "why": 2}], r"machine.left_out\[0\].why: a text was expected"),
    ],
)
def test_no_machine(keys: list[Any], value: Any, message: str) -> None:
    data = fixture("laptop")["machine"]
    if not keys:
        data = value
    else:
        inner = data
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
    with pytest.raises(ValueError, match=message):
        Machine.from_json(data)


def test_lists_of_numbers() -> None:
    assert parse_list("0-2,8,1\n") == (0, 1, 2, 8)
    assert parse_list("") == ()
    assert format_list([8, 2, 0, 1]) == "0-2,8"
    assert format_list([]) == ""
    for text in ("0-3,8,10-11", "7", ""):
        assert format_list(parse_list(text)) == text
