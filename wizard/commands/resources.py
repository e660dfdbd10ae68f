"""`kameleon-tui resources`: what this machine is made of, what OAR would get of it, and doing that."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.arguments import seconds
from wizard.errors import DONE, FAILED, MACHINE, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wizard.machine.model import Machine
    from wizard.oar.create import Created, Planned
    from wizard.oar.database import Database
    from wizard.oar.plan import Entry

NAME = "resources"
HELP = "what OAR gets of this machine: detect, plan, create"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="word", required=True, metavar="detect|plan|create", title="what to do")

    detect = words.add_parser("detect", help="what this machine is made of, and what is left out", allow_abbrev=False)
    detect.add_argument("--json", action="store_true", help="one JSON object, which --machine takes")
    detect.add_argument("--machine", metavar="FILE", help="show this recorded machine (detect --json) instead")

    plan = words.add_parser(
        "plan", help="what OAR would get, and how that differs from what it has", allow_abbrev=False
    )
    _plan_arguments(plan)
    plan.add_argument("--sql", action="store_true", help="the statements that `create` would carry out")

    create = words.add_parser("create", help="make OAR's resources so, and look whether they are", allow_abbrev=False)
    _plan_arguments(create)


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--host", metavar="NAME", help="its network_address in OAR (default: the machine's host name)")
    parser.add_argument(
        "--granularity",
        choices=("core", "thread"),
        default="core",
        help="a resource for each core with all its threads (default), or for each thread",
    )
    parser.add_argument("--machine", metavar="FILE", help="a machine recorded by `detect --json`, instead of this one")
    parser.add_argument(
        "--database",
        metavar="KEY=VALUE…",
        help="OAR's database as psql takes it, such as 'host=db dbname=oar user=oar' "
        "(default: the one of /etc/oar/oar.conf; as root, a local one through its socket)",
    )
    parser.add_argument(
        "--timeout", type=seconds, metavar="S", default=30.0, help="how long the database may take (default 30 s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """0; `create`: 1 when the database is not as planned afterwards."""
    words = {"detect": _detect, "plan": _plan, "create": _create}
    return words[arguments.word](arguments)


def _machine(arguments: argparse.Namespace) -> Machine:
    from wizard.machine.detect import detect
    from wizard.machine.model import Machine

    if not arguments.machine:
        try:
            return detect()
        except ValueError as error:
            raise UserError(
                f"this machine cannot be detected: {error}",
                status=MACHINE,
                hint="--machine FILE takes one that `resources detect --json` recorded elsewhere",
            ) from error
    try:
        text = Path(arguments.machine).read_text(encoding="utf-8")
        return Machine.from_json(json.loads(text))
    except OSError as error:
        raise UserError(f"{arguments.machine}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, not a machine
        raise UserError(
            f"{arguments.machine}: {error}", hint="kameleon-tui resources detect --json writes such a file"
        ) from error


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


def _detect(arguments: argparse.Namespace) -> int:
    machine = _machine(arguments)
    if arguments.json:
        print(json.dumps(machine.to_json()))
    else:
        print(_safe("\n".join(_tree(machine))))
    return DONE


def _tree(machine: Machine) -> list[str]:
    from wizard.machine.numbers import format_list

    count = [
        f"{number} {word}" + "s" * (number != 1)
        for number, word in (
            (len(machine.packages), "package"),
            (machine.cores, "core"),
            (len(machine.threads), "thread"),
        )
    ]
    lines = [f"{machine.hostname or '(no host name)'}: {', '.join(count)}, {_size(machine.memory_kb)} of memory"]
    for package in machine.packages:
        lines.append(f"  package {package.package}")
        lines += [
            f"    core {core.core:<4} processor{'s' if len(core.threads) > 1 else ' '} {format_list(core.threads)}"
            + (f"  (die {core.die})" if core.die else "")
            for core in package.cores
        ]
    for node in machine.nodes:
        lines.append(f"  NUMA node {node.node}: processors {format_list(node.threads)}, {_size(node.memory_kb)}")
    reasons = {"offline": "offline", "restricted": "this process may not use it (taskset, cgroup or container)"}
    for why in dict.fromkeys(left.why for left in machine.left_out):
        which = format_list(left.processor for left in machine.left_out if left.why == why)
        lines.append(f"  left out: processor {which}: {reasons.get(why, why)}")
    return lines


def _size(kilobytes: int) -> str:
    return f"{kilobytes / 1024 / 1024:.1f} GiB" if kilobytes else "an unknown amount"


def _plan(arguments: argparse.Namespace) -> int:
    from wizard.oar import create
    from wizard.oar.resource import Snapshot

    machine, limit = _machine(arguments), _limit(arguments)
    host = machine.hostname if arguments.host is None else arguments.host
    create.check_host(host)
    snapshot, unreached = Snapshot(), ""
    try:
        database, _ = _database(arguments)
        snapshot = create.read(database, host, limit=limit)
    except UserError as error:
        if arguments.database is not None:
            raise
        unreached = error.message
    planned = create.make_plan(machine, host, arguments.granularity, snapshot)
    notes = create.host_notes(host)
    if unreached:
        notes.insert(0, f"no database was reached, so this is the plan for an empty one: {unreached}")
    if arguments.sql:
        print(create.statements(planned), end="")
        _tell(notes, sys.stderr)
        return DONE
    if arguments.json:
        print(json.dumps(_as_json(planned, arguments.granularity) | {"database": not unreached, "notes": notes}))
        return DONE
    print(_safe("\n".join(_table(planned))))
    _tell(notes, sys.stdout)
    create.refuse_clashes(planned)
    return DONE


def _create(arguments: argparse.Namespace) -> int:
    from wizard.oar import create

    machine, limit = _machine(arguments), _limit(arguments)
    host = machine.hostname if arguments.host is None else arguments.host
    database, settings = _database(arguments)
    created = create.create(machine, host, database, settings, granularity=arguments.granularity, limit=limit)
    if arguments.json:
        value = _as_json(created.planned, arguments.granularity)
        print(json.dumps(value | {"ok": not created.wrong, "wrong": created.wrong, "notes": created.notes}))
    elif not arguments.quiet:
        print(_safe(_done(created, host)))
        _tell(created.notes, sys.stdout)
    if created.wrong:
        raise UserError(f"OAR's resources of {host!a} are not as planned", status=FAILED, hint="\n".join(created.wrong))
    return DONE


def _done(created: Created, host: str) -> str:
    change = created.planned.difference
    counts = [(len(change.of("add")), "added"), (len(change.of("change")), "changed")]
    what = ", ".join(f"{number} {word}" for number, word in counts if number) or "nothing to do"
    number = len(created.planned.resources)
    return f"{host}: {number} resource{'s' * (number != 1)}: {what}"


def _tell(notes: list[str], stream: Any) -> None:
    for note in notes:
        print(_safe(f"note: {note}"), file=stream)


def _safe(text: str) -> str:
    """Host names and what databases say may hold anything; a terminal must not."""
    from wizard.engine.events import make_safe

    return make_safe(text.encode("utf-8", "replace"))


def _table(planned: Planned) -> list[str]:
    names = list(planned.resources[0].properties)
    rows = [("", "id", *names)]
    for entry in planned.difference.entries:
        values = [_cell(entry, name) for name in names]
        rows.append((entry.action, str(entry.row.resource_id) if entry.row else "-", *values))
    for row in planned.difference.extra:
        values = [str(row.properties.get(name, "-")) for name in names]
        rows.append(("extra", str(row.resource_id), *values))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if planned.missing:
        lines.append(f"properties to add: {' '.join(planned.missing)}")
    change = planned.difference
    counts = [
        (len(change.of("add")), "to add"),
        (len(change.of("change")), "to change"),
        (len(change.of("same")), "as planned"),
        (len(change.extra), "not of this machine"),
    ]
    lines.append("; ".join(f"{number} {word}" for number, word in counts if number))
    return lines


def _cell(entry: Entry, name: str) -> str:
    value = str(entry.resource.properties[name])
    if name not in entry.changes:
        return value
    there = entry.changes[name][0]
    return f"{'-' if there is None else there} -> {value}"


def _as_json(planned: Planned, granularity: str) -> dict[str, Any]:
    """What --json prints, without what only `plan` (database, notes) or `create` (ok, wrong, notes) add."""
    change = planned.difference
    return {
        "v": 1,
        "host": planned.host,
        "granularity": granularity,
        "resources": [
            {
                "action": entry.action,
                "resource_id": entry.row.resource_id if entry.row else None,
                "network_address": entry.resource.network_address,
                "properties": dict(entry.resource.properties),
                "changes": {name: list(pair) for name, pair in entry.changes.items()},
            }
            for entry in change.entries
        ],
        "extra": [
            {
                "resource_id": row.resource_id,
                "cpuset": row.properties.get("cpuset"),
                "state": row.state,
                "clashes": row in change.clashes,
            }
            for row in change.extra
        ],
        "missing_properties": planned.missing,
    }
