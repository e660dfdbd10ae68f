"""The catalog: what ships is sound, and every mistake in one is told with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.compose.catalogs import FILES, write_catalog
from wizard.compose.catalog import load_catalog
from wizard.errors import USAGE, UserError
from wizard.host.tools import tools_named
from wizard.recipe.find import find_recipe
from wizard.recipe.resolve import resolve


def test_what_ships_is_sound_and_every_choice_of_it_resolves() -> None:
    catalog = load_catalog()
    assert catalog.package_sets
    assert catalog.outputs[0].id == "tar"
    for appliance in catalog.appliances:
        offered = [one.id for one in catalog.outputs_of(appliance.id)]
        assert catalog.distributions_of(appliance.id)
        for distribution in catalog.distributions_of(appliance.id):
            assert catalog.kernels_of(distribution.id)
            recipe = appliance.recipes[distribution.id]
            base = catalog.base(recipe)
            # It offers what its recipe makes by itself, and asks for what that recipe knows.
            assert set(base.types) <= set(offered)
            assert {*distribution.globals, *appliance.globals} <= base.globals.keys()
            for output in offered:
                resolved = resolve(find_recipe(recipe), types=(output,))
                assert [step.name for step in resolved.macrosteps if step.section == "export"] == [output]
                assert [one.id for one in resolved.outputs] == [output]
    for text in (*(appliance.text for appliance in catalog.appliances), *(one.form for one in catalog.globals)):
        text.encode("cp437")  # what a console can show
    for global_ in catalog.globals:
        re.compile(global_.pattern)
    for one in catalog.outputs:
        # doctor and the check before a build tell the package of each.
        assert all(tool.package for tool in tools_named(one.tools)), one.id


@pytest.mark.parametrize("recipe", ["hello", "debian-bookworm-x86_64-oar-2.5-iso"])
def test_what_a_recipe_says_by_itself_is_what_it_resolves_to(recipe: str) -> None:
    base, resolved = load_catalog().base(recipe), resolve(find_recipe(recipe))
    assert {name: resolved.globals[name] for name in base.globals} == base.globals
    assert base.steps["export"] == tuple(one.id for one in resolved.outputs)


def test_headers_are_read_and_steps_without_one_are_not_offered(tmp_path: Path) -> None:
    catalog = load_catalog(write_catalog(tmp_path))
    assert [(output.id, output.kernel) for output in catalog.outputs] == [("tar", False), ("disk", True)]
    disk = catalog.output("disk")
    assert disk.tools == ("mkfs",)
    assert disk.options == {"size": "how large it is (default 1G)", "shape": "how round it is"}
    assert (disk.adds, disk.leaves_out, disk.use) == ("a boot loader", "nothing", "Boot it.")


def test_a_distribution_has_its_own_kernels_and_packages(tmp_path: Path) -> None:
    catalog = load_catalog(write_catalog(tmp_path))
    assert [kernel.id for kernel in catalog.kernels_of("one")] == ["linux-plain", "linux-fast"]
    assert [kernel.id for kernel in catalog.kernels_of("two")] == ["linux-plain"]
    assert [chosen.id for chosen in catalog.package_sets_of("two")] == ["tools"]


def test_words_of_yaml_stay_words(tmp_path: Path) -> None:
    assert load_catalog(write_catalog(tmp_path)).distribution("two").globals["suite"] == "no"


def _mistakes(folder: Path, **changes: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        load_catalog(write_catalog(folder, **changes))
    assert caught.value.status == USAGE
    return caught.value.message.replace(f"{folder}/", "").splitlines()


def test_every_mistake_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    kernels = """\
- {id: k, titel: K, text: t, size: 1, distributions: [one]}
- {id: l, title: L, text: t, size: 1, distributions: one}
- {id: m, title: M, text: t, size: 1, distributions: [three]}
- {id: m, title: M, text: t, size: 1, distributions: [one]}
- k
"""
    assert _mistakes(tmp_path, kernels=kernels, packages="{}") == [
        "catalog/kernels.yaml:1:3: the key title is missing",
        "catalog/kernels.yaml:1:11: unknown key titel; did you mean title?",
        "catalog/kernels.yaml:2:54: distributions: takes a list of texts, found the text one",
        "catalog/kernels.yaml:3:54: no distribution is called three; there are one, two",
        "catalog/kernels.yaml:4:3: m is here twice: first at catalog/kernels.yaml:3:3",
        "catalog/kernels.yaml:5:3: a mapping with id, title, text, size, distributions is expected, found the text k",
        "catalog/packages.yaml:1:1: a list of entries is expected, found a mapping",
    ]


def test_mistakes_in_what_is_offered_and_asked(tmp_path: Path) -> None:
    appliances = """\
- {id: a, title: A, text: t, recipes: {thre: hello}, types: [dsk], globals: [hostnam]}
"""
    globals_ = """\
- {id: kernel, title: K, text: t, kind: text}
- {id: other, title: S, text: t, kind: one}
- {id: size, title: S, text: t, kind: number}
- {id: motd, title: M, text: t, kind: text, pattern: x}
- {id: form, title: M, text: t}
"""
    assert _mistakes(tmp_path, appliances=appliances, globals=globals_) == [
        "catalog/appliances.yaml:1:39: no distribution is called thre; there are one, two",
        "catalog/appliances.yaml:1:61: no output type is called dsk; did you mean disk?",
        "catalog/appliances.yaml:1:77: no global is called hostnam; there are kernel, other, size, motd, form",
        "catalog/globals.yaml:1:8: kernel is asked for by a question of its own",
        "catalog/globals.yaml:2:3: choices go with kind: one",
        "catalog/globals.yaml:3:39: kind: takes text, one, path, keys",
        "catalog/globals.yaml:4:54: a pattern wants a form: what is said of a value that does not match",
        "catalog/globals.yaml:5:3: the key kind is missing: only output types say it of their options",
    ]
    disk = FILES["steps/export/disk.yaml"].replace("#   shape:", "#   types:")
    (told,) = _mistakes(tmp_path, disk=disk)
    assert "an option cannot be called types" in told
    assert "offers nothing" in _mistakes(tmp_path, appliances="[]")[0]


def test_a_header_with_mistakes_is_told_where_it_stands_in_the_step_file(tmp_path: Path) -> None:
    disk = FILES["steps/export/disk.yaml"].replace("kernel: wanted", "kernel: maybe")
    assert _mistakes(tmp_path, disk=disk) == ["steps/export/disk.yaml:5:11: kernel: takes none or wanted"]
    disk = FILES["steps/export/disk.yaml"].replace("makes: RECIPE.disk", "makes: [RECIPE.disk")
    assert _mistakes(tmp_path, disk=disk)[0].startswith("steps/export/disk.yaml:5:")
    disk = FILES["steps/export/disk.yaml"].replace("# use: Boot it.\n", "")
    assert _mistakes(tmp_path, disk=disk) == ["steps/export/disk.yaml:3:3: the key use is missing"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- [", "catalog/packages.yaml:2:1: YAML: "),
        ("", "catalog/packages.yaml:1:1: "),
        ("- {id: a, id: b}", "catalog/packages.yaml:1:11: id is here twice"),
    ],
)
def test_files_that_are_no_catalog(tmp_path: Path, text: str, told: str) -> None:
    assert told in "\n".join(_mistakes(tmp_path, packages=text))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    folder = write_catalog(tmp_path)
    (folder / "catalog" / "packages.yaml").write_bytes(b"- \xff\xfe")
    (folder / "catalog" / "kernels.yaml").unlink()
    with pytest.raises(UserError) as caught:
        load_catalog(folder)
    assert "packages.yaml:1:3: " in caught.value.message
    assert "kernels.yaml:1:1: " in caught.value.message
