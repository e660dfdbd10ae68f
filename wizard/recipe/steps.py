"""Step files: their microsteps and default variables, whichever shape they have."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from wizard.recipe.chain import Reader
from wizard.recipe.errors import nearest, quoted
from wizard.recipe.lookup import StepsPath
from wizard.recipe.model import Place
from wizard.recipe.nodes import ListNode, MapNode, Node, TextNode, describe
from wizard.recipe.variables import NAME


@dataclass(frozen=True, slots=True)
class MicrostepText:
    name: TextNode
    commands: ListNode


@dataclass(slots=True)
class StepText:
    """A macrostep before variables: its microsteps in order, and its own defaults for variables.

    `classic`: the recipe is. In the current dialect `name:` with nothing after it is a variable that is empty unless
    the recipe sets it; in the classic one it is a microstep that somebody did not finish."""

    place: Place
    classic: bool = False
    microsteps: list[MicrostepText] = field(default_factory=list)
    defaults: dict[str, TextNode] = field(default_factory=dict)

    def named(self, name: str) -> MicrostepText | None:
        return next((microstep for microstep in self.microsteps if microstep.name.value == name), None)


def read_step(reader: Reader, path: Path, lookup: StepsPath, *, classic: bool) -> StepText | None:
    """The step file: a list of microsteps, or a mapping of the macrostep's name (the file's) to such a list."""
    read = reader.read(path)
    if read is None:
        return None
    source, root = read
    step = StepText(Place(source.file, 1), classic)
    items = _microstep_list(reader, root, path)
    if items is not None:
        take_items(reader, step, items, path, lookup, [path])
    return step


def _microstep_list(reader: Reader, root: Node, path: Path) -> list[Node] | None:
    if isinstance(root, ListNode):
        return root.items
    if not isinstance(root, MapNode):
        reader.problems.add(root.place, f"a step file is a list of microsteps, found {describe(root)}")
        return None
    found = None
    for key, value in root.entries:
        if key.value != path.stem:
            message = f"unknown key {quoted(key.value)}: this file is the macrostep {quoted(path.stem)}"
            reader.problems.add(key.place, message, nearest(key.value, [path.stem]) or "write its list of microsteps")
        elif isinstance(value, ListNode):
            found = value.items
        else:
            reader.problems.add(
                value.place, f"{quoted(key.value)}: wants a list of microsteps, found {describe(value)}"
            )
    return found


def take_items(
    reader: Reader, step: StepText, items: list[Node], path: Path, lookup: StepsPath, around: list[Path]
) -> None:
    """Adds to `step` what a list of microsteps holds. `around`: the files being read, for circles of includes."""
    problems = reader.problems
    for item in items:
        if not isinstance(item, MapNode):
            problems.add(item.place, f"expected a microstep's name and its commands, found {describe(item)}")
            continue
        for key, value in item.entries:
            name = key.value
            if isinstance(value, ListNode):
                if not name.isprintable() or not name or "/" in name or len(name) > 100:
                    problems.add(key.place, f"{quoted(name)} is no name of a microstep", "one line without / makes one")
                step.microsteps.append(MicrostepText(key, value))
            elif isinstance(value, MapNode):
                problems.add(
                    value.place, f"the microstep {quoted(name)} wants a list of commands", "begin each with a dash"
                )
            elif name == "include":
                _include(reader, step, value, path, lookup, around)
            elif value.empty and step.classic:
                problems.add(key.place, f"the microstep {quoted(name)} has no commands")
            elif not NAME.fullmatch(name):
                problems.add(key.place, f"{quoted(name)} is no name of a variable, and its value no list of commands")
            else:
                step.defaults.setdefault(name, value)


def _include(reader: Reader, step: StepText, node: TextNode, path: Path, lookup: StepsPath, around: list[Path]) -> None:
    """Another file's microsteps in the place of this one: as written, then its part after /steps/ where steps are."""
    name = node.value
    tried = [Path(os.path.normpath(path.parent / name))]
    _, steps, rest = name.rpartition("/steps/")
    inside = rest if steps else name
    if not os.path.isabs(inside):
        tried += [Path(os.path.normpath(directory / inside)) for directory in lookup.steps]
    found = next((candidate for candidate in tried if os.path.isfile(candidate)), None)
    if found is None:
        known = [entry.name for candidate in tried for entry in candidate.parent.glob("*.yaml")]
        hint = nearest(os.path.basename(name), known)
        reader.problems.add(
            node.place, f"no file {quoted(name)} to include, nor {quoted(inside)} in a steps directory", hint
        )
        return
    if found in around:
        circle = " → ".join(reader.shown(file) for file in [*around[around.index(found) :], found])
        reader.problems.add(node.place, f"files include each other in a circle: {circle}")
        return
    read = reader.read(found)
    items = _microstep_list(reader, read[1], found) if read is not None else None
    if items is not None:
        take_items(reader, step, items, found, lookup, [*around, found])
