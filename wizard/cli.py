"""The command line: parses, imports the one module of commands/ that was asked for, and turns errors into messages.

A module of commands/ has NAME, HELP (one line, equal to the table's), add_arguments(parser) and run(arguments) -> int.
`arguments` always has `quiet` (bool) and `verbose` (int); --no-color sets NO_COLOR, which is all anybody looks at.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

from wizard import __version__
from wizard.arguments import on_terminal, seconds
from wizard.errors import UserError

#: Name → one-line help, in the order --help shows them. A table, so that --help imports no command
#: (tests/contracts holds it equal to the modules).
COMMANDS = {
    "build": "build an appliance from a recipe, without asking",
    "recipe": "list, show and check recipes, or write their scripts",
    "runs": "past and living runs: list, show, attach, log, prune",
    "shell": "a shell in the state a run is in",
    "capture": "archive a running machine, as tar or for Kadeploy",
    "boot": "start an image on this terminal: in QEMU, User Mode Linux or LXC",
    "image": "what an image is, how it is started, and whether it is whole",
    "firstboot": "make an OAR cluster of this live system",
    "resources": "what OAR gets of machines: detect, plan, show, create, export",
    "doctor": "which host tools are missing, for what, and how to get them",
}

#: `EX_SOFTWARE` of sysexits.h: the fault is in kameleon-tui itself.
INTERNAL = 70


def _command(name: str) -> ModuleType:
    return importlib.import_module(f"wizard.commands.{name}")


class _Parser(argparse.ArgumentParser):
    """Says what was wrong as every other error is said, and which --help tells more."""

    def error(self, message: str) -> NoReturn:
        name = self.prog.partition(" ")[2]
        raise UserError(f"{name}: {message}" if name else message, hint=f"{self.prog} --help tells what it takes")


class _CommandParser(_Parser):
    """A sub-command's parser, which asks the command's module for its arguments only when it was chosen.

    A sub-command's own sub-commands (`runs list`) are parsed by this too, and so take what is taken everywhere.
    """

    def __init__(self, *, command: str = "", **options: Any) -> None:
        super().__init__(**{**options, "add_help": False, "allow_abbrev": False})
        self._command = command
        self._complete = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if not self._complete:
            self._complete = True
            if self._command:
                module = _command(self._command)
                module.add_arguments(self)
                self.set_defaults(run=module.run)
            _add_common(self, default=argparse.SUPPRESS)
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:  # said here, where it is known whose arguments these are
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def _add_common(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    # In a sub-command the defaults are suppressed: they would undo `kameleon-tui -q build`.
    group = parser.add_argument_group("everywhere")
    group.add_argument("-h", "--help", action="help", help="show this and exit")
    group.add_argument("--version", action="version", version=f"kameleon-tui {__version__}", help="show it and exit")
    group.add_argument("-q", "--quiet", action="store_true", default=default or False, help="say only what matters")
    group.add_argument("-v", "--verbose", action="count", default=default or 0, help="say more; twice: still more")
    group.add_argument(
        "--no-color", action="store_true", default=default or False, help="no colours (NO_COLOR does the same)"
    )


def make_parser() -> argparse.ArgumentParser:
    """The whole command line; a sub-command's own arguments are added when it is chosen."""
    parser = _Parser(
        prog="kameleon-tui",
        usage="%(prog)s [OPTION]…\n       %(prog)s COMMAND [ARGUMENT]…",
        description="Builds operating-system appliances from recipes. Without a command: the wizard.",
        epilog="`kameleon-tui COMMAND --help` tells what a command takes.",
        add_help=False,
        allow_abbrev=False,
    )
    # Names of their own: a command may have a --defaults and a --timeout too.
    parser.add_argument(
        "--defaults", dest="top_defaults", action="store_true", help="no questions: print the plan and carry it out"
    )
    parser.add_argument(
        "--timeout",
        dest="top_timeout",
        type=seconds,
        metavar="S",
        help="with --defaults, on a terminal: wait S seconds first; a key opens the questions",
    )
    _add_common(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog=parser.prog, parser_class=_CommandParser)
    for name, text in COMMANDS.items():
        description = text[0].upper() + text[1:] + "."
        commands.add_parser(name, help=text, description=description, command=name)
    parser.set_defaults(run=None)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    if arguments.no_color:
        os.environ["NO_COLOR"] = "1"
    run = arguments.run
    if run is not None:
        if arguments.top_defaults or arguments.top_timeout is not None:
            raise UserError(
                "--defaults and --timeout go without a command", hint="kameleon-tui --defaults --timeout 30"
            )
    elif arguments.top_defaults:
        arguments.timeout = arguments.top_timeout
        run = _command("defaults").run
    elif arguments.top_timeout is not None:
        raise UserError("--timeout is only of use with --defaults", hint="kameleon-tui --defaults --timeout 30")
    elif on_terminal():
        run = _command("wizard").run
    else:
        raise UserError(
            "there is no terminal to ask questions on",
            hint="kameleon-tui --defaults       builds the default appliance without asking\n"
            "kameleon-tui build RECIPE     builds a recipe (kameleon-tui recipe list shows them)",
        )
    status: int = run(arguments)
    return status


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status (wizard/errors.py, or 130 after Ctrl-C, 141 when the reader of our output
    went away, 70 after a fault of ours). argparse itself ends with SystemExit(0) for --help and --version."""
    # What imports make stays: looking through it every 700 objects is a tenth of what a short command takes.
    gc.set_threshold(20_000)
    try:
        try:
            return _run(make_parser().parse_args(argv))
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where a reader that went away can still be dealt with
    except UserError as error:
        _say(error.message, error.hint)
        return error.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError as error:
        if not _reader_left():
            return _internal(error)
        # Python flushes stdout once more at exit: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except Exception as error:
        return _internal(error)


def _say(message: str, hint: str = "") -> None:
    if sys.stderr is not None:
        print(f"kameleon-tui: {message}", *([hint] if hint else []), sep="\n", file=sys.stderr, flush=True)


def _reader_left() -> bool:
    import select

    poll = select.poll()
    poll.register(1, 0)
    return any(what & select.POLLERR for _, what in poll.poll(0))


def _internal(error: BaseException) -> int:
    """Keep the traceback in a file and say where; the short message names the fault and the line it came from."""
    import tempfile
    import time
    import traceback
    from pathlib import Path

    from wizard.data import state_directory

    trace = "".join(traceback.format_exception(error))
    text = f"kameleon-tui {__version__}, Python {sys.version}\n{sys.argv!r}\n\n{trace}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = f"internal error: {type(error).__name__}: {error} (at {last.filename}:{last.lineno})"
    for directory in (state_directory() / "errors", Path(tempfile.gettempdir())):
        path = directory / f"kameleon-tui-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", errors="backslashreplace") as stream:
                stream.write(text)
        except OSError:
            continue
        _say(what, f"the full report is in {path}")
        return INTERNAL
    _say(what, "the full report could not be written: neither the state directory nor the temporary one takes a file")
    return INTERNAL
