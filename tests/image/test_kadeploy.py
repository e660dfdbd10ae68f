"""Descriptions of Kadeploy environments: every combination of options keeps to the schemas, and both forms agree."""

from __future__ import annotations

import io
import itertools
import json
import re
import tarfile
from typing import Any

import jsonschema
import pytest
import yaml

from wizard.data import shipped
from wizard.image import kadeploy
from wizard.image.left_out import WHEN, left_out

SCHEMAS = shipped("recipes") / "schema"
NEW = json.loads((SCHEMAS / "kadeploy.schema.json").read_text())
OLD = json.loads((SCHEMAS / "kaenv.schema.json").read_text())
DATE = 1_700_000_000


def valid(description: Any, dialect: str) -> bool:
    schema = {**NEW, "anyOf": [{"$ref": f"#/definitions/{dialect}"}]}
    return bool(jsonschema.validators.validator_for(schema)(schema).is_valid(description))


def text_form(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"(\w+)\s*:\s*(.+)", line)
        assert match, line
        found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("dialect", ["kadeploy3.3", "g5k"])
def test_what_is_written_keeps_to_the_schemas(dialect: str) -> None:
    compressions = ("gz", "xz") if dialect == "kadeploy3.3" else ("zst", "gz", "xz")
    for kind, compression, post, grub in itertools.product(
        ("tar", "dd"), compressions, ("own", "g5k", "none"), (True, False)
    ):
        given = {
            "kadeploy_dialect": dialect, "kadeploy_kind": kind, "archive_compression": compression,
            "kadeploy_postinstall": post, "kadeploy_description": "no: 'é' # \"x\"", "kernel_parameters": "a=1  b",
        }  # fmt: skip
        asked = kadeploy.options(given, "stem", DATE)
        tree = kadeploy.Tree(grub=grub)
        new = yaml.safe_load(kadeploy.yaml_form(asked, tree))
        assert valid(new, dialect), new
        assert new["description"] == given["kadeploy_description"]
        old = text_form(kadeploy.text_form(asked, tree))
        assert bool(old) == (compression == "gz")
        if old:
            jsonschema.validate(old, OLD)
            assert (old["name"], old["description"]) == (new["name"], new["description"])
            assert old["kernel_params"] == new["boot"]["kernel_params"] == "console=tty0 console=ttyS0,115200 a=1 b"


def _minimal() -> dict[str, Any]:
    return {
        "name": "x", "os": "linux", "image": {"file": "x.tgz", "kind": "tar", "compression": "gzip"},
        "boot": {"kernel": "/vmlinuz"}, "filesystem": "ext4",
    }  # fmt: skip


def test_the_schema_takes_and_refuses_what_kadeploy_does() -> None:
    assert valid(_minimal(), "kadeploy3.3")
    zstd = _minimal()
    zstd["image"]["compression"] = "zstd"
    assert not valid(zstd, "kadeploy3.3")
    assert valid(zstd, "g5k")
    changes: list[dict[str, Any]] = [
        {"version": "1"}, {"boot": {}}, {"filesystem": ""}, {"os": "beos"}, {"os": "xen"}, {"visibility": "secret"},
        {"destructive": "no"}, {"partition_type": "83"}, {"postinstalls": {"archive": "x"}}, {"multipart": True},
    ]  # fmt: skip
    for change in changes:
        assert not valid({**_minimal(), **change}, "kadeploy3.3"), change
    for key in ("name", "os", "image"):
        lacking = _minimal()
        del lacking[key]
        assert not valid(lacking, "kadeploy3.3"), key
    raw = {"name": "x", "os": "linux", "image": {"file": "server:///x.ddgz", "kind": "dd", "compression": "gzip"}}
    assert valid(raw, "kadeploy3.3")


def test_a_line_feed_makes_no_second_line() -> None:
    asked = kadeploy.options({"kadeploy_description": "a\nkernel : /evil"}, "stem", DATE)
    assert text_form(kadeploy.text_form(asked, kadeploy.Tree()))["kernel"] == "/vmlinuz"


def test_the_postinstallation_is_one_program_and_the_same_each_time() -> None:
    packed = kadeploy.postinstall(DATE)
    assert packed == kadeploy.postinstall(DATE)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        (member,) = archive.getmembers()
    assert (member.name, member.mode, member.uid) == ("kameleon-postinstall", 0o755, 0)


def test_patterns_begin_in_the_root_and_match_as_shell_and_tar_do() -> None:
    for entry in left_out(*WHEN):
        assert entry.text
        for pattern in entry.paths:
            assert not pattern.startswith(("/", ".")), pattern
            assert not pattern.endswith("/"), pattern
            assert not set(pattern) & set("[]?\\{}~$`'\" "), pattern
