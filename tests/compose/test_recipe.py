"""From answers to a recipe: it resolves to what the command that repeats it resolves to, whatever is in the answers."""

from __future__ import annotations

import shlex
import subprocess
from itertools import product
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.compose.catalogs import write_catalog
from wizard.compose.catalog import Catalog, load_catalog
from wizard.compose.recipe import answers_to_globals, compose, repeat_command
from wizard.compose.workstation import workstation_flow
from wizard.errors import UserError
from wizard.flow.question import Value
from wizard.recipe.find import find_recipe
from wizard.recipe.model import ResolvedRecipe
from wizard.recipe.resolve import resolve

# What a recipe is called and where it lies: no part of what it builds.
OWN = {"recipe", "kameleon_recipe_name", "recipe_dir", "kameleon_recipe_dir", "workdir", "chroot", "output"}
OWN |= {"kameleon_cwd", "kameleon_uuid", "kameleon_short_uuid"}


def _content(recipe: ResolvedRecipe) -> object:
    globals_ = {name: value for name, value in recipe.globals.items() if name not in OWN}
    return recipe.macrosteps, globals_, recipe.strict, recipe.dialect, recipe.contexts


def _as_file(text: str, folder: Path) -> ResolvedRecipe:
    file = folder / "composed.yaml"
    file.write_text(text)
    return resolve(file)


def _by_command(command: str) -> ResolvedRecipe:
    """What the command builds, read as a shell would."""
    script = 'kameleon-tui() { printf "%s\\0" "$@"; }; ' + command
    words = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode().split("\0")[:-1]
    assert words[0] == "build"
    given_ = [words[i + 1].split(":", 1) for i, word in enumerate(words) if word == "-g"]
    types = [words[i + 1] for i, word in enumerate(words) if word == "--type"]
    return resolve(find_recipe(words[1]), globals_=dict(pair for pair in given_), types=types)


def test_every_combination_of_the_shipped_catalog_is_what_its_command_builds(tmp_path: Path) -> None:
    catalog = load_catalog()
    sets = [(), tuple(chosen.id for chosen in catalog.package_sets)]
    for distribution, output, packages in product(catalog.distributions, catalog.outputs, sets):
        flow = workstation_flow(catalog)
        for value in (distribution.id, output.id):
            assert flow.answer(value) == ""
            flow.next()
        flow.go("packages")
        assert flow.answer(packages) == ""
        composed = _as_file(compose(catalog, flow.values()), tmp_path)
        assert _content(composed) == _content(_by_command(repeat_command(catalog, flow.values())))
        assert composed.globals["suite"] == distribution.globals["suite"]
        assert composed.globals["packages"].split() == [
            package for name in packages for package in catalog.package_set(name).packages
        ]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(write_catalog(tmp_path_factory.mktemp("catalog")))


def _answers(**others: Value) -> dict[str, Value]:
    return {"distribution": "one", "output": "tar", "packages": (), "hostname": "hello", **others}


def test_each_answer_is_a_global(catalog: Catalog) -> None:
    answers = _answers(output="disk", kernel="linux-fast", packages=("tools", "more"), hostname="web")
    assert answers_to_globals(catalog, answers) == {
        "suite": "bookworm",
        "packages": "less file lsof",
        "kernel": "linux-fast",
        "hostname": "web",
    }


def test_the_recipe_is_easy_to_read(catalog: Catalog) -> None:
    assert compose(catalog, _answers(packages=("tools",))) == (
        "# DESCRIPTION: System One, A tar archive\n"
        "#\n"
        "# Composed by kameleon-tui.\n"
        "extend: hello\n"
        "\n"
        "global:\n"
        "  suite: bookworm\n"
        "  packages: less file\n"
        '  kernel: ""\n'
        "  hostname: hello\n"
        "\n"
        "bootstrap:\n"
        '  - "@base"\n'
        "\n"
        "setup:\n"
        '  - "@base"\n'
        "\n"
        "export:\n"
        "  - tar\n"
    )


ODD = [
    "it's",
    'say "hi"',
    "two words",
    " leading and trailing ",
    "two\nlines\n",
    "tab\tand\rreturn",
    "$(touch /tmp/pwned) `id` $HOME ${x}",
    "$$hostname $${suite} $$$$ $$",
    "a: b # c",
    "- x",
    "no",
    "0123",
    "1e3",
    "~",
    "null",
    "{a: b}",
    "[a]",
    "*alias",
    "&anchor",
    "!tag",
    "%directive",
    "@base",
    "|",
    ">-",
    "---",
    "...",
    "\\n \\x41",
    "é ü 漢字 🦎",
    "\u2028line\u0085separators\u2029",
    "\ufeffmark",
    "",
    "x" * 5000,
]


@pytest.mark.parametrize("odd", ODD)
def test_odd_answers_are_literal_in_the_recipe_and_in_the_command(catalog: Catalog, odd: str, tmp_path: Path) -> None:
    answers = _answers(hostname=odd)
    composed = _as_file(compose(catalog, answers), tmp_path)
    assert composed.globals["hostname"] == odd
    assert _content(composed) == _content(_by_command(repeat_command(catalog, answers)))


def test_odd_globals_of_a_catalog_are_literal_too(catalog: Catalog, tmp_path: Path) -> None:
    composed = _as_file(compose(catalog, _answers(distribution="two")), tmp_path)
    assert composed.globals["motd"] == "it's $(id) \\n"
    assert composed.globals["suite"] == "no"
    # Other readers of YAML see the same text, not a truth value.
    assert yaml.safe_load(compose(catalog, _answers(distribution="two")))["global"]["suite"] == "no"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_text_comes_through_yaml(catalog: Catalog, text: str) -> None:
    assert yaml.safe_load(compose(catalog, _answers(hostname=text.replace("$", "S"))))["global"]["hostname"] == (
        text.replace("$", "S")
    )


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_text_comes_through_the_shells_words(catalog: Catalog, text: str) -> None:
    assert f"hostname:{text}" in shlex.split(repeat_command(catalog, _answers(hostname=text)))


def test_what_no_shell_can_take_is_refused_with_a_sentence(catalog: Catalog) -> None:
    with pytest.raises(UserError, match=r"hostname: 'a.*' holds a NUL character, which no shell can take"):
        compose(catalog, _answers(hostname="a\0b"))
