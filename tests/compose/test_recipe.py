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
from wizard.cli import make_parser
from wizard.commands.build import parse_globals
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
    """What the command builds, read as a shell and the program would."""
    script = 'kameleon-tui() { printf "%s\\0" "$@"; }; ' + command
    words = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode().split("\0")[:-1]
    arguments = make_parser().parse_args(words)
    globals_ = parse_globals(arguments.globals)
    return resolve(find_recipe(arguments.recipe), globals_=globals_, types=arguments.types)


def _answered(catalog: Catalog, **answers: Value) -> dict[str, Value]:
    """The values of a flow in which a person said so, in this order."""
    flow = workstation_flow(catalog)
    for question, value in answers.items():
        flow.go(question)
        assert flow.answer(value) == ""
    return flow.values()


def _some_types(offered: list[str]) -> list[tuple[str, ...]]:
    """Each alone, and all together."""
    return [(one,) for one in offered] + ([tuple(offered)] if len(offered) > 1 else [])


def test_every_combination_of_the_shipped_catalog_is_what_its_command_builds(tmp_path: Path) -> None:
    catalog = load_catalog()
    sets = [(), tuple(chosen.id for chosen in catalog.package_sets)]
    for appliance in catalog.appliances:
        types = _some_types([one.id for one in catalog.outputs_of(appliance.id)])
        for distribution, chosen, packages in product(catalog.distributions_of(appliance.id), types, sets):
            values = _answered(
                catalog, appliance=appliance.id, distribution=distribution.id, types=chosen, package_sets=packages
            )
            composed = _as_file(compose(catalog, values), tmp_path)
            assert _content(composed) == _content(_by_command(repeat_command(catalog, values)))
            assert [step.name for step in composed.macrosteps if step.section == "export"] == list(chosen)
            assert composed.globals["suite"] == distribution.globals["suite"]
            assert composed.globals["packages"].split() == [
                package for name in packages for package in catalog.package_set(name).packages
            ]


def test_every_setting_of_what_ships_comes_through(tmp_path: Path) -> None:
    """Each setting answered, those of all output types too: what is answered is what the recipe is told."""
    catalog = load_catalog()
    said: dict[str, Value] = {
        "oar_packages": "deb [signed-by=/k.asc] http://server/debian bookworm main",
        "packages": "nano vim",
        "overlay": str(tmp_path),
        "ssh_keys": ("ssh-ed25519 AAAAC3Nza it's me", "ssh-rsa AAAAB3Nza you"),
        "hostname": "web",
        "timezone": "Europe/Paris",
        "locale": "fr_FR.UTF-8",
        "motd": "Hi $$hostname, 'you'",
        "compression": "9",
        "archive_compression": "xz",
        "kernel_parameters": "quiet console=ttyS1",
    }
    for appliance in catalog.appliances:
        flow = workstation_flow(catalog)
        for question, value in {
            "appliance": appliance.id, "types": tuple(one.id for one in catalog.outputs_of(appliance.id)),
            "package_sets": ("admin",), **said,
        }.items():  # fmt: skip
            if question in flow.values():
                flow.go(question)
                assert flow.answer(value) == "", question
        values = flow.values()
        told = {name: value for name, value in said.items() if name in values}
        assert told.keys() >= set(appliance.globals)
        composed = _as_file(compose(catalog, values), tmp_path)
        assert _content(composed) == _content(_by_command(repeat_command(catalog, values)))
        told["packages"] = "less vim-tiny procps psmisc lsof file rsync nano vim"
        for name, value in told.items():
            assert composed.globals[name] == (value if isinstance(value, str) else "\n".join(value))


def test_what_nobody_changed_needs_no_words() -> None:
    catalog = load_catalog()
    assert repeat_command(catalog, _answered(catalog)) == "kameleon-tui build debian-bookworm-x86_64-oar-2.5-iso"
    assert repeat_command(catalog, _answered(catalog, appliance="minimal")) == "kameleon-tui build hello"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(write_catalog(tmp_path_factory.mktemp("catalog")))


def _answers(**others: Value) -> dict[str, Value]:
    return {
        "appliance": "small", "distribution": "one", "types": ("tar",), "package_sets": (), "hostname": "hello",
        "packages": "", "files": "", **others,
    }  # fmt: skip


def test_each_answer_is_a_global(catalog: Catalog) -> None:
    answers = _answers(
        types=("disk",), kernel="linux-fast", package_sets=("tools", "more"), hostname="web", keys=("key a", "key b"),
        packages="file vim", size="", shape="round", files="",
    )  # fmt: skip
    assert answers_to_globals(catalog, answers) == {
        "kernel": "linux-fast",
        "hostname": "web",
        "packages": "less file lsof vim",
        "keys": "key a\nkey b",
        "shape": "round",
    }


def test_the_recipe_is_easy_to_read(catalog: Catalog) -> None:
    answers = _answers(package_sets=("tools",), types=("tar", "disk"), distribution="two")
    assert compose(catalog, answers) == (
        "# DESCRIPTION: Small, System Two, as tar and disk\n"
        "#\n"
        "# Composed by kameleon-tui.\n"
        "extend: hello\n"
        "\n"
        "global:\n"
        '  suite: "no"\n'
        '  motd: "it\'s $(id) \\\\n"\n'
        "  packages: less file\n"
        "\n"
        "bootstrap:\n"
        '  - "@base"\n'
        "\n"
        "setup:\n"
        '  - "@base"\n'
        "\n"
        "export:\n"
        "  - tar\n"
        "  - disk\n"
    )
    assert repeat_command(catalog, answers).endswith(" --type tar disk")
    # With nothing to tell there is no section for it.
    assert "global" not in compose(catalog, _answers())


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
