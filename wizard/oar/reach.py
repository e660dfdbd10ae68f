"""The database that somebody asks for, and what it holds of a plan's hosts; an empty one where none can be had."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from wizard.errors import MACHINE, UserError
from wizard.oar import create, database, read
from wizard.oar.database import Database, DatabaseError
from wizard.oar.plan import Planner

#: SQLSTATEs of a server that has not come so far: no answer, no table.
_NOT_YET = ("", "42P01")


@dataclass(frozen=True, slots=True)
class Found:
    """`reached`: it is a database's reading; `notes`: what somebody should know of it."""

    reading: read.Reading
    reached: bool
    notes: list[str]


def database_of(named: str | None) -> tuple[Database, Mapping[str, str] | None]:
    """The database of this connection string; of oar.conf, with what that says, when it is None."""
    if named is not None:
        return database.named(named), None
    return database.from_configuration()


def created(planner: Planner, named: str | None, *, retire: bool, limit: float, wait: float) -> create.Created:
    """`create.create` in that database, tried again for `wait` seconds while it is not reached or lacks OAR's tables:
    for a server that is being started."""
    end = time.monotonic() + wait
    while True:
        try:
            return create.create(planner, *database_of(named), retire=retire, limit=limit)
        except DatabaseError as error:
            if error.sqlstate not in _NOT_YET or error.status == MACHINE or not wait:
                raise
            if time.monotonic() > end:
                message = f"{error.message} (waited for {wait:g} s)"
                raise DatabaseError(message, sqlstate=error.sqlstate, status=error.status, hint=error.hint) from None
        # A look takes 0.2 s of an emulated processor, from what makes those tables.
        time.sleep(0.7)


@contextmanager
def found(planner: Planner, named: str | None, *, limit: float) -> Iterator[Found]:
    """What the server has, or an empty one would, with notes. A database that was named must be there: UserError."""
    notes = create.host_notes(list(planner.hosts))
    with ExitStack() as stack:
        reading, why = read.nothing(planner), ""
        try:
            asked, _ = database_of(named)
        except UserError as error:  # there is no oar.conf, most often
            why = error.message
            if named is not None:
                raise
        else:
            try:
                reading = stack.enter_context(read.reading(asked, planner, limit=limit))
            except DatabaseError as error:
                why = error.message
                if named is not None:
                    raise
        if why:
            notes.insert(0, f"no database was reached, so this is the plan for an empty one: {why}")
        yield Found(reading, not why, notes)
