"""What a host allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.host import probe


def test_space_counts_where_the_directory_would_be_made(tmp_path: Path) -> None:
    where = tmp_path / "not" / "yet"
    assert probe.existing(where) == tmp_path
    assert probe.space("work", where, 1).state == "ok"
    fact = probe.space("work", where, 10**18)
    assert fact.state == "missing"
    assert "1000000000.0 GB are needed" in fact.text


@pytest.mark.parametrize(
    ("is_root", "sudo", "state"), [(True, "", "ok"), (False, "/usr/bin/sudo", "ok"), (False, "", "missing")]
)
def test_root(monkeypatch: pytest.MonkeyPatch, is_root: bool, sudo: str, state: str) -> None:
    monkeypatch.setattr(probe, "is_root", lambda: is_root)
    monkeypatch.setattr(probe, "sudo", lambda: sudo)
    assert probe.root().state == state


def test_namespaces_that_are_refused_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unshare = tmp_path / "unshare"
    unshare.write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    unshare.chmod(0o755)
    monkeypatch.setattr(probe, "is_root", lambda: True)
    monkeypatch.setattr(probe, "which", lambda name: str(unshare))
    fact = probe.namespaces()
    assert fact.state == "missing"
    assert "Operation not permitted" in fact.text
    assert probe.overlay(tmp_path).state == "note"
    assert [path.name for path in tmp_path.iterdir()] == ["unshare"]


def test_an_unshare_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unshare = tmp_path / "unshare"
    unshare.write_text("#!/bin/sh\nexec sleep 30\n")
    unshare.chmod(0o755)
    monkeypatch.setattr(probe, "is_root", lambda: True)
    monkeypatch.setattr(probe, "which", lambda name: str(unshare))
    monkeypatch.setattr(probe, "_LIMIT", 0.1)
    assert "no answer within" in probe.namespaces().text


@pytest.mark.real
def test_this_machine_can_build(tmp_path: Path) -> None:
    assert probe.namespaces().state == "ok"
    assert probe.overlay(tmp_path).state in ("ok", "note")
    assert list(tmp_path.iterdir()) == []
