"""Installing what is missing: as root, by sudo, or saying what to type. A recorded apt-get stands for apt."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.errors import MACHINE, UserError
from wizard.host import apt


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """apt-get and sudo that write down how they were called; the file they write to."""
    log = tmp_path / "calls"
    log.touch()
    for name, rest in (("apt-get", '[ ! -e "$0.broken" ]'), ("sudo", 'exec "$@"')):
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\necho {name} "$@" >> {log}\n{rest}\n')
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(apt, "is_root", lambda: True)
    monkeypatch.setattr(apt, "sudo", lambda: str(tmp_path / "sudo"))
    return log


INSTALL = "apt-get install -q -y --no-install-recommends tmux zstd"


def test_as_root(calls: Path) -> None:
    apt.install(["tmux", "zstd"])
    assert calls.read_text().splitlines() == ["apt-get update -q", INSTALL]
    assert apt.install_command(["zstd"]) == "apt-get install zstd"


def test_by_sudo(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "is_root", lambda: False)
    apt.install(["tmux", "zstd"])
    first, second, *_ = calls.read_text().splitlines()
    assert first.startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get update")
    assert second == "apt-get update -q"
    assert calls.read_text().splitlines()[-1] == INSTALL
    assert apt.install_command(["zstd"]) == "sudo apt-get install zstd"


def test_with_neither(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "is_root", lambda: False)
    monkeypatch.setattr(apt, "sudo", lambda: "")
    with pytest.raises(UserError) as caught:
        apt.install(["zstd"])
    assert caught.value.status == MACHINE
    assert caught.value.hint == "as root: apt-get install zstd"
    assert calls.read_text() == ""


def test_apt_that_fails(calls: Path) -> None:
    calls.with_name("apt-get.broken").touch()
    with pytest.raises(UserError, match="apt-get update -q failed with status 1"):
        apt.install(["zstd"])
    assert calls.read_text().splitlines() == ["apt-get update -q"]


def test_a_machine_without_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "which", lambda name: "")
    with pytest.raises(UserError, match="no apt-get"):
        apt.install(["zstd"])
