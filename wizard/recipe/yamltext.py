"""YAML files read with places and limits. Plain scalars are texts: `no` is "no", 0123 is "0123"."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from wizard.recipe.errors import Problems, quoted
from wizard.recipe.model import Place
from wizard.recipe.nodes import ListNode, MapNode, Node, Source, TextNode, describe

MAX_BYTES = 4 << 20
MAX_DEPTH = 50
#: Nodes after aliases are followed. The largest public recipe has some hundreds; a "billion laughs" has 10^9.
MAX_NODES = 200_000

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN_TAGS = {"!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))}


class _Stop(Exception):
    """The file cannot be read on; the problem has been added."""


def read(path: Path, file: str, problems: Problems) -> tuple[Source, Node] | None:
    """The file's one document, or None after the problem was added. `file`: its name in places."""
    text = _read_text(path, Place(file, 1), problems)
    return None if text is None else parse(text, path, file, problems)


def read_lines(path: Path, file: str, problems: Problems) -> Source | None:
    """The file's lines, not looked into; None after the problem was added."""
    text = _read_text(path, Place(file, 1), problems)
    return None if text is None else Source(path, file, _BREAK.split(text))


def parse(text: str, path: Path, file: str, problems: Problems) -> tuple[Source, Node] | None:
    """As `read`, from the file's text."""
    source = Source(path, file, _BREAK.split(text))
    bad = _FORBIDDEN.search(text)
    if bad:
        before = _BREAK.split(text[: bad.start()])
        place = Place(file, len(before), len(before[-1]) + 1)
        problems.add(place, f"a character YAML does not allow: U+{ord(bad.group()):04X}")
        return None
    try:
        node = _Composer(source, problems).document(text)
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        problems.add(_mark_place(file, error.problem_mark or error.context_mark), *_explain(error, source.lines))
        return None
    except yaml.YAMLError as error:
        problems.add(Place(file, 1), f"YAML: {' '.join(str(error).split())}")
        return None
    return source, node


def _read_text(path: Path, place: Place, problems: Problems) -> str | None:
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            problems.add(place, "is a directory, not a file")
            return None
        if not stat.S_ISREG(status.st_mode):
            problems.add(place, "is not a regular file")
            return None
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        problems.add(place, f"cannot be read: {reason}")
        return None
    if len(data) > MAX_BYTES:
        problems.add(place, f"is larger than {MAX_BYTES >> 20} MB: not a recipe")
        return None
    if b"\0" in data:
        problems.add(place, "is a binary file, not YAML")
        return None
    data = data.removeprefix(codecs.BOM_UTF8)  # utf-8-sig would tell places without it
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode().split("\n")
        where = Place(place.file, len(before), len(before[-1]) + 1)
        problems.add(where, f"is not UTF-8 text (byte 0x{data[error.start]:02x})")
        return None


def _mark_place(file: str, mark: Any) -> Place:
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1)


def _explain(error: yaml.MarkedYAMLError, lines: list[str]) -> tuple[str, str]:
    problem = error.problem or "cannot be read"
    hint = ""
    mark: Any = error.problem_mark
    if mark and mark.line < len(lines) and "\t" in lines[mark.line][: mark.column + 1]:
        hint = "indent with spaces, not with tabs"
    elif "mapping values are not allowed" in problem:
        hint = 'a text with ": " in it wants quotes or a block (|), a list in a mapping its own lines'
    elif "expected key" in problem or "block end" in problem:
        hint = "look at the indentation of this line and of the lines above"
    return "YAML: " + " ".join(f"{problem} {error.context or ''}".split()), hint


@dataclass(slots=True)
class _Composer:
    """Events to nodes. Sizes are kept by node, so that an alias costs what it stands for."""

    source: Source
    problems: Problems
    anchors: dict[str, Node | None] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    events: Iterator[Any] = field(default_factory=lambda: iter(()))

    def document(self, text: str) -> Node:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml: 10 times as fast; the same events
        self.events = iter(yaml.parse(text, Loader=loader))
        next(self.events)
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            self._stop(Place(self.source.file, 1), "is empty: nothing in it but white space and comments")
        root, _ = self._node(next(self.events), 0)
        next(self.events)
        more = next(self.events)
        if not isinstance(more, yaml.StreamEndEvent):
            self._stop(self._place(more), "a second document begins here: one file holds one")
        return root

    def _stop(self, place: Place, message: str, hint: str = "") -> None:
        self.problems.add(place, message, hint)
        raise _Stop

    def _place(self, event: Any) -> Place:
        return _mark_place(self.source.file, event.start_mark)

    def _node(self, event: Any, depth: int) -> tuple[Node, int]:
        place = self._place(event)
        if depth > MAX_DEPTH:
            self._stop(place, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor or "", place)
        if event.tag and event.tag not in _PLAIN_TAGS and not event.tag.startswith("tag:yaml.org,2002:merge"):
            self.problems.add(place, f"the tag {quoted(event.tag)} is not taken: recipes are plain YAML")
        if event.anchor:
            self.anchors[event.anchor] = None  # while it is read: an alias to it in it has no end
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            if "\0" in event.value:
                self.problems.add(place, "a text cannot hold a NUL character")
            start_mark, end_mark = cast(Any, event.start_mark), cast(Any, event.end_mark)
            end = max(end_mark.line - (end_mark.column == 0), start_mark.line)
            node, size = TextNode(event.value, place, self.source, event.style or "", end), 1
        elif isinstance(event, yaml.SequenceStartEvent):
            node, size = self._list(place, depth)
        else:
            node, size = self._mapping(place, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        self.sizes[id(node)] = size
        if size > MAX_NODES:
            self._stop(place, f"holds more than {MAX_NODES} values when its aliases are followed")
        return node, size

    def _alias(self, name: str, place: Place) -> tuple[Node, int]:
        node = self.anchors.get(name)
        if node is None:
            known = name in self.anchors
            self._stop(
                place, f"*{quoted(name)} " + ("stands in what it stands for" if known else "is not defined above")
            )
            raise AssertionError  # _stop raises
        return node, self.sizes[id(node)]

    def _list(self, place: Place, depth: int) -> tuple[Node, int]:
        items: list[Node] = []
        size = 1
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            node, more = self._node(event, depth + 1)
            items.append(node)
            size += more
        return ListNode(items, place), size

    def _mapping(self, place: Place, depth: int) -> tuple[Node, int]:
        own: dict[str, tuple[TextNode, Node]] = {}
        merged: dict[str, tuple[TextNode, Node]] = {}
        size = 1
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key, key_size = self._node(event, depth + 1)
            value, value_size = self._node(next(self.events), depth + 1)
            size += key_size + value_size
            if not isinstance(key, TextNode):
                self.problems.add(key.place, f"a key must be a text, found {describe(key)}")
            elif key.value == "<<" and not key.style:
                self._merge(value, merged)
            elif key.value in own:
                first = own[key.value][0].place.line
                self.problems.add(key.place, f"{quoted(key.value)} is here twice: first in line {first}")
            else:
                own[key.value] = (key, value)
        return MapNode([*own.values(), *(entry for name, entry in merged.items() if name not in own)], place), size

    def _merge(self, value: Node, merged: dict[str, tuple[TextNode, Node]]) -> None:
        for source in value.items if isinstance(value, ListNode) else [value]:
            if not isinstance(source, MapNode):
                self.problems.add(source.place, f"<< wants a mapping, found {describe(source)}")
                continue
            for key, entry in source.entries:
                merged.setdefault(key.value, (key, entry))
