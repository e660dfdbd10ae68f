"""`$$name` and `$${name}`: layers of values, and texts with every variable in them filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wizard.recipe.errors import Problems, nearest, quoted
from wizard.recipe.nodes import TextNode

NAME = re.compile(r"[A-Za-z0-9_-]+")
_REFERENCE = re.compile(r"\$\$(?:\{([A-Za-z0-9_-]+)\}|([A-Za-z0-9_-]+))")
#: Kameleon 2's pseudo-variable: with the path after it, that path under the first steps/data that has it.
DATA_DIRECTORY = "kameleon_data_dir"
_DATA = "\0"  # stands for it while a text is put together: no text can hold a NUL
_DATA_LINE = re.compile(r"\0([^\0\n]*)")
_WORD_END = re.compile(r"[\s\"'`;&|<>()]")
#: What makes a shell do something else with a text than pass it on. In a value that a person gives, spaces and
#: patterns may be meant (a list of packages); in a path they never are.
_ACTIVE = re.compile(r"[$`\"'\\;&|<>()\n]")
_ACTIVE_IN_PATH = re.compile(r"[^\w./+:,=@%~-]")
#: Characters a text may grow to: `a: $$b$$b`, `b: $$c$$c`, … doubles with each line.
MAX_EXPANDED = 4 << 20
MAX_CHAIN = 100


@dataclass(frozen=True, slots=True)
class Expanded:
    """A text without variables. `lines`: for each of its lines the line of the file it came from, or () for a value
    that stands in no file. `given`: variables in it whose value came from outside and would act in a script.
    `broken`: a variable in it could not be filled in, which was told."""

    text: str
    lines: tuple[int, ...] = ()
    given: frozenset[str] = frozenset()
    broken: bool = False


#: Where a value comes from: a scalar in a file (its variables are filled in), or a text taken as it is.
Value = TextNode | Expanded


def given(name: str, text: str, *, path: bool = False) -> Expanded:
    """A value from outside (-g, a path of this machine): never expanded, kept out of a script it would act in."""
    acts = (_ACTIVE_IN_PATH if path else _ACTIVE).search(text)
    return Expanded(text, given=frozenset([name]) if acts else frozenset())


def literal(text: str) -> str:
    """A text that expands to `text`: `$$name` in it is written with the variable `dollar`."""
    return text.replace("$", "$${dollar}") if _REFERENCE.search(text) else text


def environment_name(name: str) -> str:
    """The environment variable that carries a global to the steps."""
    return "KAMELEON_" + name.upper().replace("-", "_")


@dataclass(slots=True)
class Variables:
    """Layers of values, the strongest first. A value that names itself means the next weaker layer's."""

    layers: Sequence[Mapping[str, Value]]
    problems: Problems
    data: Callable[[str], Path | None] = lambda name: None
    _done: dict[tuple[int, str], Expanded] = field(default_factory=dict)
    _open: list[tuple[int, str]] = field(default_factory=list)

    def names(self) -> list[str]:
        return list(dict.fromkeys(name for layer in self.layers for name in layer))

    def value(self, name: str) -> Expanded:
        """The value of a defined name."""
        return self._value(self._find(name, 0), name)

    def _find(self, name: str, start: int) -> int:
        """The first layer from `start` on that has `name`; -1 without."""
        return next((i for i in range(start, len(self.layers)) if name in self.layers[i]), -1)

    def _value(self, layer: int, name: str) -> Expanded:
        value = self.layers[layer][name]
        if isinstance(value, Expanded):
            return value
        key = (layer, name)
        if key not in self._done:
            self._open.append(key)
            self._done[key] = self.expand(value)
            self._open.pop()
        return self._done[key]

    def expand(self, node: TextNode) -> Expanded:
        """The scalar with its variables filled in. Unknown ones and cycles are added to the problems."""
        source = node.source_lines()
        text: list[str] = []
        lines = [source[0]]
        names: frozenset[str] = frozenset()
        broken = False
        end = size = newlines = 0
        for match in _REFERENCE.finditer(node.value):
            plain = node.value[end : match.start()]
            end = match.end()
            value, rest = self._reference(node, match)
            for _ in range(plain.count("\n")):
                newlines += 1
                lines.append(source[newlines])
            lines.extend([source[newlines]] * value.text.count("\n"))
            text += [plain, value.text, rest]
            names |= value.given
            broken |= value.broken
            size += len(plain) + len(value.text) + len(rest)
            if size > MAX_EXPANDED:
                self.problems.add(node.place, f"grows beyond {MAX_EXPANDED >> 20} MB when its variables are filled in")
                return Expanded("", (source[0],), broken=True)
        text.append(node.value[end:])
        lines.extend(source[newlines + 1 :])
        whole = "".join(text)
        if _DATA in whole:
            whole = _DATA_LINE.sub(lambda match: self._data_path(node, match.group(1)), whole)
        return Expanded(whole, tuple(lines), names, broken)

    def _data_path(self, node: TextNode, rest: str) -> str:
        """The longest beginning of `rest`, the rest of the line, that is a file or directory under steps/data."""
        ends = [len(rest), *(match.start() for match in reversed(list(_WORD_END.finditer(rest))))]
        for end in ends:
            path = self.data(rest[:end].strip("/"))
            if path is not None:
                return f"{path}{rest[end:]}"
        word = rest[: ends[-1]]
        self.problems.add(node.place, f"no {quoted('data' + word)} in a steps directory of this recipe")
        return ""

    def _reference(self, node: TextNode, match: re.Match[str]) -> tuple[Expanded, str]:
        """The value a reference stands for, and what of its letters is plain text after all."""
        name = match.group(1) or match.group(2)
        if name == DATA_DIRECTORY:
            return Expanded(_DATA), ""
        found = name if match.group(1) else self._longest(name)
        layer = self._find(found, 0)
        if self._open and found == self._open[-1][1]:  # a value that names itself
            layer = self._find(found, self._open[-1][0] + 1)
            message = f"{quoted(found)} is defined by itself"
        else:
            message = f"unknown variable $${quoted(name)}"
        hint = ""
        if layer >= 0 and (layer, found) in self._open:
            around = self._open[self._open.index((layer, found)) :]
            message = "variables go round in a circle: " + " → ".join(
                quoted(name) for _, name in [*around, (layer, found)]
            )
        elif layer >= 0 and len(self._open) >= MAX_CHAIN:
            message = f"variables lead on over more than {MAX_CHAIN} others"
        elif layer >= 0:
            return self._value(layer, found), name[len(found) :]
        elif message.startswith("unknown"):
            hint = nearest(name, self.names()) or "set it in global: (the shell's process number is written ${$})"
        self.problems.add(node.place_of(match.start(), len(match.group())), message, hint)
        return Expanded("", broken=True), ""

    def _longest(self, name: str) -> str:
        """The longest defined name that `name` begins with: $$arch-live is $$arch and "-live". Else `name`."""
        if self._find(name, 0) >= 0:
            return name
        known = (other for layer in self.layers for other in layer if name.startswith(other))
        return max(known, key=len, default=name)
