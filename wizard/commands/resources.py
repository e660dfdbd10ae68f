"""`kameleon-tui resources`: what machines are made of, what OAR would get of them, and doing that."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from wizard.arguments import DUMB, on_terminal
from wizard.commands._resources_arguments import add_arguments
from wizard.errors import DONE, FAILED, MACHINE, UserError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from wizard.machine.model import Machine
    from wizard.oar.plan import Planner
    from wizard.oar.reach import Found

__all__ = ["HELP", "NAME", "add_arguments", "run"]

NAME = "resources"
HELP = "what OAR gets of machines: detect, plan, show, create, export"


def run(arguments: argparse.Namespace) -> int:
    """0; `create`: 1 when the database is not as planned afterwards."""
    words = {"detect": _detect, "plan": _plan, "show": _show, "create": _create, "export": _export}
    return words[arguments.word](arguments)


def _this_machine() -> Machine:
    from wizard.machine.detect import detect

    try:
        return detect()
    except ValueError as error:
        raise UserError(
            f"this machine cannot be detected: {error}",
            status=MACHINE,
            hint="--machine FILE takes one that `resources detect --json` recorded elsewhere",
        ) from error


def _detect(arguments: argparse.Namespace) -> int:
    from wizard.plain import machines as lines

    if arguments.host:
        return lines.over_ssh(arguments)
    if arguments.machine:
        from wizard.oar import inventory

        machines = [host.machine for host in inventory.read(arguments.machine)]
    else:
        machines = [_this_machine()]
    for machine in machines:
        lines.show(machine, as_json=arguments.json)
    return DONE


def _planner(arguments: argparse.Namespace) -> Planner:
    from wizard.oar import asked

    hosts = asked.hosts_of(arguments.machine, arguments.host, _this_machine)
    if arguments.whole and arguments.machine:
        asked.check_whole(arguments.machine)
    return asked.planner(
        hosts, arguments.granularity, gpus=arguments.gpus, words=arguments.property, whole=arguments.whole
    )


def _limit(arguments: argparse.Namespace) -> float:
    if arguments.timeout < 1:
        raise UserError(f"--timeout {arguments.timeout:g}: a second is the least that a database needs")
    limit: float = arguments.timeout
    return limit


def _found(arguments: argparse.Namespace, planner: Planner) -> AbstractContextManager[Found]:
    from wizard.oar import reach

    return reach.found(planner, arguments.database, limit=_limit(arguments))


def _plan(arguments: argparse.Namespace) -> int:
    from wizard.oar import create, lines

    planner = _planner(arguments)
    with _found(arguments, planner) as found:
        head = {"v": 1, "hosts": len(planner.hosts), "granularity": arguments.granularity}
        shown = (
            lines.Json(sys.stdout, head)
            if arguments.json
            else lines.Table(planner.names, planner.count, retire=arguments.retire, everything=arguments.verbose > 0)
        )
        with create.prepare(planner, found.reading, retire=arguments.retire, see=shown.see) as prepared:
            notes = found.notes + prepared.notes()
            if isinstance(shown, lines.Json):
                shown.end({"missing_properties": prepared.missing, "database": found.reached, "notes": notes})
                return DONE
            for line in shown.lines():
                print(_safe(line))
            if prepared.missing:
                print(f"properties to add: {' '.join(prepared.missing)}")
            print(lines.totals(prepared.totals, arguments.retire))
            _tell(notes)
            create.refuse_clashes(prepared)
    return DONE


def _show(arguments: argparse.Namespace) -> int:
    """On a terminal a screen, else what `plan` prints."""
    if arguments.plain or not (on_terminal() and sys.stdout.isatty() and os.environ.get("TERM") not in DUMB):
        arguments.json = False
        return _plan(arguments)
    from functools import partial

    from wizard.oar import reach
    from wizard.tui.app import resources
    from wizard.tui.resources import Resources

    planner, limit, named = _planner(arguments), _limit(arguments), arguments.database
    found = partial(reach.found, named=named, limit=limit)
    return resources(Resources(planner, found, partial(reach.database_of, named), limit, arguments.retire))


def _export(arguments: argparse.Namespace) -> int:
    from wizard.oar import create, export, properties, sql

    planner = _planner(arguments)
    with _found(arguments, planner) as found:
        form = arguments.format
        kinds = properties.types(planner.names, planner.hosts, planner.properties)
        missing = sql.missing_columns(planner.names, found.reading.snapshot)
        writer: export.Commands | export.Api | None = None
        if form == "commands":
            writer = export.Commands(sys.stdout, missing, kinds, retire=arguments.retire)
        elif form != "sql":
            writer = export.Api(sys.stdout, form)
        see = writer.see if writer else None
        with create.prepare(planner, found.reading, retire=arguments.retire, see=see) as prepared:
            create.refuse_clashes(prepared)
            if writer:
                writer.end()
            else:
                sys.stdout.writelines(line.decode() for line in prepared.script)
            left = prepared.totals.change + (prepared.totals.retire if arguments.retire else 0)
            notes = found.notes + prepared.notes()
            if form in ("json", "yaml") and left:
                notes.append(f"{left} resources to change or to retire are not in it: OAR's API has no list for that")
            _tell(notes, error=True)
    return DONE


def _create(arguments: argparse.Namespace) -> int:
    from wizard.oar import hosts, lines, reach

    planner, limit = _planner(arguments), _limit(arguments)
    created = reach.created(planner, arguments.database, retire=arguments.retire, limit=limit, wait=arguments.wait)
    names = [host.name for host in planner.hosts]
    done = created.totals
    if arguments.json:
        value = {
            "v": 1,
            "hosts": len(names),
            "granularity": arguments.granularity,
            "resources": done.planned,
            "added": done.add,
            "changed": done.change,
            "retired": done.retire if arguments.retire else 0,
            "added_properties": created.missing,
        }
        print(json.dumps(value | {"ok": not created.wrong, "wrong": created.wrong, "notes": created.notes}))
    elif not arguments.quiet:
        print(_safe(lines.done(done, created.retired, hosts.short(names))))
        _tell(created.notes)
    if created.wrong:
        which = repr(names[0]) if len(names) == 1 else hosts.short(names)
        raise UserError(f"OAR's resources of {which} are not as planned", status=FAILED, hint="\n".join(created.wrong))
    return DONE


def _tell(notes: list[str], *, error: bool = False) -> None:
    for note in notes:
        print(_safe(f"note: {note}"), file=sys.stderr if error else sys.stdout)


def _safe(text: str) -> str:
    """Host names and what databases say may hold anything; a terminal must not."""
    from wizard.engine.events import make_safe

    return make_safe(text.encode("utf-8", "replace"))
