"""Commands as written → model.Command: aliases replaced, variables filled in, arguments checked against the table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wizard.recipe.commands import KINDS, ON_CHECKPOINT, ON_CLEAN, REFUSED, Kind, known_names
from wizard.recipe.errors import Problems, nearest, quoted
from wizard.recipe.model import Command, Place
from wizard.recipe.nodes import ListNode, MapNode, Node, TextNode, describe
from wizard.recipe.variables import Expanded, Variables, environment_name

_ALIAS_ARGUMENT = re.compile(r"@(\d+)")


@dataclass(slots=True)
class Compiler:
    """`clean`: takes on_clean lists as they come; None where on_clean may not stand."""

    variables: Variables
    problems: Problems
    aliases: Mapping[str, ListNode] = field(default_factory=dict)
    clean: list[tuple[Command, ...]] | None = None

    def commands(self, items: ListNode, around: tuple[str, ...] = ()) -> list[Command]:
        """The list's commands in order. `around`: the aliases being replaced, for circles."""
        return [command for item in items.items for command in self._item(item, around)]

    def _item(self, item: Node, around: tuple[str, ...]) -> list[Command]:
        if isinstance(item, TextNode) and item.value in self.aliases:  # an alias without arguments
            return self._alias(item, item, around)
        if isinstance(item, TextNode) and item.value in KINDS:
            self.problems.add(item.place, f"{item.value} wants {wanted(KINDS[item.value])}, found nothing")
            return []
        if not isinstance(item, MapNode):
            self.problems.add(item.place, f"expected a command and its argument, found {describe(item)}")
            return []
        if len(item.entries) != 1:
            names = ", ".join(quoted(key.value) for key, _ in item.entries)
            self.problems.add(item.place, f"one command wanted, found {names}", "each command wants a dash of its own")
        return [command for key, value in item.entries for command in self._command(key, value, around)]

    def _command(self, key: TextNode, value: Node, around: tuple[str, ...]) -> list[Command]:
        name = key.value
        if name in self.aliases:
            return self._alias(key, value, around)
        if name in KINDS:
            command = self._build(KINDS[name], key, value)
            return [command] if command else []
        if name == ON_CLEAN:
            self._on_clean(key, value, around)
        elif name in REFUSED:
            self.problems.add(
                key.place, f"{name} is a word of Kameleon 2 that kameleon-tui does not run", REFUSED[name]
            )
        elif name != ON_CHECKPOINT:
            hint = nearest(name, [*known_names(), *self.aliases])
            self.problems.add(key.place, f"unknown command {quoted(name)}", hint)
        return []

    def _on_clean(self, key: TextNode, value: Node, around: tuple[str, ...]) -> None:
        if self.clean is None:
            self.problems.add(key.place, "on_clean cannot stand here", "it stands directly in a microstep")
        elif not isinstance(value, ListNode):
            self.problems.add(value.place, f"on_clean wants a list of commands, found {describe(value)}")
        else:
            outer, self.clean = self.clean, None
            outer.append(tuple(self.commands(value, around)))
            self.clean = outer

    def _alias(self, key: TextNode, value: Node, around: tuple[str, ...]) -> list[Command]:
        name = key.value
        if name in around:
            self.problems.add(key.place, "aliases go round in a circle: " + " → ".join([*around, name]))
            return []
        if value is key or (isinstance(value, TextNode) and value.empty):
            arguments: list[Node] = []
        else:
            arguments = value.items if isinstance(value, ListNode) else [value]
        texts = [argument for argument in arguments if isinstance(argument, TextNode)]
        body = self.aliases[name]
        count = len({number for text in _texts(body) for number in _ALIAS_ARGUMENT.findall(text)})
        if len(texts) != len(arguments) or count != len(arguments):
            message = f"the alias {quoted(name)} takes {count} text{'s' * (count != 1)}, found {len(arguments)}"
            self.problems.add(value.place, message)
            return []
        if texts:  # as in Kameleon 2: a block's last newline is not the alias's, which goes on after its @N
            texts[-1] = replace(texts[-1], value=texts[-1].value.rstrip("\n"), lines=())
        filled = _fill(body, texts)
        assert isinstance(filled, ListNode)
        # An alias's command stands where the alias is called; its text where the alias is defined.
        return [replace(command, place=key.place) for command in self.commands(filled, (*around, name))]

    def _build(self, kind: Kind, key: TextNode, value: Node) -> Command | None:
        nodes = self._arguments(kind, value)
        if nodes is None:
            return None
        texts = [self.variables.expand(node) for node in nodes]
        arguments = tuple(text.text for text in texts)
        if any(text.broken for text in texts):
            return None
        mistake = kind.mistake(arguments)
        if mistake:
            self.problems.add(nodes[0].place, f"{kind.name}: {quoted(arguments[0])} {mistake}")
            return None
        for name in sorted(texts[0].given) if kind.script else ():
            self.problems.add(
                nodes[0].place,
                f"$${name} would put a value from outside, with characters that act in a shell, into a script",
                f'write "${environment_name(name)}", which is never run',
            )
        command = Command(
            kind.name,
            arguments if len(kind.arguments) > 1 else arguments[0],
            key.place,
            kind.context,
            kind.text(arguments),
            kind.directory,
        )
        return _placed(command, nodes[0], texts[0]) if kind.script else command

    def _arguments(self, kind: Kind, value: Node) -> list[TextNode] | None:
        items = value.items if isinstance(value, ListNode) else [value]
        nodes = [item for item in items if isinstance(item, TextNode) and not item.empty]
        listed = isinstance(value, ListNode) == (len(kind.arguments) > 1)
        if listed and len(nodes) == len(items) == len(kind.arguments):
            return nodes
        found = describe(value)
        if isinstance(value, ListNode):
            found = f"a list of {len(value.items)}" if len(nodes) == len(items) else "a list with something else in it"
        self.problems.add(value.place, f"{kind.name} wants {wanted(kind)}, found {found}")
        return None


def wanted(kind: Kind) -> str:
    """The shape of a command's argument, in words."""
    if len(kind.arguments) == 1:
        return f"a text ({kind.arguments[0]})"
    return f"a list of {len(kind.arguments)} texts: {', '.join(kind.arguments)}"


def _placed(command: Command, node: TextNode, text: Expanded) -> Command:
    """The command with the place of its text's first line, and of the others where they do not simply follow."""
    first = text.lines[0]
    line = node.source.lines[first - 1] if first <= len(node.source.lines) else ""
    indent = len(line) - len(line.lstrip()) + 1
    place = Place(node.source.file, first, node.place.column if first == node.place.line else indent)
    follow = text.lines == tuple(range(first, first + len(text.lines)))
    return replace(command, text_place=place, text_lines=() if follow else text.lines)


def _texts(node: Node) -> list[str]:
    if isinstance(node, TextNode):
        return [node.value]
    if isinstance(node, ListNode):
        return [text for item in node.items for text in _texts(item)]
    return [text for _, value in node.entries for text in _texts(value)]


def _fill(node: Node, arguments: list[TextNode]) -> Node:
    """The alias's body with @1, @2 … replaced. A line of an argument counts as the line the alias has its @N on."""
    if isinstance(node, ListNode):
        return ListNode([_fill(item, arguments) for item in node.items], node.place)
    if isinstance(node, MapNode):
        return MapNode([(key, _fill(value, arguments)) for key, value in node.entries], node.place)
    source = node.source_lines()
    lines: list[int] = []
    text: list[str] = []
    end = newlines = 0
    for match in _ALIAS_ARGUMENT.finditer(node.value):
        number = int(match.group(1))
        if not 1 <= number <= len(arguments):
            continue
        plain, value = node.value[end : match.start()], arguments[number - 1].value
        end = match.end()
        lines += source[newlines : newlines + plain.count("\n")]
        newlines += plain.count("\n")
        lines += [source[newlines]] * value.count("\n")
        text += [plain, value]
    lines += source[newlines:]
    text.append(node.value[end:])
    return TextNode("".join(text), node.place, node.source, node.style or "'", node.end, tuple(lines))
