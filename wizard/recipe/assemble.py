"""The calls of a recipe → its macrosteps: step files found, microsteps chosen, commands compiled."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wizard.recipe import lookup
from wizard.recipe.chain import Call, Reader, RecipeText
from wizard.recipe.compile import Compiler
from wizard.recipe.errors import nearest, quoted
from wizard.recipe.globals import Globals
from wizard.recipe.lookup import StepsPath
from wizard.recipe.model import Command, Macrostep, Microstep, OutputType, Place
from wizard.recipe.nodes import ListNode, MapNode, Node, Source, TextNode, describe
from wizard.recipe.steps import StepText, read_step, take_items
from wizard.recipe.variables import Value, Variables

#: An exported script says by its exit status which microstep failed.
MAX_MICROSTEPS = 255


@dataclass(slots=True)
class Steps:
    """The calls of a recipe → its macrosteps."""

    reader: Reader
    text: RecipeText
    globals: Globals
    types: Sequence[str]
    outputs: Sequence[OutputType] = ()
    aliases: dict[str, ListNode] = field(default_factory=dict)

    @property
    def _classic(self) -> bool:
        return self.text.dialect == "classic"

    def macrosteps(self) -> list[Macrostep]:
        problems = self.reader.problems
        if "aliases" in self.text.other:
            self._take_aliases(self.text.other["aliases"])
        found: list[Macrostep] = []
        for section, calls in self.text.calls.items():
            if section == "export" and self.types:
                continue
            paths = self._paths(section)
            first: dict[str, Place] = {}
            for call in self._with_types(section, calls):
                name = call.name.value
                if self._classic and name in first:
                    problems.add(call.name.place, f"{quoted(name)} is here twice: first in line {first[name].line}")
                    continue
                first[name] = call.name.place
                macrostep = self._macrostep(call, paths)
                if macrostep is not None:
                    found.append(macrostep)
        return found + self._output_types()

    def _with_types(self, section: str, calls: list[Call]) -> list[Call]:
        """The calls, those that the output types want of the setup section in the place of `@types`."""
        wanted: dict[str, Call] = {}
        for output in self.outputs:
            source = Source(Path(output.place.file), output.place.file, [])
            for name in output.setup:
                wanted.setdefault(name, Call("setup", TextNode(name, output.place, source)))
        own = {call.name.value for call in calls}
        added = [call for name, call in wanted.items() if name not in own]
        if self._classic or section != "setup":
            return calls
        return [one for call in calls for one in (added if call.name.value == "@types" else [call])]

    def _paths(self, section: str) -> StepsPath:
        if self._classic:
            return StepsPath(self.globals.steps, lookup.classic_folders(self.globals.texts().get("distrib", "")))
        return StepsPath(self.globals.steps, lookup.current_folders(section, self.globals.include_steps))

    def _output_types(self) -> list[Macrostep]:
        problems = self.reader.problems
        if self.types and self._classic:
            problems.add(self.text.place, "a classic recipe has no export section that output types could replace")
            return []
        paths = StepsPath(self.globals.steps, ("export",))
        found: list[Macrostep] = []
        for name in self.types:
            path = paths.find(name) if name and "/" not in name else None
            if path is None:
                known = paths.names()
                hint = nearest(name, known) or f"there are {', '.join(known)}" if known else ""
                problems.add(None, f"no output type {quoted(name)}: no steps/export has a file of that name", hint)
                continue
            step = read_step(self.reader, path, paths, classic=False)
            if step is not None:
                found.append(self._assemble("export", path.stem, step.place, step, None))
        return found

    def _macrostep(self, call: Call, paths: StepsPath) -> Macrostep | None:
        variables = Variables([self.globals.values], self.reader.problems)
        expanded = variables.expand(call.name)
        if expanded.broken:
            return None
        name = expanded.text
        if call.arguments is not None and _embedded(call.arguments):
            step = StepText(call.name.place, self._classic)
            path = Path(os.path.normpath(self.reader.cwd / call.name.source.path))
            items: list[Node] = [item for item in call.arguments.items if not isinstance(item, TextNode)]
            take_items(self.reader, step, items, path, paths, [path])
            selected = [item for item in call.arguments.items if isinstance(item, TextNode)]
            arguments = ListNode(list(selected), call.arguments.place) if selected else None
            return self._assemble(call.section, name, call.name.place, step, arguments)
        found = paths.find(name) if name and "\0" not in name else None
        if found is None:
            message = f"no step file for the macrostep {quoted(name)}"
            hint = nearest(name.rpartition("/")[2], paths.names())
            if not hint and not paths.steps:
                hint = "there is no steps directory beside the recipe"
            self.reader.problems.add(call.name.place, message, hint)
            return None
        read = read_step(self.reader, found, paths, classic=self._classic)
        return self._assemble(call.section, found.stem, read.place, read, call.arguments) if read else None

    def _assemble(self, section: str, name: str, place: Place, step: StepText, arguments: ListNode | None) -> Macrostep:
        problems = self.reader.problems
        own: dict[str, Value] = {}
        selected: list[TextNode] = []
        for item in arguments.items if arguments else []:
            if isinstance(item, MapNode):
                for key, value in item.entries:
                    if isinstance(value, TextNode):
                        own[key.value] = value
                    else:
                        problems.add(
                            value.place, f"the value of {quoted(key.value)} must be a text, found {describe(value)}"
                        )
            elif isinstance(item, TextNode):
                selected.append(item)
            else:
                problems.add(item.place, f"expected a microstep's name or a variable, found {describe(item)}")
        if not name.isprintable() or not name or "/" in name or len(name) > 100:
            problems.add(place, f"{quoted(name)} is no name of a macrostep", "one line without / makes one")
        microsteps = step.microsteps
        if selected:
            microsteps = []
            for item in selected:
                earlier = next(other for other in selected if other.value == item.value)
                if self._classic and earlier is not item:
                    line = earlier.place.line
                    problems.add(item.place, f"{quoted(item.value)} is here twice: first in line {line}")
                    continue
                microstep = step.named(item.value)
                if microstep is None:
                    known = [other.name.value for other in step.microsteps]
                    message = f"the macrostep {quoted(name)} has no microstep {quoted(item.value)}"
                    problems.add(item.place, message, nearest(item.value, known))
                else:
                    microsteps.append(microstep)
        variables = Variables([own, self.globals.values, dict(step.defaults)], problems, self.globals.data)
        found: list[Microstep] = []
        clean: list[Microstep] = []
        first: dict[str, Place] = {}
        for microstep in microsteps:
            at = microstep.name.place
            if self._classic and microstep.name.value in first:
                again = first[microstep.name.value]
                problems.add(at, f"the microstep {quoted(microstep.name.value)} is here twice: first at {again}")
            first.setdefault(microstep.name.value, at)
            later: list[tuple[Command, ...]] = []
            commands = Compiler(variables, problems, self.aliases, later).commands(microstep.commands)
            if commands:
                found.append(Microstep(microstep.name.value, at, tuple(commands)))
            for group in later:
                clean.append(Microstep(f"_clean_{len(clean)}_{microstep.name.value}", at, group, clean=True))
        result = Macrostep(section, name, place, (*found, *reversed(clean)))
        if len(result.microsteps) > MAX_MICROSTEPS:
            over = result.microsteps[MAX_MICROSTEPS]
            problems.add(
                over.place,
                f"{quoted(over.name)} is microstep {MAX_MICROSTEPS + 1} of the macrostep {quoted(name)}",
                f"at most {MAX_MICROSTEPS}: an exported script tells by its exit status which one failed",
            )
        return result

    def _take_aliases(self, node: Node) -> None:
        problems = self.reader.problems
        if isinstance(node, MapNode):
            for key, value in node.entries:
                if isinstance(value, ListNode):
                    self.aliases[key.value] = value
                else:
                    problems.add(
                        value.place, f"the alias {quoted(key.value)} wants a list of commands, found {describe(value)}"
                    )
            return
        for item in node.items if isinstance(node, ListNode) else [node]:
            if not isinstance(item, TextNode):
                problems.add(item.place, f"aliases: wants a mapping, or names of files, found {describe(item)}")
                continue
            if item.empty:
                continue
            path = StepsPath(self.globals.steps, ()).data(item.value, "aliases")
            if path is None:
                problems.add(item.place, f"no {quoted('aliases/' + item.value)} in a steps directory of this recipe")
                continue
            read = self.reader.read(path)
            if read is not None and isinstance(read[1], MapNode):
                self._take_aliases(read[1])
            elif read is not None:
                problems.add(read[1].place, f"a file of aliases is a mapping, found {describe(read[1])}")


def _embedded(arguments: ListNode) -> bool:
    return any(
        isinstance(value, ListNode)
        for item in arguments.items
        if isinstance(item, MapNode)
        for _, value in item.entries
    )
