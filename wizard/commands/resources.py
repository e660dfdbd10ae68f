"""`kameleon-tui resources`: what machines are made of, what OAR would get of them, and doing that."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from wizard.arguments import seconds
from wizard.errors import DONE, FAILED, MACHINE, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wizard.machine.model import Machine
    from wizard.oar.create import Created
    from wizard.oar.database import Database
    from wizard.oar.plan import Planner
    from wizard.oar.read import Reading

NAME = "resources"
HELP = "what OAR gets of machines: detect, plan, create, export"

_GRANULARITIES = ("core", "thread", "host", "gpu")
_FORMATS = ("commands", "sql", "json", "yaml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="word", required=True, metavar="detect|plan|create|export", title="what to do")

    detect = words.add_parser("detect", help="what machines are made of, and what is left out", allow_abbrev=False)
    detect.add_argument("--json", action="store_true", help="a JSON object a machine and line, which --machine takes")
    which = detect.add_mutually_exclusive_group()
    which.add_argument(
        "--host",
        metavar="[USER@]NAME",
        nargs="+",
        action="extend",
        help="not this machine but these, over ssh; 'node[001-512]' are 512; nothing is installed on them",
    )
    which.add_argument("--machine", metavar="FILE", help="show the recorded machines of this file instead")
    detect.add_argument(
        "--ssh", metavar="COMMAND", default="ssh", help="how they are reached, such as 'ssh -p 6667 -l oar'"
    )
    detect.add_argument(
        "--timeout", type=seconds, metavar="S", default=20.0, help="how long each may take to answer (default 20 s)"
    )
    detect.add_argument("--parallel", type=int, metavar="N", default=64, help="how many are asked at once (default 64)")

    plan = words.add_parser(
        "plan", help="what OAR would get, and how that differs from what it has", allow_abbrev=False
    )
    _plan_arguments(plan)
    plan.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    create = words.add_parser("create", help="make OAR's resources so, and look whether they are", allow_abbrev=False)
    _plan_arguments(create)
    create.add_argument("--json", action="store_true", help="one JSON object instead of words")
    export = words.add_parser("export", help="what `create` would do, for others to carry out", allow_abbrev=False)
    _plan_arguments(export)
    export.add_argument(
        "--format",
        choices=_FORMATS,
        default="commands",
        help="oarnodesetting commands (default), a transaction for psql, or the new resources as OAR's API takes them",
    )


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host",
        metavar="NAME",
        nargs="+",
        action="extend",
        help="network_address in OAR; 'node[001-512]' are 512 hosts, all as the machine is (default: its host name)",
    )
    parser.add_argument(
        "--machine",
        metavar="FILE",
        help="not this machine but those of the file: recorded by `detect --json`, a CSV "
        "(host,cpus,cores,threads,memory,gpus), or Grid'5000's reference API",
    )
    parser.add_argument(
        "--granularity",
        choices=_GRANULARITIES,
        default="core",
        help="a resource for each core with all its threads (default), each thread, each GPU with its cores, or host",
    )
    parser.add_argument("--gpus", action="store_true", help="share the GPUs out among cores: properties gpu, gpudevice")
    parser.add_argument(
        "--property",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a property that each resource gets; made when OAR does not have it",
    )
    parser.add_argument(
        "--retire",
        action="store_true",
        help="resources of these hosts that are not planned are taken out of use (their state becomes Dead)",
    )
    parser.add_argument(
        "--database",
        metavar="KEY=VALUE…",
        help="OAR's database as psql takes it, such as 'host=db dbname=oar user=oar' "
        "(default: the one of /etc/oar/oar.conf; as root, a local one through its socket)",
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        default=30.0,
        help="how long the database may take (default 30 s; a second more for each thousand resources)",
    )


def run(arguments: argparse.Namespace) -> int:
    """0; `create`: 1 when the database is not as planned afterwards."""
    words = {"detect": _detect, "plan": _plan, "create": _create, "export": _export}
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

    return asked.planner(
        asked.hosts_of(arguments.machine, arguments.host, _this_machine),
        arguments.granularity,
        gpus=arguments.gpus,
        words=arguments.property,
    )


def _database(arguments: argparse.Namespace) -> tuple[Database, Mapping[str, str] | None]:
    from wizard.oar import database

    if arguments.database is not None:
        return database.named(arguments.database), None
    return database.from_configuration()


def _limit(arguments: argparse.Namespace) -> float:
    if arguments.timeout < 1:
        raise UserError(f"--timeout {arguments.timeout:g}: a second is the least that a database needs")
    limit: float = arguments.timeout
    return limit


@contextmanager
def _found(arguments: argparse.Namespace, planner: Planner) -> Iterator[tuple[Reading, list[str]]]:
    """What the server has, or an empty one would, with notes. A database that was named must be there."""
    from wizard.oar import create, read
    from wizard.oar.database import DatabaseError

    limit, notes = _limit(arguments), create.host_notes(list(planner.hosts))
    with ExitStack() as stack:
        found, why = read.nothing(planner), ""
        try:
            database, _ = _database(arguments)
        except UserError as error:  # there is no oar.conf, most often
            why = error.message
            if arguments.database is not None:
                raise
        else:
            try:
                found = stack.enter_context(read.reading(database, planner, limit=limit))
            except DatabaseError as error:
                why = error.message
                if arguments.database is not None:
                    raise
        if why:
            notes.insert(0, f"no database was reached, so this is the plan for an empty one: {why}")
        yield found, notes


def _plan(arguments: argparse.Namespace) -> int:
    from wizard.oar import create, lines

    planner = _planner(arguments)
    with _found(arguments, planner) as (found, notes):
        head = {"v": 1, "hosts": len(planner.hosts), "granularity": arguments.granularity}
        shown = (
            lines.Json(sys.stdout, head)
            if arguments.json
            else lines.Table(planner.names, planner.count, retire=arguments.retire, everything=arguments.verbose > 0)
        )
        with create.prepare(planner, found, retire=arguments.retire, see=shown.see) as prepared:
            notes += prepared.notes()
            if isinstance(shown, lines.Json):
                reached = not notes or "no database was reached" not in notes[0]
                shown.end({"missing_properties": prepared.missing, "database": reached, "notes": notes})
                return DONE
            for line in shown.lines():
                print(_safe(line))
            if prepared.missing:
                print(f"properties to add: {' '.join(prepared.missing)}")
            print(lines.totals(prepared.totals, arguments.retire))
            _tell(notes)
            create.refuse_clashes(prepared)
    return DONE


def _export(arguments: argparse.Namespace) -> int:
    from wizard.oar import create, export, properties, sql

    planner = _planner(arguments)
    with _found(arguments, planner) as (found, notes):
        form = arguments.format
        kinds = properties.types(planner.names, planner.hosts, planner.properties)
        missing = sql.missing_columns(planner.names, found.snapshot)
        writer: export.Commands | export.Api | None = None
        if form == "commands":
            writer = export.Commands(sys.stdout, missing, kinds, retire=arguments.retire)
        elif form != "sql":
            writer = export.Api(sys.stdout, form)
        see = writer.see if writer else None
        with create.prepare(planner, found, retire=arguments.retire, see=see) as prepared:
            create.refuse_clashes(prepared)
            if writer:
                writer.end()
            else:
                sys.stdout.writelines(line.decode() for line in prepared.script)
            left = prepared.totals.change + (prepared.totals.retire if arguments.retire else 0)
            if form in ("json", "yaml") and left:
                notes.append(f"{left} resources to change or to retire are not in it: OAR's API has no list for that")
            _tell(notes + prepared.notes(), error=True)
    return DONE


def _create(arguments: argparse.Namespace) -> int:
    from wizard.oar import create, hosts

    planner, limit = _planner(arguments), _limit(arguments)
    database, settings = _database(arguments)
    created = create.create(planner, database, settings, retire=arguments.retire, limit=limit)
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
        print(_safe(_done(created, hosts.short(names))))
        _tell(created.notes)
    if created.wrong:
        which = repr(names[0]) if len(names) == 1 else hosts.short(names)
        raise UserError(f"OAR's resources of {which} are not as planned", status=FAILED, hint="\n".join(created.wrong))
    return DONE


def _done(created: Created, who: str) -> str:
    done = created.totals
    retired = done.retire if created.retired else 0
    counts = [(done.add, "added"), (done.change, "changed"), (retired, "retired")]
    what = ", ".join(f"{number} {word}" for number, word in counts if number) or "nothing to do"
    return f"{who}: {done.planned} resource{'s' * (done.planned != 1)}: {what}"


def _tell(notes: list[str], *, error: bool = False) -> None:
    for note in notes:
        print(_safe(f"note: {note}"), file=sys.stderr if error else sys.stdout)


def _safe(text: str) -> str:
    """Host names and what databases say may hold anything; a terminal must not."""
    from wizard.engine.events import make_safe

    return make_safe(text.encode("utf-8", "replace"))
