"""Headers of step files: what output types and setup steps add to a recipe that uses them."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.recipe.errors import RecipeErrors
from wizard.recipe.model import ResolvedRecipe
from wizard.recipe.resolve import resolve

HEADER = """\
# A disk.
# OUTPUT
# title: A disk
# makes: RECIPE.disk
# kernel: wanted
# setup: [machine]
# packages: [grub, init]
# tools: [mkfs]
# adds: a boot loader
# leaves out: nothing
# use: Boot it.

- make:
    - exec_local: "true"
"""
FILES = {
    "steps/export/disk.yaml": HEADER,
    "steps/export/live.yaml": HEADER.replace("[machine]", "[machine, live]"),
    "steps/export/tar.yaml": '- make: [{exec_local: "true"}]\n',
    "steps/setup/machine.yaml": '# NEEDS\n# packages: [init, network]\n- keys: [{exec_local: "true"}]\n',
    "steps/setup/live.yaml": '# NEEDS\n# packages: [live-boot]\n- user: [{exec_local: "true"}]\n',
    "steps/setup/clean.yaml": '- tidy: [{exec_local: "echo $$needed_packages"}]\n',
    "base.yaml": """\
global: {kernel: "", default_kernel: linux-image}
bootstrap: [clean]
setup: ["@types", clean]
export: [tar]
""",
}

BASE = "extend: base\nsetup: ['@base']\nexport: ['@base']\n"


def _recipe(folder: Path, *types: str, text: str = BASE, **globals_: str
            ) -> ResolvedRecipe:  # fmt: skip
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "r.yaml").write_text(text)
    return resolve(folder / "r.yaml", types=types, globals_=globals_)


def _setup(recipe: ResolvedRecipe) -> list[str]:
    return [step.name for step in recipe.macrosteps if step.section == "setup"]


def test_without_a_type_that_wants_something_nothing_is_added(tmp_path: Path) -> None:
    recipe = _recipe(tmp_path)
    assert _setup(recipe) == ["clean"]
    assert (recipe.globals["kernel"], recipe.globals["needed_packages"], recipe.outputs) == ("", "", ())


def test_the_steps_and_packages_of_several_types_come_once(tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, "disk", "live", "tar")
    assert _setup(recipe) == ["machine", "live", "clean"]
    assert recipe.globals["needed_packages"] == "grub init network live-boot"
    assert [one.id for one in recipe.outputs] == ["disk", "live"]
    assert recipe.macrosteps[-4].microsteps[0].commands[0].text == "echo grub init network live-boot"


def test_a_kernel_is_wanted_and_one_that_is_chosen_stays(tmp_path: Path) -> None:
    assert _recipe(tmp_path, "disk").globals["kernel"] == "linux-image"
    assert _recipe(tmp_path, "disk", kernel="mine").globals["kernel"] == "mine"


def test_the_export_section_counts_like_types(tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, text="extend: base\nsetup: [live, '@base']\nexport: [disk]\n")
    assert _setup(recipe) == ["live", "machine", "clean"]
    assert recipe.globals["kernel"] == "linux-image"


def test_a_recipe_without_the_place_gets_no_steps(tmp_path: Path) -> None:
    assert _setup(_recipe(tmp_path, "disk", text="extend: base\nsetup: [clean]\nexport: ['@base']\n")) == ["clean"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("[machine]", "[machin]"), "disk.yaml:6:10: no step file for the macrostep machin; did you mean machine?"),
        (("# use: Boot it.\n", ""), "disk.yaml:3:3: the key use is missing"),
        (("kernel: wanted", "kernel: maybe"), "disk.yaml:5:11: kernel: takes none or wanted"),
    ],
)
def test_mistakes_in_headers_have_their_place(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    _recipe(tmp_path)
    (tmp_path / "steps/export/disk.yaml").write_text(HEADER.replace(*change))
    with pytest.raises(RecipeErrors) as caught:
        resolve(tmp_path / "r.yaml", types=("disk",))
    assert [str(error).replace(f"{tmp_path}/", "") for error in caught.value.errors] == [f"steps/export/{told}"]


def test_tools_that_steps_need_are_known_before_a_build(tmp_path: Path) -> None:
    text = "extend: base\nsetup: [own]\nexport: [tar]\n"
    _recipe(tmp_path)
    (tmp_path / "steps/setup/own.yaml").write_text(
        '# NEEDS\n# tools: [dnf, rpm]\n# takes:\n#   how: one of a b\n- make: [{exec_local: "true"}]\n'
    )
    assert _recipe(tmp_path, text=text).tools == ("dnf", "rpm")
    assert _recipe(tmp_path).tools == ()
    with pytest.raises(RecipeErrors, match="-g how: the global how takes a or b, not c"):
        _recipe(tmp_path, text=text, how="c")


def test_an_appliance_of_the_rpm_family_gets_steps_of_its_own(tmp_path: Path) -> None:
    _recipe(tmp_path)
    told = "disk.yaml:6:10: the output type disk is for Debian's family only: it has no `rpm setup`"
    with pytest.raises(RecipeErrors, match=told):
        _recipe(tmp_path, "disk", package_family="rpm")
    (tmp_path / "steps/export/own.yaml").write_text(HEADER.replace("# packages", "# rpm setup: [live]\n# packages"))
    recipe = _recipe(tmp_path, "own", "tar", package_family="rpm")
    assert (_setup(recipe), recipe.globals["needed_packages"]) == (["live", "clean"], "live-boot")
    assert _setup(_recipe(tmp_path, "own")) == ["machine", "clean"]
    with pytest.raises(RecipeErrors, match="package_family takes deb or rpm, not rmp"):
        _recipe(tmp_path, package_family="rmp")
