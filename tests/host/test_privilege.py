"""Being root, or being told how."""

from __future__ import annotations

import sys

import pytest

from wizard.errors import MACHINE, UserError
from wizard.host import privilege


def test_root_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    privilege.require_root()


@pytest.mark.parametrize(
    ("sudo", "begins"), [("/usr/bin/sudo", "sudo /opt/x/bin/kameleon-tui"), ("", "as root: /opt/x")]
)
def test_others_are_told_what_to_type(monkeypatch: pytest.MonkeyPatch, sudo: str, begins: str) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(privilege, "sudo", lambda: sudo)
    monkeypatch.setattr(sys, "argv", ["/opt/x/bin/kameleon-tui", "build", "a b.yaml"])
    with pytest.raises(UserError) as caught:
        privilege.require_root()
    assert caught.value.status == MACHINE
    assert caught.value.hint.startswith(begins)
    assert caught.value.hint.endswith("build 'a b.yaml'")


def test_run_as_a_module_it_names_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "argv", ["/opt/x/wizard/__main__.py", "build"])
    with pytest.raises(UserError) as caught:
        privilege.require_root()
    assert f"{sys.executable} -m wizard build" in caught.value.hint
