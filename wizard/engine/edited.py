"""Edit-and-retry, the person's side: the step's commands in a file, and the editor to change it with."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

from wizard.engine.edit import edited_path
from wizard.engine.runs import Run
from wizard.engine.terminal import run_in_front
from wizard.errors import MACHINE, UserError

_HEAD = """\
# The commands of {name}.
# Save and leave the editor: they take the step's place in this run, and it is
# run again. Leave without a change, or empty the file, to go back to the choice.
"""


def commands_file(run: Path, step: int) -> Path:
    """The file to edit: RUN/edited/NN.MACROSTEP.MICROSTEP.yaml, made with the step's commands when it is not there;
    an earlier edit, taken or refused, stands in it as it was."""
    from wizard.recipe.microstep import commands_as_yaml
    from wizard.recipe.model import Command, Place

    state = Run(run).state()
    if not 0 <= step < len(state.steps):
        raise UserError(f"{run.name} has no step {step}")
    macro, micro = state.macrosteps[state.steps[step].macrostep], state.steps[step]
    path = edited_path(run, step, macro.name, micro.name)
    if path.exists():
        return path
    nowhere = Place("", 0)
    commands = [
        Command(kind, argument if isinstance(argument, str) else tuple(argument), nowhere, "", "")
        for command in _commands(run, step)
        for kind, argument in command.items()
    ]
    path.parent.mkdir(exist_ok=True, mode=0o700)
    path.write_text(_HEAD.format(name=f"{macro.name}/{micro.name}".replace("\n", " ")) + commands_as_yaml(commands))
    return path


def _commands(run: Path, step: int) -> list[dict[str, str | list[str]]]:
    sections = Run(run).resolved()["sections"]
    steps = [micro for section in sections for macro in section["macrosteps"] for micro in macro["microsteps"]]
    commands: list[dict[str, str | list[str]]] = steps[step]["commands"]
    return commands


def editor() -> list[str]:
    """The command line of the person's editor: $VISUAL, $EDITOR, Debian's choice, or one that is there."""
    for variable in ("VISUAL", "EDITOR"):
        if os.environ.get(variable, "").strip():
            return shlex.split(os.environ[variable])
    for name in ("sensible-editor", "editor", "vi", "nano", "ed"):
        if shutil.which(name):
            return [name]
    raise UserError("no editor was found", status=MACHINE, hint="set VISUAL or EDITOR, or apt-get install nano")


def edit(run: Path, step: int, keyboard: int = 0, screen: int = 1) -> tuple[str, str]:
    """Let the person edit the step's commands; (the text, "") or ("", why there is nothing to do with it).

    `keyboard`, `screen`: descriptors of the terminal the editor gets. Returns when the editor was left.
    """
    path = commands_file(run, step)
    command = editor()
    before = path.read_text()
    try:
        status = run_in_front([*command, str(path)], keyboard, screen)
    except OSError as error:
        raise UserError(f"{command[0]}: {error.strerror}", status=MACHINE, hint="VISUAL and EDITOR name it") from error
    if status:
        return "", f"{shlex.join(command)} ended with status {status}: nothing was changed"
    text = path.read_text(errors="replace")
    if not _without_comments(text):
        path.unlink()
        return "", "the file was emptied: nothing was changed"
    if text == before:
        return "", "the commands are as they were: nothing was changed (retry runs them again)"
    return text, ""


def _without_comments(text: str) -> str:
    return "".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
