"""The commands of one microstep as YAML, and back: what edit-and-retry shows in the editor and takes from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from wizard.recipe import yamltext
from wizard.recipe.compile import Compiler
from wizard.recipe.errors import Problems
from wizard.recipe.model import Command, ResolvedRecipe
from wizard.recipe.nodes import ListNode, Node, TextNode, describe
from wizard.recipe.variables import Expanded, Variables, literal


def parse_commands(yaml_text: str, *, recipe: ResolvedRecipe, file: str) -> tuple[Command, ...]:
    """The commands of a YAML list, `$$` filled in with the recipe's globals; RecipeErrors with every mistake.

    `file`: the name of the text in places.
    """
    problems = Problems()
    variables = Variables([{name: Expanded(text) for name, text in recipe.globals.items()}], problems)
    read = yamltext.parse(yaml_text, Path(file), file, problems)
    commands: tuple[Command, ...] = ()
    if read is not None:
        node = read[1]
        if isinstance(node, ListNode):
            commands = tuple(Compiler(variables, problems).commands(node))
        else:
            problems.add(node.place, f"expected a list of commands, found {describe(node)}")
    problems.raise_any()
    return commands


def commands_as_yaml(commands: Iterable[Command]) -> str:
    """The commands as a YAML list that `parse_commands` reads back to the same names and arguments; `[]` for none."""
    text = "".join(_command(command) for command in commands)
    return text or "[]\n"


def _command(command: Command) -> str:
    if isinstance(command.argument, str):
        return _scalar(f"- {command.name}: ", command.argument, "    ")
    return f"- {command.name}:\n" + "".join(_scalar("    - ", text, "      ") for text in command.argument)


def _scalar(before: str, text: str, indent: str) -> str:
    """A text as YAML: plain, as a block, or quoted when nothing else keeps every character of it."""
    text = literal(text)
    shapes = [_block(text, indent)] if "\n" in text else [text, _block(text, indent)]
    shape = next((shape for shape in shapes if _reads_back(before + shape, text)), json.dumps(text))
    return f"{before}{shape}\n"


def _block(text: str, indent: str) -> str:
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    first = re.match(r"\n*[ \t]", text)
    header = "|" + ("2" if first else "") + ("-" if not ends else "" if ends == 1 and body else "+")
    lines = (body + "\n" * max(ends - 1, 0)).split("\n")
    return header + "".join(f"\n{indent}{line}" if line else "\n" for line in lines)


def _reads_back(yaml_text: str, text: str) -> bool:
    read = yamltext.parse(f"{yaml_text}\n...\n", Path("x"), "x", Problems())
    node: Node | None = read[1] if read else None
    while node is not None and not isinstance(node, TextNode):
        inner = node.items if isinstance(node, ListNode) else [value for _, value in node.entries]
        node = inner[0] if len(inner) == 1 else None
    return node is not None and node.value == text and not node.empty
