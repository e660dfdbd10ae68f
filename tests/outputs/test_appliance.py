"""The appliance that output types are tried on, and the comparison itself: it must see every kind of difference."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.outputs import contents, odd
from tests.outputs.appliance import Appliance

pytestmark = pytest.mark.real


def test_odd_files_compare_equal_with_themselves_and_differ_from_each_change(tmp_path: Path) -> None:
    odd.make(tmp_path)
    before = contents.of_tree(tmp_path)
    assert contents.differences(before, contents.of_tree(tmp_path)) == []
    base = tmp_path / odd.PLACE
    names = {os.fsencode(f"{odd.PLACE}/{name}") for name in ("one", "ping", "none", "pipe", "sparse", "zero")}
    (base / "one").unlink()
    os.removexattr(base / "ping", "security.capability")
    os.chown(base / "none", 1, 100_000)
    (base / "pipe").chmod(0o600)
    with (base / "sparse").open("r+b") as stream:
        stream.write(b"First")
    os.utime(base / "zero", (1, 1))
    told = contents.differences(before, contents.of_tree(tmp_path), but=["opt/odd", "opt/odd/directory/two"])
    assert len(told) == len(names), told
    for name in names:
        assert any(repr(name) in line for line in told), (name, told)


def test_what_is_younger_than_the_archive_bears_its_date() -> None:
    item = contents.Item("-", 0o644, (0, 0), b"", 200, b"a", ())
    assert contents.differences({b"a": item}, {b"a": replace(item, date=100)}, epoch=100) == []
    assert contents.differences({b"a": item}, {b"a": item}, epoch=100) != []


def test_the_appliance_starts_by_itself_and_shares_no_secret(appliance: Appliance) -> None:
    names = appliance.contents
    assert any(name.startswith(b"boot/vmlinuz-") for name in names)
    assert any(name.startswith(b"boot/initrd.img-") for name in names)
    assert names[b"etc/machine-id"].what == names[b"opt/odd/zero"].what  # empty
    assert not [name for name in names if name.startswith(b"etc/ssh/ssh_host_")]
    passwords = [line.split(":")[1] for line in (appliance.tree / "etc/shadow").read_text().splitlines()]
    assert set(passwords) <= {"*", "!", "!*"}
