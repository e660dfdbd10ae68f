"""What a server has of the planned hosts: a snapshot, and their rows one after the other from a file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from wizard.oar import hosts, properties, sql
from wizard.oar.database import Database
from wizard.oar.plan import Planner
from wizard.oar.resource import NUMBERING, Row, Sequence, Snapshot, Value


class Reading:
    """`snapshot`, and the rows behind it, to be gone through as often as one likes. `names`: the hosts it is of."""

    def __init__(self, snapshot: Snapshot, properties_: list[str], names: list[str], file: IO[bytes] | None) -> None:
        self.snapshot = snapshot
        self.names = names
        self._properties = properties_
        self._file = file
        self._start = file.tell() if file else 0
        self._numeric = [name for name in properties_ if properties.numeric(snapshot.columns.get(name, ""))]

    def hosts(self) -> Iterator[tuple[str, list[str]]]:
        """(host's name, the lines of its rows by resource_id), in the order of `names`; hosts that the server does
        not know are missing. A line is what sql.reading has COPY print."""
        if self._file is None:
            return
        self._file.seek(self._start)
        there, lines = "", list[str]()
        for raw in self._file:
            line = raw.decode("utf-8", "replace")
            place = line[: line.index("\t")]
            if place != there:
                if lines:
                    yield self.names[int(there) - 1], lines
                there, lines = place, []
            lines.append(line)
        if lines:
            yield self.names[int(there) - 1], lines

    def row(self, host: str, line: str) -> Row:
        """The row of such a line."""
        _, number, state, next_state, *texts = line[:-1].split("\t")
        found: dict[str, Value] = dict(zip(self._properties, texts, strict=True))
        if "\\" in line:
            unescaped = zip(self._properties, map(sql.uncopied, texts), strict=True)
            found = {name: text for name, text in unescaped if text is not None}
        for name in self._numeric:
            if name in found:
                found[name] = int(found[name])
        return Row(int(number), host, state, found, next_state)


def nothing(planner: Planner) -> Reading:
    """What a database that has no resource holds."""
    return Reading(Snapshot(), planner.names, [host.name for host in planner.hosts], None)


@contextmanager
def reading(database: Database, planner: Planner, *, limit: float = 30) -> Iterator[Reading]:
    """What the database has of the planner's hosts now, and of all others when these are the whole cluster. The rows go
    to a file: a million of them take no memory. DatabaseError when it is not reached, or is not OAR's; UserError when
    its columns cannot hold the plan."""
    names, planned = planner.names, [host.name for host in planner.hosts]
    for name in planned:
        hosts.check(name)
    if planner.whole:
        others = database.run(sql.vanished(planned), limit=bulk(limit, planner.count))
        planned += [json.loads(line) for line in others.splitlines()]
    with tempfile.TemporaryFile() as file:
        database.run(sql.reading(planned, names), limit=bulk(limit, planner.count), output=file)
        file.seek(0)
        found: dict[str, Any] = {}
        at = 0
        while (line := file.readline()).startswith(b"{"):
            found |= json.loads(line)
            at = file.tell()
        file.seek(at)
        columns: dict[str, str] = found.get("columns") or {}
        properties.check(properties.types(names, planner.hosts, planner.properties), columns, database.where)
        highest = {name: value for name, value in found.get("highest", {}).items() if name in NUMBERING and value}
        stale = tuple(Sequence(*one) for one in found.get("stale", ()))
        snapshot = Snapshot(columns, highest, found.get("mark", "0/0"), stale, found.get("logged") or 0)
        yield Reading(snapshot, names, planned, file)


def bulk(limit: float, resources: int) -> float:
    """The time limit for so many resources: a second more for each thousand."""
    return limit + resources / 1000
