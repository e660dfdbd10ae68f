"""Who sits at which console: processes, known again although numbers of processes are used again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What reading a state may raise that somebody else wrote.
DAMAGED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Member:
    """A process at a console. `start`: when it started, in the kernel's ticks: numbers of processes come again."""

    console: str
    pid: int
    start: int

    @property
    def alive(self) -> bool:
        return started(self.pid) == self.start


def this_process(keyboard: int = 0) -> Member:
    """Us, at the console that descriptor is."""
    try:
        console = os.ttyname(keyboard).removeprefix("/dev/")
    except OSError:
        console = f"another terminal (process {os.getpid()})"
    return Member(console, os.getpid(), started(os.getpid()) or 0)


def started(pid: int) -> int | None:
    """When that process started, in ticks since the machine did (proc(5)); None when it is gone, or only waits to be
    taken note of."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name, in brackets, may hold anything: what counts is behind the last one.
    fields = text.rpartition(b")")[2].split()
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def member_of(entry: Any) -> Member | None:
    """The member that a state has there; None for what is none."""
    try:
        return Member(str(entry["console"]), int(entry["pid"]), int(entry["start"]))
    except DAMAGED:
        return None


def members_of(state: dict[str, Any]) -> list[Member]:
    """All of them who were there when the state was written."""
    found = state.get("members")
    return [one for entry in (found if isinstance(found, list) else []) if (one := member_of(entry)) is not None]


def owner_of(state: dict[str, Any]) -> Member | None:
    """Who answered last; it may have been killed."""
    return member_of(state.get("owner"))


def leader_of(state: dict[str, Any]) -> Member | None:
    """The process without a console that leads, if one does."""
    leader = member_of(state.get("leader"))
    return leader if leader is not None and leader.alive else None


def answering(state: dict[str, Any]) -> Member | None:
    """Who answers: the owner; when that one is dead, of the consoles that live the one that came first. So everybody
    knows at once who does, without a word: the dead do not come back, and who comes is the last."""
    owner, leader = owner_of(state), leader_of(state)
    if owner is None or owner.alive:
        return owner
    return next((one for one in members_of(state) if one != leader and one.alive), None)
