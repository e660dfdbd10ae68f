"""What the screen of resources works on: one look after the other at what a server has, and carrying a plan out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from wizard.errors import UserError
from wizard.oar import create, hosts, lines, sql, tree
from wizard.oar.create import Created
from wizard.oar.database import Database
from wizard.oar.difference import Difference, Totals, differences
from wizard.oar.plan import Planner
from wizard.oar.reach import Found


@dataclass
class Look:
    """What was found: each host's difference, with its own counts. `seconds`: how long the look took."""

    hosts: list[tuple[Difference, Totals]] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reached: bool = False
    clashes: int = 0
    seconds: float = 0.0

    def to_do(self, retire: bool) -> bool:
        return bool(self.totals.add or self.totals.change or (retire and self.totals.retire))

    def nodes(self, retire: bool) -> list[tree.Node]:
        """The tree, a node a host."""
        return [tree.host(one, count, retire=retire) for one, count in self.hosts]


@dataclass
class Resources:
    """`reach` gives what the server has of a planner's hosts, `database` the server for changes; both may raise
    UserError. `retire`: what is not planned is taken out of use."""

    planner: Planner
    reach: Callable[[Planner], AbstractContextManager[Found]]
    database: Callable[[], tuple[Database, Mapping[str, str] | None]]
    limit: float = 30.0
    retire: bool = False

    @property
    def names(self) -> str:
        """The hosts, shortly."""
        return hosts.short([host.name for host in self.planner.hosts])

    def look(self) -> Look:
        """What there is to do now. Nothing of it is shared with another look: each may have a thread of its own."""
        began = time.monotonic()
        planner, found = replace(self.planner), Look()
        with self.reach(planner) as there:
            snapshot = there.reading.snapshot
            planner.start(snapshot.next)
            found.reached = there.reached
            found.missing = sql.missing_columns(planner.names, snapshot)
            for one in differences(planner, there.reading):
                count = Totals()
                count.count(one)
                found.totals += count
                found.clashes += len(one.clashes)
                one.lines = None  # the words of COPY for a host's new rows: its entries are made when it is opened
                found.hosts.append((one, count))
            found.notes = there.notes + create.sequence_notes(snapshot) + create.dead_notes(found.totals)
        found.seconds = time.monotonic() - began
        return found

    def words(self, look: Look) -> str:
        """What there is to do, in one line."""
        return lines.totals(look.totals, self.retire)

    def refused(self, look: Look) -> str:
        """Why that cannot be carried out, in sentences; "" when it can."""
        if not look.reached:
            return look.notes[0]
        if look.clashes and not self.retire:
            return (
                f"{look.clashes} resources that OAR has share processors with what is planned: two jobs would get "
                "them. The other --granularity may be what they were made with; else let them be retired (t)."
            )
        return "" if look.to_do(self.retire) else "There is nothing to do: all is as planned."

    def create(self) -> Created:
        """Carry out what there is to do then. UserError when it was not done."""
        database, settings = self.database()
        planner = replace(self.planner)
        return create.create(planner, database, settings, retire=self.retire, limit=self.limit)

    def told(self, created: Created) -> str:
        """What was done, in one line."""
        return lines.done(created.totals, created.retired, self.names)


def shown(error: UserError) -> str:
    """The error as text to read."""
    return f"{error.message}\n{error.hint}".strip()
