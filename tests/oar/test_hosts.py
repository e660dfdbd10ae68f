"""Patterns of host names, and names that are none."""

from __future__ import annotations

import pytest

from wizard.errors import UserError
from wizard.oar.hosts import expand, names, short


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("node", ["node"]),
        ("n[08-10,12]", ["n08", "n09", "n10", "n12"]),
        ("n[8-10].x", ["n8.x", "n9.x", "n10.x"]),
        ("n[0-1]", ["n0", "n1"]),
        ("r[1-2]n[01-02]", ["r1n01", "r1n02", "r2n01", "r2n02"]),
        ("n[a-b]", ["n[a-b]"]),
        ("n[]", ["n[]"]),
        ("n[1-]", ["n[1-]"]),
        ("[3]", ["3"]),
    ],
)
def test_patterns(pattern: str, found: list[str]) -> None:
    assert list(expand(pattern)) == found


def test_many() -> None:
    assert len(list(expand("node[001-512]"))) == 512
    for pattern in ("n[1-9999999]", "n[1-1000][1-1001]"):
        with pytest.raises(UserError, match="1000000 at most"):
            list(expand(pattern))
    with pytest.raises(UserError, match="backwards"):
        list(expand("n[1-2,5-4]"))
    with pytest.raises(UserError, match="19 digits"):
        list(expand(f"n[1-{'9' * 60}]"))


def test_each_name_once() -> None:
    assert names(["b", "a[1-2]"]) == ["b", "a1", "a2"]
    with pytest.raises(UserError, match="'a2' is named twice"):
        names(["a[1-2]", "a2"])


def test_short() -> None:
    assert short(["a"]) == "a"
    assert short(["a", "b", "c"]) == "a, b, c"
    assert short([f"n{n}" for n in range(9)]) == "n0 … n8 (9 hosts)"
