"""oarnodes' text is read, and only names that do no harm are given to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machine.trees import machine
from tests.oar.rows import differ, rows_of
from wizard.oar import oarnodes
from wizard.oar.plan import plan

#: As OAR 2.5.9 prints it, the properties in no order.
TEXT = """network_address : pair
resource_id : 1
state : Alive
properties : cpuset=0,1, mem=2, desktop_computing=NO, core=1, cpu=1, host=pair, available_upto=2147483647

network_address : pair
resource_id : 2
state : Absent (standby)
jobs: 12, 13
properties : core=2, cpuset=2,3, thread=, cpu=2, mem=2, host=pair

"""


#: As OAR 2.6.1 prints it.
TEXT_26 = TEXT.replace(" : ", ": ")


@pytest.mark.parametrize("text", [TEXT, TEXT_26])
def test_parse(text: str) -> None:
    found = oarnodes.parse(text)
    assert set(found) == {1, 2}
    assert found[1]["cpuset"] == "0,1"
    assert found[2]["cpuset"] == "2,3"
    assert found[2]["thread"] == ""
    assert found[2]["network_address"] == "pair"
    assert oarnodes.parse("/!\\ No nodes to display...\n") == {}


def test_differences() -> None:
    rows = rows_of(plan(machine("one-core-a-socket"), "pair"))
    entries = differ("one-core-a-socket", "pair", rows).entries
    assert oarnodes.differences(entries, oarnodes.parse(TEXT)) == []
    other = oarnodes.parse(TEXT.replace("cpuset=2,3", "cpuset=0"))
    assert oarnodes.differences(entries, other) == ["oarnodes shows cpuset=0 for resource 2, not 2,3"]
    del other[2]
    assert oarnodes.differences(entries, other) == ["oarnodes does not show resource 2"]


@pytest.mark.parametrize("name", ["node-1", "node1.site.example", "10.0.0.1", "fe80::1"])
def test_plain_names(name: str) -> None:
    assert oarnodes.plain(name)


@pytest.mark.parametrize("name", ["", "-r", "a'b", "$(x)", "a b", "a\n", "a;b", "\u00e9"])
def test_other_names(name: str) -> None:
    assert not oarnodes.plain(name)


@pytest.mark.parametrize(
    ("script", "message"),
    [("exec sleep 60", "within 0.5 s"), ("echo oops >&2; exit 9", "ended with status 9: oops")],
)
def test_oarnodes_that_fails(script: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "oarnodes"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(oarnodes, "command", lambda: str(path))
    with pytest.raises(RuntimeError, match=message):
        oarnodes.ask("pair", limit=0.5)
