"""The JSON Schemas for editors: they take what kameleon-tui takes, and know every command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

from wizard.data import shipped
from wizard.recipe import chain
from wizard.recipe.commands import KINDS, ON_CHECKPOINT, ON_CLEAN

SCHEMAS = shipped("recipes/schema")
SPECIFICATION = Path(__file__).parent / "spec2009"
RECIPES = sorted([*shipped("recipes").glob("*.yaml"), *(SPECIFICATION / "recipes").glob("*.yaml")])
STEPS = [
    path
    for steps in (shipped("recipes") / "steps", SPECIFICATION / "steps")
    for path in sorted(steps.rglob("*.yaml"))
]  # fmt: skip


def load(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    return schema


def validator(name: str) -> jsonschema.Draft7Validator:
    """The schema as an editor has it: references are files beside it."""
    resources = [(path.name, Resource.from_contents(json.loads(path.read_text()))) for path in SCHEMAS.glob("*.json")]
    registry: Registry[Any] = Registry().with_resources(resources)
    return jsonschema.Draft7Validator(load(name), registry=registry)


def dialect(document: dict[str, Any]) -> str:
    return "classic" if "steps" in document else "current"


@pytest.mark.parametrize("name", ["current", "classic", "step"])
def test_they_are_schemas(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(load(name))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_are_taken(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    validator(dialect(document)).validate(document)


@pytest.mark.parametrize("path", STEPS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_step_files_are_taken(path: Path) -> None:
    validator("step").validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classic", "global: {type: iso}\nsteps: [a]\n"),
        ("classic", "global: {distrib: d}\nsteps: a\n"),
        ("classic", "global: {distrib: d}\nsteps: [a]\nsetup: [a]\n"),
        ("current", "setup: [[a]]\n"),
        ("current", "global: {a: b}\n"),
        ("current", "setup: [a]\nstepps: [a]\n"),
        ("current", "global: {strict: maybe}\nsetup: [a]\n"),
        ("current", "global: {a: [b]}\nsetup: [a]\n"),
        ("current", "global: {'a b': c}\nsetup: [a]\n"),
        ("current", "setup: [{a: [{m: [{exec_inn: x}]}]}]\n"),
        ("step", "- m: [{exec_inn: x}]\n"),
        ("step", "- m: [{write_file: x}]\n"),
        ("step", "- m: [{write_file: [x]}]\n"),
        ("step", "- m: [{exec_in: [x]}]\n"),
        ("step", "- m: [{exec_in: x, exec_out: y}]\n"),
        ("step", "- m: {exec_in: x}\n"),
        ("step", "text\n"),
    ],
)
def test_mistakes_are_not(name: str, text: str) -> None:
    assert not validator(name).is_valid(yaml.safe_load(text))


def test_they_know_every_command_and_its_shape() -> None:
    found = load("step")["definitions"]["command"]["properties"]
    assert set(found) == {*KINDS, ON_CLEAN, ON_CHECKPOINT}
    for name, kind in KINDS.items():
        assert found[name]["description"].lower() == f"{kind.help}.".lower()
        assert found[name].get("minItems", 1) == len(kind.arguments)


def test_they_know_every_key() -> None:
    assert set(load("classic")["properties"]) == set(chain.CLASSIC_KEYS)
    assert set(load("current")["properties"]) == set(chain.CURRENT_KEYS)
    globals_ = load("current")["properties"]["global"]["properties"]
    assert set(globals_["in_context"]["properties"]) == set(chain.CONTEXT_KEYS)
