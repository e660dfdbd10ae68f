"""A recipe file and those it extends: the dialect, the sections' calls of macrosteps, the layers of globals."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wizard.recipe import lookup, yamltext
from wizard.recipe.errors import Problems, nearest, quoted
from wizard.recipe.model import Place
from wizard.recipe.nodes import ListNode, MapNode, Node, Source, TextNode, describe
from wizard.recipe.variables import NAME, Value, Variables

SECTIONS = ("bootstrap", "setup", "export")
CLASSIC_KEYS = ("description", "global", "steps")
CURRENT_KEYS = ("description", "extend", "global", *SECTIONS, "aliases", "checkpoint", "env")
#: Globals that are no texts: what opens a context, and where more is found.
CONTEXTS = {"in_context": "in", "out_context": "out"}
CONTEXT_KEYS = ("cmd", "interactive_cmd", "workdir", "exec_prefix", "proxy_cache")


@dataclass(slots=True)
class Reader:
    """Reads each file once and knows how to name it: as seen from `cwd` when it is below, else absolute."""

    cwd: Path
    problems: Problems
    files: dict[Path, tuple[Source, Node] | None] = field(default_factory=dict)

    def shown(self, path: Path) -> str:
        name = str(path.relative_to(self.cwd)) if path.is_relative_to(self.cwd) else str(path)
        return name if name.isprintable() else ascii(name)[1:-1]

    def read(self, path: Path) -> tuple[Source, Node] | None:
        """The file's document; None after the problem was added."""
        if path not in self.files:
            self.problems.files.append(self.shown(path))
            self.files[path] = yamltext.read(path, self.shown(path), self.problems)
        return self.files[path]


@dataclass(frozen=True, slots=True)
class Call:
    """A macrostep as a recipe names it. `arguments`: what stands after the name, or None."""

    section: str
    name: TextNode
    arguments: ListNode | None = None


@dataclass(slots=True)
class RecipeText:
    """A recipe with what it extends taken in. `layers`: globals, the strongest first. `contexts`: in_context and
    out_context as written. `other`: aliases, checkpoint, env."""

    path: Path
    place: Place
    dialect: str
    calls: dict[str, list[Call]] = field(default_factory=dict)
    layers: list[dict[str, Value]] = field(default_factory=list)
    keys: dict[str, Place] = field(default_factory=dict)  # where each global is defined
    contexts: dict[str, dict[str, TextNode]] = field(default_factory=dict)
    include_steps: list[TextNode] = field(default_factory=list)
    other: dict[str, Node] = field(default_factory=dict)
    description: str = ""
    recipes: list[Path] = field(default_factory=list)  # this one and those it extends


def load(reader: Reader, path: Path, outside: Mapping[str, Value]) -> RecipeText | None:
    """The recipe at `path`. `outside`: globals stronger than any in a file. None when nothing can be made of it."""
    read = reader.read(path)
    if read is None:
        return None
    source, root = read
    if not isinstance(root, MapNode):
        hint = "a step file is checked by checking a recipe that uses it" if isinstance(root, ListNode) else ""
        message = f"a recipe is a mapping with global: and its steps, found {describe(root)}"
        reader.problems.add(root.place, message, hint)
        return None
    dialect = dialect_of(root)
    _check_keys(root, dialect, reader.problems)
    if not dialect:
        message = "this recipe has no steps"
        reader.problems.add(Place(source.file, 1), message, "give it steps:, or bootstrap:, setup:, export:")
        dialect = "current"
    recipe = RecipeText(path, Place(source.file, 1), dialect, recipes=[path])
    recipe.description = description(source, root)
    while True:
        _take_globals(recipe, reader, root, path)
        _take_sections(recipe, reader.problems, root)
        for key in ("aliases", "checkpoint", "env"):
            value = root.get(key)
            if value is not None:
                recipe.other.setdefault(key, value)
        base = _base(recipe, reader, root, path, outside)
        if base is None:
            break
        path, root = base
    for calls in recipe.calls.values():
        calls[:] = [call for call in calls if call.name.value != "@base"]
    return recipe


def description(source: Source, root: Node) -> str:
    """The text of `description:`, else of the comment `# DESCRIPTION: …` up to a line that is no comment or empty."""
    node = root.get("description") if isinstance(root, MapNode) else None
    if isinstance(node, TextNode):
        return "".join(letter for letter in " ".join(node.value.split()) if letter.isprintable())
    words: list[str] | None = None
    for line in source.lines:
        if words is None and line.startswith("# DESCRIPTION:"):
            words = [line.removeprefix("# DESCRIPTION:").strip()]
        elif words is not None and line.startswith("#") and line.strip("# \t"):
            words.append(line[1:].strip())
        elif words is not None or (line.strip() and not line.startswith("#")):
            break
    return "".join(letter for letter in " ".join(words or []).strip() if letter.isprintable())


def dialect_of(root: Node) -> str:
    """ "classic", "current" or "" when the file is no recipe."""
    if not isinstance(root, MapNode):
        return ""
    if root.get("steps") is not None:
        return "classic"
    return "current" if any(root.get(key) is not None for key in ("extend", *SECTIONS)) else ""


def _check_keys(root: MapNode, dialect: str, problems: Problems) -> None:
    keys = {"classic": CLASSIC_KEYS, "current": CURRENT_KEYS, "": (*CURRENT_KEYS, "steps")}[dialect]
    for key, _ in root.entries:
        if key.value in keys or key.value.startswith((".", "x-")):  # a place for anchors
            continue
        if dialect == "classic" and key.value in CURRENT_KEYS:
            problems.add(
                key.place,
                f"{key.value}: does not go with steps: (classic dialect)",
                "write bootstrap:, setup:, export:",
            )
        else:
            problems.add(key.place, f"unknown key {quoted(key.value)} in a recipe", nearest(key.value, keys))


def _take_sections(recipe: RecipeText, problems: Problems, root: MapNode) -> None:
    """The calls of this file: for the first recipe all, for one it extends those in the place of `@base`."""
    for section in ("steps",) if recipe.dialect == "classic" else SECTIONS:
        node = root.get(section)
        calls: list[Call] = []
        if isinstance(node, ListNode):
            calls = [call for item in node.items if (call := _call(section, item, problems)) is not None]
        elif node is not None and not (isinstance(node, TextNode) and node.empty):
            problems.add(node.place, f"{section}: wants a list of macrosteps, found {describe(node)}")
        if len(recipe.recipes) == 1:
            recipe.calls[section] = calls
        else:
            own = recipe.calls[section]
            base = next((i for i, call in enumerate(own) if call.name.value == "@base"), -1)
            if base >= 0:
                own[base : base + 1] = calls


def _call(section: str, item: Node, problems: Problems) -> Call | None:
    if isinstance(item, TextNode) and not item.empty:
        return Call(section, item)
    if isinstance(item, MapNode) and len(item.entries) == 1:
        name, value = item.entries[0]
        if isinstance(value, ListNode):
            return Call(section, name, value)
        if isinstance(value, TextNode) and value.empty:
            return Call(section, name)
        problems.add(
            value.place, f"{quoted(name.value)}: wants a list of microsteps and variables, found {describe(value)}"
        )
        return None
    hint = "each macrostep wants a dash of its own" if isinstance(item, MapNode) else ""
    problems.add(item.place, f"expected a macrostep's name, found {describe(item)}", hint)
    return None


def _take_globals(recipe: RecipeText, reader: Reader, root: MapNode, path: Path) -> None:
    node = root.get("global")
    layer: dict[str, Value] = {}
    recipe.layers.append(layer)
    if isinstance(node, MapNode):
        _take_layer(recipe, reader, node, path, layer)
    elif node is not None and not (isinstance(node, TextNode) and node.empty):
        reader.problems.add(node.place, f"global: wants a mapping of names to values, found {describe(node)}")


def _take_layer(recipe: RecipeText, reader: Reader, node: MapNode, path: Path, layer: dict[str, Value]) -> None:
    problems = reader.problems
    for key, value in node.entries:
        name = key.value
        if name == "include" and recipe.dialect == "current":
            _include_globals(recipe, reader, value, path, layer)
        elif name == "include_steps" and recipe.dialect == "current":
            items = value.items if isinstance(value, ListNode) else [value]
            if not recipe.include_steps:
                recipe.include_steps = [item for item in items if isinstance(item, TextNode)]
        elif name in CONTEXTS and recipe.dialect == "current":
            _take_context(recipe, name, value, problems)
        elif not NAME.fullmatch(name):
            problems.add(key.place, f"{quoted(name)} is no name of a variable", "letters, digits, _ and - make one")
        elif isinstance(value, TextNode):
            layer[name] = value
            recipe.keys.setdefault(name, key.place)
        else:
            problems.add(value.place, f"the value of {name} must be a text, found {describe(value)}")


def _take_context(recipe: RecipeText, name: str, value: Node, problems: Problems) -> None:
    context = recipe.contexts.setdefault(CONTEXTS[name], {})
    for item in value.items if isinstance(value, ListNode) else [value]:
        if not isinstance(item, MapNode):
            problems.add(item.place, f"{name}: wants a mapping with cmd:, found {describe(item)}")
            continue
        for key, text in item.entries:
            if key.value not in CONTEXT_KEYS:
                problems.add(key.place, f"unknown key {quoted(key.value)} in {name}", nearest(key.value, CONTEXT_KEYS))
            elif isinstance(text, TextNode):
                context.setdefault(key.value, text)
            else:
                problems.add(text.place, f"the value of {key.value} must be a text, found {describe(text)}")


def _include_globals(recipe: RecipeText, reader: Reader, node: Node, path: Path, layer: dict[str, Value]) -> None:
    steps = lookup.StepsPath(lookup.current_steps(recipe.recipes, reader.cwd), ())
    for item in node.items if isinstance(node, ListNode) else [node]:
        if not isinstance(item, TextNode):
            reader.problems.add(item.place, f"include: wants names of files, found {describe(item)}")
            continue
        file = with_suffix(item.value.removeprefix("-"))
        beside = Path(os.path.normpath(path.parent / file))
        found = beside if os.path.isfile(beside) else steps.data(file, "global")
        read = reader.read(found) if found else None
        if read is not None and isinstance(read[1], MapNode):
            _take_layer(recipe, reader, read[1], found or path, layer)
        elif read is not None:
            reader.problems.add(read[1].place, f"a file of globals is a mapping, found {describe(read[1])}")
        elif found is None and not item.value.startswith("-"):
            reader.problems.add(
                item.place, f"no file of globals {quoted(file)}: neither beside the recipe nor in a steps/global"
            )


def _base(
    recipe: RecipeText, reader: Reader, root: MapNode, path: Path, outside: Mapping[str, Value]
) -> tuple[Path, MapNode] | None:
    """The recipe this one extends."""
    node = root.get("extend")
    problems = reader.problems
    if node is None or recipe.dialect == "classic":
        return None
    if not isinstance(node, TextNode) or node.empty:
        problems.add(node.place, f"extend: wants the name of a recipe, found {describe(node)}")
        return None
    expanded = Variables([outside, *recipe.layers], problems).expand(node)
    if expanded.broken:
        return None
    name = with_suffix(expanded.text)
    found = Path(os.path.normpath(path.parent / name))
    if "/" not in name and (not os.path.exists(found) or os.path.samefile(found, path)):
        # A recipe may have the name of the one it extends: hello.yaml, my own, extends the hello that ships.
        others = [entry / name for entry in (reader.cwd / "recipes", *lookup.recipe_path())]
        found = next((other for other in others if os.path.isfile(other) and not os.path.samefile(other, path)), found)
    if not os.path.exists(found):
        known = [entry.stem for entry in found.parent.glob("*.yaml")] if os.path.isdir(found.parent) else []
        problems.add(node.place, f"no recipe {quoted(name)} to extend", nearest(found.stem, known))
        return None
    if found in recipe.recipes:
        problems.add(
            node.place,
            "recipes extend each other in a circle: " + " → ".join(reader.shown(p) for p in [*recipe.recipes, found]),
        )
        return None
    read = reader.read(found)
    if read is None:
        return None
    source, base = read
    if not isinstance(base, MapNode) or dialect_of(base) == "classic":
        problems.add(node.place, f"{quoted(name)} cannot be extended: it is no recipe of the current dialect")
        return None
    _check_keys(base, "current", problems)
    recipe.recipes.append(found)
    recipe.description = recipe.description or description(source, base)
    return found, base


def with_suffix(name: str) -> str:
    return name if name.endswith((".yaml", ".yml")) else f"{name}.yaml"
