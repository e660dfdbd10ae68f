"""The catalog: what ships is sound, and every mistake in one is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compose.catalogs import FILES, write_catalog
from wizard.compose.catalog import load_catalog
from wizard.errors import USAGE, UserError
from wizard.recipe.find import find_recipe
from wizard.recipe.resolve import resolve


def test_what_ships_is_sound_and_every_choice_of_it_resolves() -> None:
    catalog = load_catalog()
    assert catalog.distributions
    assert catalog.package_sets
    assert catalog.outputs[0].id == "tar"
    for distribution in catalog.distributions:
        assert catalog.kernels_of(distribution.id)
        assert catalog.package_sets_of(distribution.id)
        base = resolve(find_recipe(distribution.recipe))
        # What a distribution sets must be something its recipe knows.
        assert distribution.globals.keys() <= base.globals.keys()
        for output in catalog.outputs:
            resolved = resolve(find_recipe(distribution.recipe), types=(output.id,))
            assert [step.name for step in resolved.macrosteps if step.section == "export"] == [output.id]
            assert output.options.keys() <= base.globals.keys()


def test_headers_are_read_and_steps_without_one_are_not_offered(tmp_path: Path) -> None:
    catalog = load_catalog(write_catalog(tmp_path))
    assert [(output.id, output.kernel) for output in catalog.outputs] == [("tar", False), ("disk", True)]
    disk = catalog.output("disk")
    assert disk.tools == {"mkfs": "e2fsprogs"}
    assert disk.options == {"size": "how large it is"}
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
        "catalog/kernels.yaml:1:11: unknown key 'titel'; 'title' is near",
        "catalog/kernels.yaml:1:3: 'title' is missing",
        "catalog/kernels.yaml:2:54: 'distributions' takes a list of texts",
        "catalog/kernels.yaml:5:3: a mapping with id, title, text, size, distributions is expected",
        "catalog/kernels.yaml:4:3: m is there twice; the first is at catalog/kernels.yaml:3:3",
        "catalog/packages.yaml:1:1: a list of entries is expected",
        "catalog/kernels.yaml:3:3: no distribution is called 'three'; there are one, two",
    ]


def test_a_header_with_mistakes_is_told_where_it_stands_in_the_step_file(tmp_path: Path) -> None:
    disk = FILES["steps/export/disk.yaml"].replace("kernel: wanted", "kernel: maybe")
    assert _mistakes(tmp_path, disk=disk) == ["steps/export/disk.yaml:3:3: 'kernel' takes none or wanted"]
    disk = FILES["steps/export/disk.yaml"].replace("makes: RECIPE.disk", "makes: [RECIPE.disk")
    assert _mistakes(tmp_path, disk=disk)[0].startswith("steps/export/disk.yaml:5:")
    disk = FILES["steps/export/disk.yaml"].replace("# use: Boot it.\n", "")
    assert _mistakes(tmp_path, disk=disk) == ["steps/export/disk.yaml:3:3: 'use' is missing"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- [", "catalog/packages.yaml:1:4: "),
        ("", "catalog/packages.yaml: nothing is in it"),
        ("- {id: a, id: b, title: t, text: t, size: s, packages: [p], distributions: [one]}", "'id' is there twice"),
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
    assert "packages.yaml: 'utf-8' codec can't decode" in caught.value.message
    assert "kernels.yaml" in caught.value.message
    assert "No such file" in caught.value.message
