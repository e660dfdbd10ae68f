"""What options take: said by the headers of output types, checked when a recipe is resolved."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipe.test_output import FILES, HEADER
from wizard.errors import USAGE
from wizard.recipe.errors import RecipeErrors
from wizard.recipe.find import find_recipe
from wizard.recipe.resolve import resolve
from wizard.recipe.takes import problem, read_takes

SIZE = "takes a number with M or G behind it, such as 4G"
WORDS = "takes plain words (letters, digits and _ . , : = / @ + -)"
REFUSED = [
    ("raw", {"raw_size": "4 GB"}, f"raw_size {SIZE}, not 4 GB"),
    ("uml", {"raw_size": "$(id)"}, f"raw_size {SIZE}"),
    ("raw", {"raw_size": "0G"}, f"raw_size {SIZE}"),
    ("raw", {"kernel_parameters": "quiet; reboot"}, f"kernel_parameters {WORDS}, not quiet; reboot"),
    ("qcow2", {"kernel_parameters": "a\n}"}, f"kernel_parameters {WORDS}, not 'a\\n}}'"),
    ("iso", {"kernel_parameters": "a;b"}, f"kernel_parameters {WORDS}"),
    ("xen", {"kernel_parameters": '"'}, f"kernel_parameters {WORDS}"),
    ("xen", {"xen_directory": "../here"}, "xen_directory takes a directory such as /srv/images, not ../here"),
    ("libvirt", {"libvirt_directory": "/a,b"}, "libvirt_directory takes a directory"),
    ("lxc", {"lxc_path": "/a b"}, "lxc_path takes a directory"),
    ("lxc", {"lxc_network": "a\nlxc.hook.pre-start = x"}, "lxc_network takes a name"),
    ("libvirt", {"libvirt_network": "../x"}, "libvirt_network takes a name"),
    ("libvirt", {"libvirt_disk": "vdi"}, "libvirt_disk takes qcow2 or raw, not vdi"),
    ("libvirt", {"libvirt_domain": "xen"}, "libvirt_domain takes kvm or qemu, not xen"),
    ("vmdk", {"vmdk_subformat": "flat"}, "vmdk_subformat takes streamOptimized or monolithicSparse, not flat"),
    ("vhd", {"vhd_subformat": "fix"}, "vhd_subformat takes dynamic or fixed, not fix"),
    ("vmdk", {"vm_memory": "lots"}, "vm_memory takes a whole number from 128 on, not lots"),
    ("lxc", {"vm_memory": "127"}, "vm_memory takes a whole number from 128 on, not 127"),
    ("ova", {"vm_cpus": "0"}, "vm_cpus takes a whole number from 1 on, not 0"),
    ("ova", {"vm_cpus": "²"}, "vm_cpus takes a whole number"),
    ("iso", {"compression": "23"}, "compression takes 1 to 22, not 23"),
    ("netboot", {"netboot_url": "http://x/$(id)"}, "netboot_url takes an address such as http://192.0.2.1/images"),
    ("tar", {"archive_compression": "zip"}, "archive_compression takes zst, gz or xz, not zip"),
    (
        "tar",
        {"archive_compression": "gz", "compression": "12"},
        "compression takes 1 to 9 with archive_compression gz, not 12",
    ),
    ("tar", {"compression": "0"}, "compression takes 1 to 19 with archive_compression zst, not 0"),
    (
        "tar",
        {"compression": "3 --rm /etc/passwd"},
        "compression takes 1 to 19 with archive_compression zst, not 3 --rm",
    ),
    ("oci", {"oci_name": "Team/x:1"}, "oci_name takes an image's name and tag"),
    ("oci", {"oci_command": "sh -c 'a"}, "oci_command takes words as a shell splits them"),
    ("oci", {"oci_compression": "xz"}, "oci_compression takes gz or zst, not xz"),
    (
        "kadeploy",
        {"archive_compression": "zst"},
        "archive_compression takes gz or xz with kadeploy_dialect kadeploy3.3, not zst",
    ),
    ("kadeploy", {"kadeploy_dialect": "g6k"}, "kadeploy_dialect takes kadeploy3.3 or g5k, not g6k"),
    ("kadeploy", {"kadeploy_name": "a:b"}, "kadeploy_name takes a name (letters, digits and _ . + -), not a:b"),
    ("kadeploy", {"kadeploy_version": str(1 << 31)}, "kadeploy_version takes 0 to 2147483647"),
    ("kadeploy", {"kadeploy_size": "12"}, f"kadeploy_size {SIZE}, not 12"),
    (
        "kadeploy",
        {"kadeploy_kind": "dd", "kadeploy_filesystem": "xfs"},
        "kadeploy_filesystem takes ext4 with kadeploy_kind dd, not xfs",
    ),
    ("kadeploy", {"kadeploy_base": "a b"}, "kadeploy_base takes an address or a directory, without blanks"),
    ("kadeploy", {"kadeploy_base": "a|b"}, "kadeploy_base takes an address or a directory"),
    ("kadeploy", {"kadeploy_author": "a\x1bb"}, "kadeploy_author takes characters that can be shown"),
    ("kadeploy", {"kadeploy_visibility": "all"}, "kadeploy_visibility takes private, shared or public, not all"),
    ("kadeploy", {"kadeploy_postinstall": "mine"}, "kadeploy_postinstall takes own, g5k or none"),
    ("kadeploy", {"static_dev": "1"}, "static_dev takes no or yes, not 1"),
    ("kadeploy", {"compression": "19"}, "compression takes 1 to 9 with archive_compression gz, not 19"),
]
RIGHT = [
    ("raw", {"raw_size": "900M", "kernel_parameters": "console=ttyS1,9600 quiet"}),
    ("tar", {"compression": "19"}),
    ("kadeploy", {"kadeploy_dialect": "g5k", "compression": "19", "kadeploy_description": "a\nb: 'é'"}),
    ("kadeploy", {"kadeploy_filesystem": "xfs", "kadeploy_base": "http://public/~me", "kernel_parameters": 'a="b"'}),
    ("oci", {"oci_name": "example.org:5000/team/a__b-c:X", "oci_command": "sh -c 'a \"b\" \\' c"}),
    ("oci", {"oci_compression": "zst", "compression": "19"}),
    ("netboot", {"netboot_url": "http://[2001:db8::1]:8080/~me/images"}),
    ("lxc", {"lxc_network": "none", "lxc_path": "/srv/c", "vm_memory": "4096"}),
]


@pytest.mark.parametrize(("kind", "values", "told"), REFUSED)
def test_what_an_option_does_not_take(kind: str, values: dict[str, str], told: str) -> None:
    with pytest.raises(RecipeErrors) as caught:
        resolve(find_recipe("hello"), types=(kind,), globals_=values)
    (error,) = caught.value.errors
    name = told.partition(" ")[0]
    assert str(error).startswith(f"-g {name}: the global {told}")
    assert caught.value.status == USAGE


@pytest.mark.parametrize(("kind", "values"), RIGHT)
def test_what_it_takes(kind: str, values: dict[str, str]) -> None:
    resolve(find_recipe("hello"), types=(kind,), globals_=values)


def _errors(folder: Path, recipe: str, **files: str) -> list[str]:
    for name, content in {"r.yaml": recipe, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    with pytest.raises(RecipeErrors) as caught:
        resolve(folder / "r.yaml")
    return [str(error).replace(f"{folder}/", "") for error in caught.value.errors]


def test_values_in_recipes_are_told_with_their_places_all_at_once(tmp_path: Path) -> None:
    text = 'extend: hello\nglobal:\n  compression: "30"\n  raw_size: much\nsetup: ["@base"]\nexport: [tar, raw]\n'
    assert _errors(tmp_path, text) == [
        "r.yaml:3:16: the global compression takes 1 to 19 with archive_compression zst, not 30",
        f"r.yaml:4:13: the global raw_size {SIZE}, not much",
    ]


def test_a_step_with_another_name_that_includes_an_output_type_is_looked_at_too(tmp_path: Path) -> None:
    text = "global: {distrib: d, archive_compression: zip}\nsteps:\n  - archive:\n"
    assert _errors(tmp_path, text) == [
        "r.yaml:1:43: the global archive_compression takes zst, gz or xz, not zip",
    ]


@pytest.mark.parametrize(
    ("takes", "told"),
    [
        ("size: siz", "10:11: siz is no shape of values: there are one of WORD …, number LEAST [MOST], size, words, "),
        ("size: number", "10:11: number is no shape of values"),
        ("size: size\n#   shape: name", "11:12: shape is no option"),
        ("kind: name", "7:11: what size takes is missing; say it in takes:"),
        ("size: name; size", "10:11: size: the last shape has no condition, those before it have one"),
        ("size: name with kind a; size", "10:11: with wants an option above that takes one of some words, and some of"),
        ("kind: one of a b\n#   size: name with kind c; size", "11:11: with wants an option above"),
        ("kind: one of a b\n#   size: name with kin a; size", "11:11: with wants an option above that takes one of "
         "some words, and some of these; did you mean kind?"),
    ],
)  # fmt: skip
def test_mistakes_in_headers_have_their_place(tmp_path: Path, takes: str, told: str) -> None:
    header = HEADER.replace(
        "# setup", f"# options:\n#   size: how large\n#   kind: which\n# takes:\n#   {takes}\n# setup"
    )
    files = {**FILES, "steps/export/disk.yaml": header}
    found = _errors(tmp_path, "extend: base\nsetup: []\nexport: [disk]\n", **files)
    assert any(error.startswith(f"steps/export/disk.yaml:{told}") for error in found), found


def test_while_a_condition_is_not_settled_what_some_value_of_it_allows_will_do() -> None:
    kind = read_takes("kind", "one of a b", {})
    assert not isinstance(kind, str)
    size = read_takes("size", "number 1 9 with kind b; number 1 5", {"kind": kind})
    assert not isinstance(size, str)
    takes = {"kind": kind, "size": size}
    assert problem(takes, "size", "9", lambda name: None) == ""
    assert problem(takes, "size", "10", lambda name: None) == "takes 1 to 5, not 10"
    assert problem(takes, "size", "9", lambda name: "") == "takes 1 to 5 with kind a, not 9"
    assert problem(takes, "size", "9", lambda name: "b") == ""
