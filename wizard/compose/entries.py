"""Catalog entries and output headers: YAML read against a schema; every mistake with its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

#: A schema maps each key to its shape: "text", "list" (of texts) or "map" (of texts); "?" after it: may be left out.
Schema = Mapping[str, str]

_SHAPES = {"text": "a text", "list": "a list of texts", "map": "a mapping of texts"}
_EMPTY: dict[str, Any] = {"text": "", "list": (), "map": {}}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that keeps to its schema. `place` is file:line:column; `value` has every key of the schema."""

    place: str
    value: dict[str, Any]


def read_entries(file: Path, schema: Schema, errors: list[str]) -> list[Entry]:
    """The entries of a catalog file, a list of mappings; those with a mistake are left out and told in `errors`."""
    root = _compose(file, file.read_text, 0, errors)
    if root is None:
        return []
    if not isinstance(root, yaml.SequenceNode):
        errors.append(f"{_place(file, root)}: a list of entries is expected")
        return []
    found = [entry for node in root.value if (entry := _entry(file, node, schema, errors))]
    seen: dict[str, str] = {}
    for entry in found:
        first = seen.setdefault(entry.value["id"], entry.place)
        if first != entry.place:
            errors.append(f"{entry.place}: {entry.value['id']} is there twice; the first is at {first}")
    return found


def read_header(file: Path, schema: Schema, errors: list[str]) -> Entry | None:
    """The header of an output's step file: YAML in the comment lines which begin with `# OUTPUT` and end at the first
    line that is no comment. None when the file has no such header."""
    lines = file.read_text(encoding="utf-8").splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip() == "# OUTPUT"), None)
    if start is None:
        return None
    body: list[str] = []
    for line in lines[start + 1 :]:
        if not line.startswith("#"):
            break
        body.append(line[1:].removeprefix(" "))
    root = _compose(file, lambda encoding: "\n".join(body), start + 1, errors)
    return _entry(file, root, schema, errors, start + 1) if root is not None else None


def _compose(file: Path, read: Any, above: int, errors: list[str]) -> yaml.Node | None:
    """The root node, scalars being texts; None with the reason in `errors`. `above`: lines before it."""
    try:
        root: yaml.Node | None = yaml.compose(read(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1 + above}:{mark.column + 1}" if mark is not None else ""
        errors.append(f"{file}{where}: {getattr(error, 'problem', None) or error}")
        return None
    if root is None:
        errors.append(f"{file}: nothing is in it")
    return root


def _place(file: Path, node: yaml.Node, above: int = 0) -> str:
    return f"{file}:{node.start_mark.line + 1 + above}:{node.start_mark.column + 1 + 2 * bool(above)}"


def _entry(file: Path, node: yaml.Node, schema: Schema, errors: list[str], above: int = 0) -> Entry | None:
    place = _place(file, node, above)
    if not isinstance(node, yaml.MappingNode):
        errors.append(f"{place}: a mapping with {', '.join(schema)} is expected")
        return None
    before = len(errors)
    value: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key, at = key_node.value, _place(file, key_node, above)
        if key not in schema:
            near = difflib.get_close_matches(str(key), schema, 1)
            errors.append(f"{at}: unknown key {key!r}{f'; {near[0]!r} is near' if near else ''}")
        elif key in value:
            errors.append(f"{at}: {key!r} is there twice")
        else:
            value[key] = _shaped(value_node, schema[key].rstrip("?"))
            if value[key] is None:
                errors.append(f"{_place(file, value_node, above)}: {key!r} takes {_SHAPES[schema[key].rstrip('?')]}")
    for key, shape in schema.items():
        if key not in value and shape.endswith("?"):
            value[key] = _EMPTY[shape.rstrip("?")]
        elif key not in value:
            errors.append(f"{place}: {key!r} is missing")
    return Entry(place, value) if len(errors) == before else None


def _shaped(node: yaml.Node, shape: str) -> Any:
    if shape == "text":
        return node.value if isinstance(node, yaml.ScalarNode) else None
    if shape == "list":
        return tuple(_texts(node.value)) if isinstance(node, yaml.SequenceNode) and _all_texts(node.value) else None
    if not isinstance(node, yaml.MappingNode) or not _all_texts(part for pair in node.value for part in pair):
        return None
    return dict(zip(_texts(pair[0] for pair in node.value), _texts(pair[1] for pair in node.value), strict=True))


def _all_texts(nodes: Any) -> bool:
    return all(isinstance(node, yaml.ScalarNode) for node in nodes)


def _texts(nodes: Any) -> Iterator[str]:
    return (str(node.value) for node in nodes)
