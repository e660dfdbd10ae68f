"""From machines to resources in a server's database: read, prepare, one transaction, read back."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import IO

from wizard.errors import FAILED, UserError
from wizard.oar import oarnodes, properties, server, sql
from wizard.oar.database import Database, DatabaseError
from wizard.oar.difference import Difference, Extra, Totals, differences
from wizard.oar.plan import Planner
from wizard.oar.read import Reading, bulk, reading
from wizard.oar.resource import Host, Row, Snapshot

#: SQLSTATEs that say: look again, and try again. The first is the transaction's own, the other a deadlock's.
_AGAIN = ("40001", "40P01")
#: What the column of OAR's schema holds, in characters.
_LONGEST_CPUSET = 255
#: So many of a kind are told one by one; and so many hosts are looked up with OAR's own tool, which takes seconds.
_TOLD = 20
_ASKED = 4


@dataclass
class Prepared:
    """What there is to do, and the script that does it. `extra`: the first rows of the hosts that are not planned."""

    totals: Totals
    snapshot: Snapshot
    missing: list[str]
    script: IO[bytes]
    clashes: list[tuple[str, Row]] = field(default_factory=list)
    extra: list[Extra] = field(default_factory=list)
    retire: bool = False

    @property
    def to_do(self) -> bool:
        return bool(self.totals.add or self.totals.change or (self.retire and self.totals.retire))

    def notes(self) -> list[str]:
        """What somebody should know of the server as it is."""
        return sequence_notes(self.snapshot) + dead_notes(self.totals)


@dataclass(frozen=True, slots=True)
class Created:
    """`totals`: what was done; `missing`: the properties that were added; `wrong`: what is not as planned, a sentence
    each; `notes`: what else is worth knowing."""

    totals: Totals
    missing: list[str] = field(default_factory=list)
    retired: bool = False
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sequence_notes(snapshot: Snapshot) -> list[str]:
    """What somebody should know of sequences that are behind their tables."""
    return [
        f"the sequence of {one.table} is at {one.was}, behind its table ({one.highest}): the next row of OAR's own "
        f"tools would overwrite another one. `resources create` repairs it when it adds; by hand: {one.statement}"
        for one in snapshot.stale
    ]


def dead_notes(totals: Totals) -> list[str]:
    """What somebody should know of resources that are planned and retired."""
    if not totals.dead:
        return []
    are = f"{totals.dead} planned resource{'s are' if totals.dead > 1 else ' is'}"
    return [f"{are} Dead: OAR gives no job to what somebody took out of use; to give it back: oarnodesetting -s Alive"]


def host_notes(hosts: list[Host]) -> list[str]:
    """What somebody should know who makes resources of hosts with these names."""
    odd = [host.name for host in hosts if not oarnodes.plain(host.name)]
    if not odd:
        return []
    more = f" (and {len(odd) - 1} more names)" if len(odd) > 1 else ""
    return [f"{odd[0]!a}{more} is stored as it is, but OAR's own tools put names into SQL and shell commands unquoted"]


def address_notes(hosts: list[Host]) -> list[str]:
    """What somebody should know whose server cannot find its nodes; the first hosts stand for all."""
    lost = server.unknown([host.name for host in hosts[:_TOLD] if oarnodes.plain(host.name)])
    if not lost:
        return []
    more = f" (and of {len(lost) - 1} more names)" if len(lost) > 1 else ""
    return [f"this machine knows no address of {lost[0]}{more}, by which OAR's server reaches its nodes: "
            f"a line `ADDRESS {lost[0]}` in /etc/hosts tells it"]  # fmt: skip


@contextmanager
def prepare(
    planner: Planner, found: Reading, *, retire: bool = False, see: Callable[[Difference], None] | None = None
) -> Iterator[Prepared]:
    """Compare what is planned with what was found, and write the script of the transaction, a host at a time: memory
    does not grow with the hosts. `see` gets each host's difference. UserError when OAR's columns cannot hold the plan.
    """
    names, snapshot = planner.names, found.snapshot
    kinds = properties.types(names, planner.hosts, planner.properties)
    planner.start(snapshot.next)
    totals, changed = Totals(), set[str]()
    with tempfile.TemporaryFile() as script, tempfile.TemporaryFile() as adding, tempfile.TemporaryFile() as changing:
        prepared = Prepared(totals, snapshot, sql.missing_columns(names, snapshot), script, retire=retire)
        for one in differences(planner, found):
            totals.count(one)
            before = sql.added(one.host.name)
            if one.lines is not None:
                _check_cpuset(one.host.name, planner.layout(one.host).longest, planner)
                adding.writelines((before + line).encode() for line in one.lines)
            for resource, row, changes in one.entries if one.lines is None and not one.same else ():
                if row is None:
                    _check_cpuset(one.host.name, str(resource.properties["cpuset"]), planner)
                    cells = (sql.added_cell(name, resource.properties.get(name)) for name in names)
                    adding.write((before + "\t".join(cells) + "\n").encode())
                for name, (_, value) in changes.items():
                    changed.add(name)
                    changing.write(sql.copied((row.resource_id if row else 0, name, value)).encode())
            if one.extra:
                prepared.clashes += [(one.host.name, row) for row in one.clashes][: _TOLD - len(prepared.clashes)]
                prepared.extra += one.extra[: _TOLD - len(prepared.extra)]
                if retire:
                    for extra in one.to_retire:
                        changing.write(sql.copied((extra.row.resource_id, "", "")).encode())
            if see:
                see(one)
        if prepared.to_do:
            script.write(sql.opening(found.names, names, kinds, snapshot, totals.add).encode())
            if totals.add:
                _append(script, adding)
                indexing = sql.anew(names, snapshot, totals.add)
                script.write(sql.log_of_added(names, indexing=indexing).encode())
            if changing.tell():
                script.write(sql.CHANGING.encode())
                _append(script, changing)
                ordered = [name for name in names if name in changed]
                script.writelines(text.encode() for text in sql.changes(ordered, kinds, snapshot.columns))
            script.write(b"\nCOMMIT;\n")
        script.seek(0)
        yield prepared


def _append(script: IO[bytes], lines: IO[bytes]) -> None:
    lines.seek(0)
    shutil.copyfileobj(lines, script, 1 << 20)
    script.write(b"\\.\n")


def _check_cpuset(host: str, cpuset: str, planner: Planner) -> None:
    if len(cpuset) <= _LONGEST_CPUSET:
        return
    raise UserError(
        f"{host}: a cpuset is longer than the {_LONGEST_CPUSET} characters of OAR's column",
        hint="OAR takes no ranges in it, so that about 70 processors fit: --granularity core gives each core its own"
        if planner.granularity != "core"
        else "",
    )


def refuse_clashes(prepared: Prepared) -> None:
    """UserError when rows hold planned processors in another way, and nobody said that they may be retired."""
    clashes = prepared.clashes
    if not clashes or prepared.retire:
        return
    which = "; ".join(f"resource {row.resource_id} has cpuset {row.properties.get('cpuset')}" for _, row in clashes[:5])
    more = "; and more" if len(clashes) > 5 else ""
    raise UserError(
        f"{clashes[0][0]!a} has resources that share processors with the plan: {which}{more}",
        status=FAILED,
        hint="the other --granularity may be what they were made with; --retire takes them out of use; by hand:\n"
        + "\n".join(
            f"oarnodesetting -r {row.resource_id} -s Dead && oarremoveresource {row.resource_id}"
            for _, row in clashes[:5]
        ),
    )


def create(
    planner: Planner,
    database: Database,
    settings: Mapping[str, str] | None,
    *,
    retire: bool = False,
    limit: float = 30,
) -> Created:
    """Bring the server's resources of these hosts to the plan, and look whether they are.

    `settings`: what oar.conf says, None when the database is not that one: then there is no server to tell and no
    oarnodes to ask. `retire`: rows of the hosts that are not planned are taken out of use, as `oarnodesetting -s Dead`
    does. `limit`: seconds for each conversation with the database (a second more for each thousand resources), and how
    long to try again while others create at the same time. UserError when it was not reached or refused; then nothing
    is changed.
    """
    created = _carry_out(planner, database, retire, limit)
    changed = created.totals.add or created.totals.change or (retire and created.totals.retire)
    notes, wrong = created.notes, created.wrong
    if settings is not None and changed:
        if untold := server.notify(settings):
            notes.append(untold)
        notes.extend(address_notes(list(planner.hosts)))
    shown: list[Difference] = []
    with reading(database, planner, limit=limit) as found:
        planner.start(found.snapshot.next)
        for one in differences(planner, found):
            if len(wrong) < _TOLD and not one.same:
                wrong.extend(_wrong(one)[: _TOLD - len(wrong)])
            if len(shown) < _ASKED and one.entries and oarnodes.plain(one.host.name):
                shown.append(one)
    if settings is not None and not wrong and oarnodes.command():
        for one in shown:
            try:
                wrong += oarnodes.differences(one.entries, oarnodes.ask(one.host.name, limit=limit))
            except RuntimeError as error:
                wrong.append(f"the rows are in the database, but {error}")
                break
        if len(planner.hosts) > len(shown) > 0:
            notes.append(f"oarnodes was asked about {len(shown)} of the {len(planner.hosts)} hosts")
    return created


def _carry_out(planner: Planner, database: Database, retire: bool, limit: float) -> Created:
    """What was done, not yet looked at."""
    end = time.monotonic() + limit
    for attempt in count(1):
        with (
            reading(database, planner, limit=limit) as found,
            prepare(planner, found, retire=retire) as prepared,
        ):
            refuse_clashes(prepared)
            created = Created(prepared.totals, prepared.missing, retire, [], host_notes(list(planner.hosts)))
            if not prepared.to_do:
                created.notes.extend(prepared.notes())
                return created
            try:
                output = database.run(prepared.script, limit=bulk(limit, planner.count))
            except DatabaseError as error:
                if error.sqlstate not in _AGAIN or time.monotonic() > end:
                    raise
            else:
                created.notes.extend([*_repaired(output), *dead_notes(prepared.totals)])
                return created
        _wait(attempt)
    raise AssertionError("the loop has no end of its own")


def _repaired(output: str) -> Iterator[str]:
    for line in output.splitlines():
        if line.startswith("{"):
            one = json.loads(line)
            yield f"the sequence of {one['repaired']} was at {one['from']}, behind its table: now at {one['to']}"


def _wait(attempt: int) -> None:
    import random

    # Somebody else was quicker: not in step with them again. One of many rivals goes on each time, so wait longer.
    time.sleep(random.uniform(0, min(0.05 * attempt, 0.5)))


def _wrong(after: Difference) -> list[str]:
    said = []
    of = f" of {after.host.name!a}"
    for entry in after.entries:
        cpuset = entry.resource.properties["cpuset"]
        if entry.row is None:
            said.append(f"the resource{of} with cpuset {cpuset} is not in the database")
        for name, (there, value) in entry.changes.items():
            said.append(f"{name} of the resource{of} with cpuset {cpuset} is {there}, not {value}")
    for extra in after.to_retire:
        row = extra.row
        said.append(
            f"resource {row.resource_id}{of} (cpuset {row.properties.get('cpuset')}, {row.state}) is not planned: "
            f"{extra.why}; --retire takes it out of use; to remove it: "
            f"oarnodesetting -r {row.resource_id} -s Dead && oarremoveresource {row.resource_id}"
        )
    return said
