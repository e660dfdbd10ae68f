"""Mappings read against a schema: what catalogs and headers of step files hold; every mistake with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wizard.recipe import yamltext
from wizard.recipe.errors import Problems, nearest, quoted
from wizard.recipe.model import Place
from wizard.recipe.nodes import ListNode, MapNode, Node, TextNode, describe

#: A schema maps each key to its shape: "text", "list" (of texts) or "map" (of texts); "?" after it: may be left out.
Schema = Mapping[str, str]

_SHAPES = {"text": "a text", "list": "a list of texts", "map": "a mapping of texts"}
_EMPTY: dict[str, Any] = {"text": "", "list": (), "map": {}}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that keeps to its schema: `value` has every key of the schema, `places` where the value of each that is
    written stands, and `key.name` where that of a name in a mapping does."""

    place: Place
    value: dict[str, Any]
    places: dict[str, Place]


def read_entries(file: Path, schema: Schema, problems: Problems) -> list[Entry]:
    """The entries of a catalog file, a list of mappings with an `id`; those with a mistake are left out and told."""
    read = yamltext.read(file, str(file), problems)
    if read is None:
        return []
    root = read[1]
    if not isinstance(root, ListNode):
        problems.add(root.place, f"a list of entries is expected, found {describe(root)}")
        return []
    found = [entry for node in root.items if (entry := read_entry(node, schema, problems))]
    seen: dict[str, Place] = {}
    for entry in found:
        first = seen.setdefault(entry.value["id"], entry.place)
        if first != entry.place:
            problems.add(entry.place, f"{quoted(entry.value['id'])} is here twice: first at {first}")
    return found


def read_entry(node: Node, schema: Schema, problems: Problems) -> Entry | None:
    """One mapping; None when it has a mistake, which was told."""
    if not isinstance(node, MapNode):
        problems.add(node.place, f"a mapping with {', '.join(schema)} is expected, found {describe(node)}")
        return None
    before = problems.told
    value: dict[str, Any] = {}
    places: dict[str, Place] = {}
    for key, content in node.entries:
        if key.value not in schema:
            problems.add(key.place, f"unknown key {quoted(key.value)}", nearest(key.value, schema))
            continue
        shape = schema[key.value].rstrip("?")
        value[key.value], places[key.value] = _shaped(content, shape), content.place
        if shape == "map" and isinstance(content, MapNode):
            places |= {f"{key.value}.{name.value}": inner.place for name, inner in content.entries}
        if value[key.value] is None:
            problems.add(content.place, f"{key.value}: takes {_SHAPES[shape]}, found {describe(content)}")
    for key_name, shape in schema.items():
        if key_name not in value and shape.endswith("?"):
            value[key_name] = _EMPTY[shape.rstrip("?")]
        elif key_name not in value:
            problems.add(node.place, f"the key {key_name} is missing")
    return Entry(node.place, value, places) if problems.told == before else None


def _shaped(node: Node, shape: str) -> Any:
    """The node's value; None when it has another shape."""
    if shape == "text":
        return node.value if isinstance(node, TextNode) else None
    if shape == "list":
        texts = [item.value for item in node.items if isinstance(item, TextNode)] if isinstance(node, ListNode) else []
        return tuple(texts) if isinstance(node, ListNode) and len(texts) == len(node.items) else None
    pairs = node.entries if isinstance(node, MapNode) else []
    found = {key.value: content.value for key, content in pairs if isinstance(content, TextNode)}
    return found if isinstance(node, MapNode) and len(found) == len(pairs) else None
