"""`kameleon-tui capture`: an archive, or a Kadeploy environment, of a machine that runs."""

from __future__ import annotations

import argparse
import glob
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from wizard import units
from wizard.errors import MACHINE, UserError

if TYPE_CHECKING:
    from wizard.image.capture import Plan
    from wizard.image.survey import Survey, Target
    from wizard.plain.paper import Paper

NAME = "capture"
HELP = "archive a running machine, as tar or for Kadeploy"

#: How many paths of one kind are named; with -v all are.
_SHOWN = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s / | HOST [OPTION]…"
    add = parser.add_argument
    add("machine", metavar="/ | HOST",
        help="this machine (/, or a directory where another one's root is), or one that ssh reaches as root, "
        "or as one who has sudo without a password")  # fmt: skip
    add("--type", choices=("kadeploy", "tar"), default="kadeploy", help="what is made (default: kadeploy)")
    add("-g", dest="globals", action="append", default=[], metavar="KEY:VALUE",
        help="an option of that output type, such as archive_compression:xz. May be given several times")  # fmt: skip
    add("--name", default="", help="what the files' names begin with (default: the machine's name)")
    add("--output", metavar="DIR", help="where the files go (default: build/NAME)")
    add("--exclude", action="append", default=[], metavar="PATTERN",
        help="leave this out, too: a path from / on; * takes slashes. May be given several times")  # fmt: skip
    add("--keep-secrets", action="store_true",
        help="take keys, histories and the machine's identity, too: for a copy that takes its place")  # fmt: skip
    add("--ssh", default="ssh", metavar="COMMAND", help='how HOST is reached (default: ssh), such as "ssh -p 2222"')
    add("--dry-run", action="store_true", help="say what would be left out, make nothing")


def run(arguments: argparse.Namespace) -> int:
    """0 when the files are in place; 1 when the machine could not be read, 3 when this one lacks a tool or space."""
    from wizard.host.privilege import require_root
    from wizard.host.tools import require
    from wizard.image.capture import Asked, make_plan
    from wizard.image.survey import survey, target
    from wizard.plain.paper import Paper

    patterns = tuple(pattern.lstrip("/") for pattern in arguments.exclude)
    if "" in patterns:
        raise UserError("--exclude: a path was expected, such as /var/lib/docker")
    with target(arguments.machine, arguments.ssh) as machine:
        if machine.here:
            require_root("a capture of this machine")
        else:
            if arguments.ssh == "ssh":
                require(["ssh"], f"capturing {arguments.machine}")
        known = survey(machine)
        work = _Work(arguments, known)
        require([work.squeeze[0], "setpriv"], "a capture")
        asked = Asked(
            kadeploy=arguments.type == "kadeploy",
            keep_secrets=arguments.keep_secrets,
            static_dev=work.static_dev,
            patterns=patterns,
            paths=_inside(machine, work.output),
        )
        plan = make_plan(machine, known, asked)
        paper = Paper.on(sys.stdout)
        if not arguments.quiet:
            _tell(paper, known, plan.left, arguments)
        if arguments.dry_run:
            return 0
        return work.make(machine, plan, paper, arguments.quiet)


class _Work:
    """What the command line asks for, checked before anything is packed, and the making of it."""

    def __init__(self, arguments: argparse.Namespace, known: Survey) -> None:
        from wizard.commands.build import parse_globals
        from wizard.image import compress, kadeploy

        given = parse_globals(arguments.globals)
        _check(arguments.type, given)
        self.known = known
        self.stem = arguments.name or known.name.partition(".")[0] or "machine"
        if "/" in self.stem or self.stem.startswith("."):
            raise UserError(f"--name: {self.stem!r} is no name of a file")
        self.output = Path(arguments.output or Path("build") / self.stem).absolute()
        self.environment: kadeploy.Options | None = None
        if arguments.type == "kadeploy":
            self.environment = kadeploy.options(given, self.stem, int(time.time()))
            if self.environment.kind != "tar":
                raise UserError("kadeploy_kind: a machine that runs is captured as tar only")
            if not known.kernel:
                raise UserError(
                    f"no kernel with an initramfs is in /boot of {arguments.machine}: Kadeploy could not start it",
                    hint="--type tar takes a machine as it is",
                )
            self.archive, kind = self.environment.archive, self.environment.compression
        else:
            kind = given.get("archive_compression") or "zst"
            self.archive = f"{self.stem}.tar.{kind}"
        self.squeeze = compress.command(kind, given.get("compression") or "3")
        self.static_dev = self.environment.static_dev if self.environment else given.get("static_dev") == "yes"

    def make(self, machine: Target, plan: Plan, paper: Paper, quiet: bool) -> int:
        from wizard.engine import publish
        from wizard.engine.runs import new_run_id, runs_directory
        from wizard.image import capture, kadeploy

        # A signal is looked at where nothing is half begun: an exception in the middle of starting a process would
        # leave it to nobody, and its threads would wait for it.
        ended: list[int] = []
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: ended.append(number))

        def tick(size: int) -> None:
            if ended:
                sys.exit(128 + ended[0])  # what is half made is removed
            paper.status(f"packing: {units.size(size)} in {time.monotonic() - began:.0f} s")

        began = time.monotonic()
        run = new_run_id(self.stem)
        try:
            with publish.holding(self.output, run):
                publish.finish_interrupted(self.output)
                for left in self.output.glob(f".partial-{glob.escape(self.stem)}-*"):
                    if not (runs_directory() / left.name.removeprefix(".partial-")).exists():
                        publish.remove_tree(left)  # of a capture that was killed; a build's may be kept on purpose
                staged = publish.partial(self.output, run)
                staged.mkdir()
                try:
                    changed = capture.run(machine, plan, self.squeeze, staged / self.archive, tick)
                    paper.status("")
                    if self.environment:
                        known = self.known
                        tree = kadeploy.Tree("/vmlinuz", f"/{known.initrd_name}", known.architecture, known.grub)
                        kadeploy.describe(self.environment, tree, staged)
                    made = publish.publish(self.output, run, {})
                finally:
                    publish.remove_tree(staged)
        except OSError as error:
            raise UserError(f"{error.filename or self.output}: {error.strerror}", status=MACHINE) from error
        if changed and not quiet:
            paper.line(f"  changed     {len(changed)} while they were read: {changed[0]}")
        for path, size, digest in made:
            paper.line(f"  {path}\n    {units.size(size)}, sha256 {digest}")
        return 0


def _check(kind: str, given: dict[str, str]) -> None:
    """UserError for what is no option of the output type `kind` (or static_dev), or a value that it does not take."""
    from wizard.compose.catalog import load_outputs
    from wizard.recipe.errors import nearest
    from wizard.recipe.takes import problems

    types = {one.id: one for one in load_outputs()}
    takes = {"static_dev": types["kadeploy"].takes["static_dev"], **types[kind].takes}
    for name in given:
        if name not in takes:
            message = f"-g {name}: no option of the output type {kind} is called so"
            raise UserError(message, hint=nearest(name, takes))
    for name, told in problems(takes, given):
        raise UserError(f"-g {name}: the global {name} {told}")


def _inside(machine: Target, output: Path) -> tuple[str, ...]:
    """The output, when it is in the tree that is captured."""
    if not machine.here:
        return ()
    root, place = os.path.realpath(machine.root), os.path.realpath(output)
    relative = os.path.relpath(place, root)
    return () if relative == "." or relative.startswith("../") else (relative,)


def _tell(
    paper: Paper, known: Survey, left: tuple[tuple[str, tuple[str, ...]], ...], arguments: argparse.Namespace
) -> None:
    from wizard.engine.events import make_safe

    def safe(text: str) -> str:
        return make_safe(text.encode("utf-8", "surrogateescape")).replace("\n", " ")

    def names(paths: tuple[str, ...]) -> str:
        shown = paths if arguments.verbose else paths[:_SHOWN]
        more = f" and {len(paths) - len(shown)} more" if len(paths) > len(shown) else ""
        return safe(", ".join(f"/{path}" for path in shown)) + more

    used = f"{units.size(known.used)} in use" if known.used else ""
    about = ", ".join(filter(None, (safe(known.system), used)))
    paper.line(f"capture of {safe(known.name) or arguments.machine}{f': {about}' if about else ''}")
    if known.more:
        paper.line(f"  taken, too  {names(known.more)}")
    others = [f"/{path} ({kind})" for path, kind in known.others.items()]
    if others:
        paper.line(f"  left out    other file systems: {safe(', '.join(others))}")
    for text, paths in left:
        paper.line(f"  left out    {text}: {names(paths)}")
    if known.accounts:
        paper.line(f"  taken       the passwords (hashed) of {safe(', '.join(known.accounts))}")
    if not arguments.keep_secrets:
        paper.line("  taken       passwords in other configuration files: nobody knows where those are")
