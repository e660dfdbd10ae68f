"""From a machine to resources in a server's database: read, plan, one transaction, read back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from wizard.errors import FAILED, USAGE, UserError
from wizard.machine.model import Machine
from wizard.oar import oarnodes, server, sql
from wizard.oar.database import Database, DatabaseError
from wizard.oar.plan import Difference, Granularity, difference, plan
from wizard.oar.resource import NUMBERING, PROPERTY_TYPES, Resource, Row, Snapshot

#: SQLSTATEs that say: look again, and try again. The first is the transaction's own, the other a deadlock's.
_AGAIN = ("40001", "40P01")
#: What the columns of OAR's schema hold, in characters.
_LONGEST_ADDRESS = 100
_LONGEST_CPUSET = 255


@dataclass(frozen=True, slots=True)
class Planned:
    """A host's plan beside what the server had of it at that moment."""

    host: str
    resources: list[Resource]
    difference: Difference
    snapshot: Snapshot

    @property
    def missing(self) -> list[str]:
        """The properties that the server has no column for yet."""
        used = dict.fromkeys(name for resource in self.resources for name in resource.properties)
        return [name for name in used if name in PROPERTY_TYPES and name not in self.snapshot.columns]


@dataclass(frozen=True, slots=True)
class Created:
    """`planned`: what there was to do; `after`: how the database differs from the plan now; `wrong`: what is not as
    planned, a sentence each; `notes`: what else is worth knowing."""

    planned: Planned
    after: Difference
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_host(host: str) -> None:
    """UserError for a name that cannot be a network_address."""
    why = ""
    if not host.strip():
        why = "is empty"
    elif len(host) > _LONGEST_ADDRESS:
        why = f"has {len(host)} characters; OAR's column holds {_LONGEST_ADDRESS}"
    else:
        try:
            sql.quote(host)
        except ValueError:
            why = "holds a NUL or bytes that are not UTF-8, which no database takes"
    if why:
        raise UserError(f"the host's name {host[:40]!a} {why}", status=USAGE, hint="--host NAME gives another one")


def host_notes(host: str) -> list[str]:
    """What somebody should know who makes resources of a host with this name."""
    if oarnodes.plain(host):
        return []
    return [f"{host!a} is stored as it is, but OAR's own tools put names into SQL and shell commands unquoted"]


def make_plan(machine: Machine, host: str, granularity: Granularity, snapshot: Snapshot) -> Planned:
    """The plan beside the snapshot. UserError when OAR's columns cannot hold it."""
    check_host(host)
    resources = plan(machine, host, granularity=granularity, first=snapshot.next, rows=snapshot.rows)
    for resource in resources:
        if len(str(resource.properties["cpuset"])) > _LONGEST_CPUSET:
            raise UserError(f"a cpuset is longer than the {_LONGEST_CPUSET} characters of OAR's column")
    return Planned(host, resources, difference(resources, snapshot.rows), snapshot)


def read(database: Database, host: str, *, limit: float = 30) -> Snapshot:
    """What the database has of the host now. DatabaseError when it is not reached, or is not OAR's."""
    check_host(host)
    found: dict[str, Any] = {}
    for line in database.run(sql.reading(host), limit=limit).splitlines():
        if line.startswith("{"):
            found |= json.loads(line)
    columns: dict[str, str] = found.get("columns") or {}
    for name, kind in PROPERTY_TYPES.items():
        there = columns.get(name, "")
        if there and kind == "INT" and there not in ("integer", "bigint", "smallint"):
            raise UserError(
                f"the property {name} is of type {there} in {database.where}; a number was expected",
                status=FAILED,
                hint=f"rename it (oarproperty -r {name},{name}_old) and let it be made again",
            )
    highest = {name: value for name, value in found.get("highest", {}).items() if name in NUMBERING and value}
    rows = tuple(_row(row) for row in found.get("rows", ()))
    return Snapshot(columns, highest, rows, found.get("mark", ""))


def _row(columns: Mapping[str, Any]) -> Row:
    properties = {
        name: value if isinstance(value, int) and not isinstance(value, bool) else str(value)
        for name, value in columns.items()
        if value is not None
    }
    return Row(columns["resource_id"], columns["network_address"], columns["state"], properties)


def statements(planned: Planned) -> str:
    """The transaction that carries the plan out; "" when there is nothing to do. UserError when rows are in the way."""
    refuse_clashes(planned)
    if not planned.difference.to_do:
        return ""
    return sql.transaction(planned.host, planned.difference, planned.snapshot)


def refuse_clashes(planned: Planned) -> None:
    """UserError when rows of the host hold planned processors in another way: nothing is removed here."""
    clashes = planned.difference.clashes
    if clashes:
        ids = [str(row.resource_id) for row in clashes]
        which = "; ".join(
            f"resource {row.resource_id} has cpuset {row.properties.get('cpuset')}" for row in clashes[:5]
        )
        raise UserError(
            f"{planned.host!a} has resources that share processors with the plan: {which}"
            + (f"; and {len(clashes) - 5} more" if len(clashes) > 5 else ""),
            status=FAILED,
            hint="the other --granularity may be what they were made with; to remove them:\n"
            + "\n".join(f"oarnodesetting -r {number} -s Dead && oarremoveresource {number}" for number in ids[:5]),
        )


def create(
    machine: Machine,
    host: str,
    database: Database,
    settings: Mapping[str, str] | None,
    *,
    granularity: Granularity = "core",
    limit: float = 30,
) -> Created:
    """Bring the server's resources of this host to the plan, and look whether they are.

    `settings`: what oar.conf says, None when the database is not that one: then there is no server to tell and no
    oarnodes to ask. `limit`: seconds for each conversation with the database, and how long to try again while others
    create at the same time. UserError when it was not reached or
    refused; then nothing is changed.
    """
    notes = host_notes(host)
    planned, output = _carry_out(machine, host, database, granularity, limit)
    for line in output.splitlines():
        if line.startswith("{"):
            repaired = json.loads(line)
            notes.append(
                f"the sequence of {repaired['repaired']} was at {repaired['from']}, behind its table: "
                f"now at {repaired['to']}"
            )
    changed = planned.difference.to_do
    after = difference(planned.resources, read(database, host, limit=limit).rows)
    wrong = _wrong(after)
    if settings is not None:
        if changed and (untold := server.notify(settings)):
            notes.append(untold)
        if not wrong and oarnodes.plain(host) and oarnodes.command():
            try:
                wrong += oarnodes.differences(after.entries, oarnodes.ask(host, limit=limit))
            except RuntimeError as error:
                wrong.append(f"the rows are in the database, but {error}")
    return Created(planned, after, wrong, notes)


def _carry_out(
    machine: Machine, host: str, database: Database, granularity: Granularity, limit: float
) -> tuple[Planned, str]:
    """The plan that was carried out, and what the database said to it."""
    end = time.monotonic() + limit
    for attempt in count(1):
        planned = make_plan(machine, host, granularity, read(database, host, limit=limit))
        todo = statements(planned)
        if not todo:
            return planned, ""
        try:
            return planned, database.run(todo, limit=limit)
        except DatabaseError as error:
            if error.sqlstate not in _AGAIN or time.monotonic() > end:
                raise
            _wait(attempt)
    raise AssertionError("the loop has no end of its own")


def _wait(attempt: int) -> None:
    import random

    # Somebody else was quicker: not in step with them again. One of many rivals goes on each time, so wait longer.
    time.sleep(random.uniform(0, min(0.05 * attempt, 0.5)))


def _wrong(after: Difference) -> list[str]:
    said = []
    for entry in after.entries:
        cpuset = entry.resource.properties["cpuset"]
        if entry.row is None:
            said.append(f"the resource with cpuset {cpuset} is not in the database")
        for name, (there, value) in entry.changes.items():
            said.append(f"{name} of the resource with cpuset {cpuset} is {there}, not {value}")
    for row in after.extra:
        said.append(
            f"resource {row.resource_id} (cpuset {row.properties.get('cpuset')}, {row.state}) is not of this machine; "
            f"to remove it: oarnodesetting -r {row.resource_id} -s Dead && oarremoveresource {row.resource_id}"
        )
    return said
