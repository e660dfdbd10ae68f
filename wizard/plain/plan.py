"""What a build would do, as lines: macrosteps, microsteps, commands, where the artefacts would go."""

from __future__ import annotations

from wizard.engine.events import make_safe
from wizard.engine.front import Build
from wizard.plain.paper import Paper
from wizard.plain.words import counted
from wizard.recipe.model import Command, ResolvedRecipe


def tell_plan(paper: Paper, recipe: ResolvedRecipe, asked: Build, *, commands: bool = True) -> None:
    """The whole plan; without `commands` one line per macrostep."""
    steps = counted(len(recipe.steps()), "microstep")
    paper.line(f"{paper.paint(recipe.name, 'bold')}  {recipe.file}")
    if recipe.description:
        paper.line(f"  {_safe(recipe.description.strip())}")
    paper.line(f"  {steps} in {counted(len(recipe.macrosteps), 'macrostep')}")
    paper.line(f"  artefacts to  {_safe(str(asked.output) if asked.output else output_of(recipe))}")
    paper.line(f"  work in       {_safe(recipe.workdir)}")
    number = 0
    for macro in recipe.macrosteps:
        names = "" if commands else f"  {', '.join(_safe(micro.name) for micro in macro.microsteps if not micro.clean)}"
        paper.line(f"{macro.section}  {paper.paint(_safe(macro.name), 'bold')}{names}")
        for micro in macro.microsteps:
            number += 1
            if commands:
                last = "  (on_clean: last, and also when the macrostep is aborted)" if micro.clean else ""
                paper.line(
                    f"  {number:>3}  {macro.name}/{_safe(micro.name)}  {paper.paint(str(micro.place), 'faint')}{last}"
                )
                for command in micro.commands:
                    _tell_command(paper, command)


def output_of(recipe: ResolvedRecipe) -> str:
    """Where the artefacts end up; while a build runs the steps write into a directory beside."""
    directory, _, name = recipe.output.rpartition("/")
    return directory if name.startswith(".partial-") else recipe.output


def _tell_command(paper: Paper, command: Command) -> None:
    argument = command.argument if isinstance(command.argument, str) else "\n".join(command.argument)
    first, *others = argument.rstrip("\n").split("\n")
    paper.line(f"         {paper.paint(command.name, 'faint')}: {_safe(first)}")
    for line in others:
        paper.line(f"           {_safe(line)}")


def _safe(text: str) -> str:
    return make_safe(text.encode("utf-8", "replace")).replace("\n", " ")
