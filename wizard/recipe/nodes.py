"""What YAML holds: texts, lists and mappings that know where they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from wizard.recipe.errors import quoted
from wizard.recipe.model import Place


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A file that was read. `file` is its name as places show it."""

    path: Path
    file: str
    lines: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class TextNode:
    """A scalar. `style` is YAML's indicator: "" (plain), ', ", | or >; `end` is its last line, from 0.

    `lines` is for a text put together from others (an alias's): what `source_lines` is to say."""

    value: str
    place: Place
    source: Source
    style: str = ""
    end: int = 0
    lines: tuple[int, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing was written: `key:` with no value."""
        return not self.value and not self.style

    def source_lines(self) -> Sequence[int]:
        """For each line of the value the line of the file it came from.

        In a `|` block they go together. In the other styles lines are folded, so the lines of the file are found
        again in the value one after the other; a line made by an escape ("\\n") counts as the one it is written on.
        """
        if self.lines:
            return self.lines
        count = self.value.count("\n") + 1
        first = self.place.line
        if self.style == "|":
            return list(range(first + 1, first + 1 + count))
        anchors = []
        position = 0
        for number in range(first + (self.style == ">"), self.end + 2):
            line = self.source.lines[number - 1] if number <= len(self.source.lines) else ""
            if number == first:
                line = line[self.place.column - 1 :]
            content = line.strip().strip("\"'")
            found = self.value.find(content, position) if content else -1
            if found >= 0:
                anchors.append((found, number))
                position = found + len(content)
        lines = []
        start = 0
        current = anchors[0][1] if anchors else first
        for part in self.value.split("\n"):
            while anchors and anchors[0][0] <= start + len(part) - len(part.lstrip()):
                current = anchors.pop(0)[1]
            lines.append(current)
            start += len(part) + 1
        return lines

    def place_of(self, offset: int, length: int) -> Place:
        """Where value[offset:offset+length], a word in one line, stands in the file; at worst the scalar's place."""
        word = self.value[offset : offset + length]
        line = self.source_lines()[self.value.count("\n", 0, offset)]
        earlier = self.value.count(word, self.value.rfind("\n", 0, offset) + 1, offset)
        for number in range(line, min(self.end + 1, len(self.source.lines)) + 1):
            begin = self.place.column - 1 if number == self.place.line else 0
            for match in re.finditer(re.escape(word), self.source.lines[number - 1][begin:]):
                if not earlier:
                    return Place(self.source.file, number, begin + match.start() + 1)
                earlier -= 1
        return self.place


@dataclass(frozen=True, slots=True, eq=False)
class ListNode:
    items: list[Node]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class MapNode:
    entries: list[tuple[TextNode, Node]]
    place: Place

    def get(self, name: str) -> Node | None:
        return next((value for key, value in self.entries if key.value == name), None)

    def key(self, name: str) -> TextNode:
        return next(key for key, _ in self.entries if key.value == name)


Node: TypeAlias = TextNode | ListNode | MapNode


def describe(node: Node) -> str:
    """What a node is, for messages: `expected …, found a list`."""
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MapNode):
        return "a mapping"
    return "nothing" if node.empty else f"the text {quoted(node.value)}"
