"""Edit-and-retry: the file, the editor, what comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.plain.told import NAME, Teller
from wizard.engine.edited import commands_file, edit, editor
from wizard.errors import UserError
from wizard.recipe.microstep import parse_commands
from wizard.recipe.model import ResolvedRecipe

COMMANDS = [{"exec_in": "cd /tmp\necho 'a: b'\n"}, {"write_file": ["/etc/x", "two\nlines\n"]}]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    teller = Teller(tmp_path / NAME)
    teller.failed_run()
    steps = [[{"exec_local": "true"}], [{"exec_local": "true"}], COMMANDS, [{"exec_local": "true"}]]
    macrosteps = [
        {"name": "debian", "microsteps": [{"commands": commands} for commands in steps[:2]]},
        {"name": "identity", "microsteps": [{"commands": commands} for commands in steps[2:]]},
    ]
    (tmp_path / NAME / "resolved.json").write_text(json.dumps({"sections": [{"macrosteps": macrosteps}]}))
    return tmp_path / NAME


def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """Let the person's editor be this shell script; $1 is the file."""
    path = tmp_path / "my editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("VISUAL", f"'{path}'")


def test_the_file_holds_the_commands_as_they_are(run: Path) -> None:
    path = commands_file(run, 2)
    assert path.parent == run / "edited"
    text = path.read_text()
    assert text.startswith("# The commands of identity/hostname.")
    recipe = ResolvedRecipe("toy", "toy.yaml", "current", True, "", {}, "/w", "/w/chroot", "/o", ())
    commands = parse_commands(text, recipe=recipe, file="x")
    assert [{c.name: c.argument if isinstance(c.argument, str) else list(c.argument)} for c in commands] == COMMANDS


def test_an_earlier_edit_stands_in_the_file(run: Path) -> None:
    commands_file(run, 2).write_text("- exec_in: mine\n")
    assert commands_file(run, 2).read_text() == "- exec_in: mine\n"


def test_an_edit_comes_back(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, tmp_path, 'echo "- exec_in: mended" >"$1"')
    assert edit(run, 2) == ("- exec_in: mended\n", "")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("true", "as they were"),
        ('echo "# nothing" >"$1"', "emptied"),
        (': >"$1"', "emptied"),
        ('echo "- exec_in: x" >"$1"; exit 3', "status 3"),
    ],
)
def test_leaving_without_an_edit_changes_nothing(
    script: str, expected: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path, script)
    text, why = edit(run, 2)
    assert text == ""
    assert expected in why


def test_an_editor_that_is_not_there_is_named(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "/no/such/editor --wait")
    with pytest.raises(UserError, match="/no/such/editor"):
        edit(run, 2)


def test_visual_is_stronger_than_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "emacs -nw")
    monkeypatch.setenv("EDITOR", "vi")
    assert editor() == ["emacs", "-nw"]
    monkeypatch.setenv("VISUAL", " ")
    assert editor() == ["vi"]
    monkeypatch.delenv("EDITOR")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="no editor"):
        editor()
