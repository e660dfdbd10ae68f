"""The one command table: for each command where it runs and what bash it is. Both dialects use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from shlex import quote


@dataclass(frozen=True, slots=True)
class Kind:
    """A command. `arguments`: the names of its list's elements, one for a plain text. `script`: the argument is
    bash itself. `context` and `directory` as in model.Command."""

    name: str
    help: str
    arguments: tuple[str, ...]
    context: str
    text: Callable[[tuple[str, ...]], str]
    directory: str = ""
    script: bool = False
    mistake: Callable[[tuple[str, ...]], str] = lambda arguments: ""


def _itself(arguments: tuple[str, ...]) -> str:
    return arguments[0]


def _check(where: str, hint: str) -> Callable[[tuple[str, ...]], str]:
    def text(arguments: tuple[str, ...]) -> str:
        sentence = quote(f"{arguments[0]}: no such command {where}; {hint.format(arguments[0])}")
        # The last word is false, after ||: it ends the command with errexit and without.
        return f"command -v -- {quote(arguments[0])} >/dev/null || {{ printf '%s\\n' {sentence} >&2; false; }}"

    return text


def _file(redirection: str) -> Callable[[tuple[str, ...]], str]:
    def text(arguments: tuple[str, ...]) -> str:
        path, content = arguments
        # kt_path (the engine's) follows the appliance's symbolic links inside the appliance: an absolute link of it
        # must not lead out to this machine. One list of &&, so that without errexit nothing is written past a failure.
        return (
            f'kt_path "$KAMELEON_CHROOT" {quote("/" + path.lstrip("/"))} && mkdir -p -- "${{REPLY%/*}}/" &&\n'
            f'printf %s {quote(content)} {redirection}"$REPLY" || false'
        )

    return text


def _wrong_file(arguments: tuple[str, ...]) -> str:
    path = arguments[0]
    if not path.strip("/") or path.endswith(("/", "/.", "/..")) or path in (".", ".."):
        return "names no file"
    return ""


def _wrong_name(arguments: tuple[str, ...]) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", arguments[0]):
        return ""
    return "is no name of a shell variable (letters, digits and _, a letter or _ first)"


def _wrong_command(arguments: tuple[str, ...]) -> str:
    return "" if re.fullmatch(r"[^\s-]\S*", arguments[0]) else "is no name of a command"


def _exec(name: str, context: str, help_: str, directory: str = "") -> Kind:
    return Kind(name, help_, ("script",), context, _itself, directory, script=True)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _exec("exec_local", "local", "bash on this machine, in the run's working directory"),
        _exec("exec_out", "out", "bash in the out context: this machine, or the machine the recipe names"),
        _exec("exec_in", "in", "bash in the appliance"),
        _exec("exec_current", "local", "bash on this machine, in the directory kameleon-tui was started in", "cwd"),
        _exec("exec_appliance", "local", "bash on this machine, in the appliance's root directory", "chroot"),
        _exec("exec_chroot", "in", "bash in the appliance, as exec_in"),
        Kind(
            "check_cmd",
            "fails unless this machine has the command",
            ("command",),
            "local",
            _check("on this machine", "kameleon-tui doctor {} tells which package has it"),
            mistake=_wrong_command,
        ),
        Kind(
            "check_appliance_cmd",
            "fails unless the appliance has the command",
            ("command",),
            "in",
            _check("in the appliance", "install the package that has it in an earlier step"),
            mistake=_wrong_command,
        ),
        Kind(
            "append_file",
            "appends a text to a file of the appliance",
            ("file", "content"),
            "local",
            _file(">>"),
            mistake=_wrong_file,
        ),
        Kind(
            "write_file",
            "writes a text into a file of the appliance, in the place of what was there",
            ("file", "content"),
            "local",
            _file(">|"),
            mistake=_wrong_file,
        ),
        Kind(
            "set_var",
            "sets a shell variable for the steps that follow, in every context",
            ("name", "value"),
            "all",
            lambda arguments: f"{arguments[0]}={quote(arguments[1])}",
            mistake=_wrong_name,
        ),
    )
}

#: Commands and hooks of Kameleon 2 that this engine does not run, with what to write instead.
REFUSED: dict[str, str] = {
    "pipe": "write a pipe in bash, through a file of the appliance when it crosses contexts",
    "rescue": 'write "first || second" in bash',
    "test": "write if … then … fi in bash",
    "group": "list its commands one after the other",
    "breakpoint": "stop with build --break MACROSTEP/MICROSTEP",
    "reload_context": "a context keeps its state by itself",
    "on_init": "make it the first microstep",
    **{
        f"on_{section}_{when}": f"make it a macrostep of {section}"
        for section in ("bootstrap", "setup", "export")
        for when in ("init", "clean")
    },
}

#: Not a command: a microstep's commands that run last in its macrostep, also when it is aborted.
ON_CLEAN = "on_clean"
#: Not a command: Kameleon 2's word on checkpoints, taken and left aside.
ON_CHECKPOINT = "on_checkpoint"


def known_names() -> list[str]:
    """Every word that may stand at a command's place."""
    return [*KINDS, ON_CLEAN, ON_CHECKPOINT]
