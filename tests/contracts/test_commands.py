"""The command line's table and the modules of wizard/commands are one thing."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import wizard.commands
from wizard.cli import COMMANDS

#: Modules that are no sub-command: what `kameleon-tui` and `kameleon-tui --defaults` run.
WITHOUT_A_WORD = {"wizard", "defaults"}


def command_modules() -> set[str]:
    """Names of the modules of wizard/commands that a sub-command may be; those with an underscore are helpers."""
    return {module.name for module in pkgutil.iter_modules(wizard.commands.__path__) if module.name[0] != "_"}


def test_table_and_modules_agree() -> None:
    assert set(COMMANDS) | WITHOUT_A_WORD == command_modules()


@pytest.mark.parametrize("name", COMMANDS)
def test_module_is_a_command(name: str) -> None:
    module = importlib.import_module(f"wizard.commands.{name}")
    assert name == module.NAME
    assert module.HELP == COMMANDS[name]
    assert callable(module.add_arguments)
    assert callable(module.run)


@pytest.mark.parametrize("name", sorted(WITHOUT_A_WORD))
def test_module_can_run(name: str) -> None:
    assert callable(importlib.import_module(f"wizard.commands.{name}").run)
