"""docs/recipes.md: its examples are files that resolve, and what it says commands print is what they print."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.recipe.trees import write
from wizard.cli import main
from wizard.data import shipped
from wizard.recipe.chain import dialect_of
from wizard.recipe.commands import KINDS, REFUSED
from wizard.recipe.errors import Problems
from wizard.recipe.resolve import resolve
from wizard.recipe.yamltext import read

PAGE = (shipped("recipes").parent / "docs/recipes.md").read_text()
_FENCE = re.compile(r"^```(yaml|text) (\S[^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass
class Example:
    """A chapter's files by name, and what commands print by the command."""

    files: dict[str, str] = field(default_factory=dict)
    prints: dict[str, str] = field(default_factory=dict)


def examples() -> dict[str, Example]:
    """By the chapter's title; chapters without examples are left out."""
    found = {}
    for chapter in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        example = Example()
        for kind, name, body in _FENCE.findall(chapter):
            (example.files if kind == "yaml" else example.prints)[name] = body
        if example.files:
            found[chapter.split("\n")[0]] = example
    return found


def test_there_are_examples_of_both_dialects() -> None:
    found = examples()
    assert len(found) == 5
    assert sum(len(example.files) for example in found.values()) == 19
    assert sum(len(example.prints) for example in found.values()) == 7


@pytest.mark.parametrize("title", examples())
def test_examples_resolve(title: str, tmp_path: Path) -> None:
    example = examples()[title]
    write(tmp_path, example.files)
    for name in example.files:
        document = read(tmp_path / name, name, Problems())
        assert document is not None
        if dialect_of(document[1]) and name != "wrong.yaml" and not name.startswith("steps/"):
            assert resolve(tmp_path / name, cwd=str(tmp_path)).steps()


@pytest.mark.parametrize(
    ("title", "words"), [(title, words) for title, one in examples().items() for words in one.prints]
)
def test_what_is_printed(
    title: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = examples()[title]
    write(tmp_path, example.files)
    monkeypatch.chdir(tmp_path)
    status = main(shlex.split(words, posix=False))
    shown = capsys.readouterr().out.replace(str(tmp_path), "WHERE")
    assert status == (2 if words.startswith("recipe check") else 0)
    assert shown.split("\nglobals\n")[0].rstrip() == example.prints[words].rstrip()


def test_every_command_is_in_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert rows == list(KINDS)
    for name in REFUSED:
        assert re.sub("bootstrap|setup|export", "SECTION", name) in PAGE
