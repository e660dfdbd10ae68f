"""Recipes by name, and what the list says about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipe.trees import write
from wizard.data import shipped
from wizard.errors import UserError
from wizard.recipe.find import all_recipes, find_recipe


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAMELEON_PATH", f"{tmp_path}/one:{tmp_path}/two")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def test_a_bare_name_is_looked_for_in_order(here: Path) -> None:
    places = ["recipes", "one", "one/recipes", "two", "data/kameleon-tui/recipes"]
    write(here, {f"{place}/hello.yaml": f"description: {place}\nsetup: [a]\n" for place in places})
    for place in places:
        path = find_recipe("hello")
        assert path.resolve() == here / place / "hello.yaml"
        assert next(recipe.description for recipe in all_recipes() if recipe.name == "hello") == place
        path.unlink()
    assert find_recipe("hello") == shipped("recipes/hello.yaml")


@pytest.mark.parametrize("name", ["./hello", "a/b", "hello.yaml", "x.yml", "/x"])
def test_a_name_with_a_slash_or_a_suffix_is_that_file(name: str) -> None:
    assert find_recipe(name) == Path(name)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(UserError) as caught:
        find_recipe("helo")
    assert caught.value.status == 2
    assert caught.value.message.startswith("no recipe helo in recipes, ")
    assert caught.value.hint == "did you mean hello?"
    with pytest.raises(UserError) as caught:
        find_recipe("")
    assert "recipe list" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("# DESCRIPTION: one line\nsetup: []\n", "one line"),
        ("# DESCRIPTION: two\n#   lines\n#\n# not this\nsetup: []\n", "two lines"),
        ("# before\n\n# DESCRIPTION: later\nsetup: []\n", "later"),
        ("# DESCRIPTION: comment\ndescription: >\n  the\n  key\nsetup: []\n", "the key"),
        ("setup: []\n# DESCRIPTION: too late\n", ""),
        ("# DESCRIPTION:\n# next line\nsetup: []\n", "next line"),
    ],
)
def test_descriptions(here: Path, text: str, description: str) -> None:
    write(here, {"recipes/r.yaml": text})
    assert next(recipe.description for recipe in all_recipes() if recipe.name == "r") == description


def test_dialects(here: Path) -> None:
    write(here, {"recipes/old.yaml": "steps: []\n", "recipes/new.yaml": "extend: old\n", "recipes/no.yaml": "a: b\n"})
    found = {recipe.name: recipe.dialect for recipe in all_recipes()}
    assert (found["old"], found["new"], found["hello"]) == ("classic", "current", "current")
    assert "no" not in found
