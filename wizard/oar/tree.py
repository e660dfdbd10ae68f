"""A difference as a tree: hosts, packages, cores and threads, each with a mark for what would be done with it. Pure.

`+` what is added, `~` what changes, `-` what OAR has and the plan has not, `=` what is as planned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

from wizard.machine.lines import counts
from wizard.machine.model import Core, Machine
from wizard.machine.numbers import format_list
from wizard.oar import lines
from wizard.oar.difference import Difference, Entry, Extra, Totals

Mark: TypeAlias = Literal["+", "~", "-", "="]

_MARKS: dict[str, Mark] = {"add": "+", "change": "~", "same": "="}


class Node:
    """`key` is the same in every look at the same thing; `note`: what would be done, or why, in a few words; `facts`:
    all about it, a line each. What is `below` is made when somebody asks, and is kept."""

    __slots__ = ("_below", "_make", "facts", "key", "leaf", "mark", "note", "title")

    def __init__(
        self,
        key: tuple[str, ...],
        mark: Mark,
        title: str,
        note: str = "",
        facts: Sequence[str] = (),
        make: Callable[[], list[Node]] | None = None,
    ) -> None:
        self.key, self.mark, self.title, self.note, self.facts = key, mark, title, note, facts
        self.leaf = make is None
        self._make = make
        self._below: list[Node] | None = None

    @property
    def below(self) -> list[Node]:
        if self._below is None:
            self._below = self._make() if self._make else []
        return self._below


def host(one: Difference, count: Totals, *, retire: bool) -> Node:
    """The tree of a host's difference; `count` is that of this host alone."""
    facts = [f"host {one.host.name}"]
    if one.host.machine.packages:
        facts.append(counts(one.host.machine))
    else:
        facts.append("the plan has no such host")
    facts.append(lines.totals(count, retire))
    name = one.host.name
    return Node((name,), _of_host(count), name, lines.totals(count, retire), facts, lambda: _parts(one, retire))


def _of_host(count: Totals) -> Mark:
    """What is retired already is no difference."""
    if count.same == count.planned and not (count.retire and count.planned):
        return "-" if count.retire else "="
    if count.planned == count.add and not count.retire:
        return "+"
    return "~"


class _Piece(NamedTuple):
    """The resource that some processors are, and its place in the tree."""

    level: Literal["thread", "core", "gpu", "host"]
    entry: Entry
    why: str


def _parts(one: Difference, retire: bool) -> list[Node]:
    """What is below a host."""
    known = any(entry.row for entry in one.entries) or bool(one.extra)
    pieces = {entry.resource.processors: _Piece(_level(entry), entry, lines.why(entry, known)) for entry in one.entries}
    levels = {piece.level for piece in pieces.values()}
    key = (one.host.name,)
    found: list[Node] = []
    if levels & {"gpu", "host"}:
        for processors, piece in pieces.items():
            found.append(_whole(key, piece, processors, one.host.machine))
    else:
        found += _packages(key, one.host.machine, pieces)
    return found + [_extra(key, extra, retire) for extra in one.extra]


def _level(entry: Entry) -> Literal["thread", "core", "gpu", "host"]:
    properties = entry.resource.properties
    if "thread" in properties:
        return "thread"
    if "core" in properties:
        return "core"
    return "gpu" if "gpu" in properties else "host"


def _packages(key: tuple[str, ...], machine: Machine, pieces: dict[frozenset[int], _Piece]) -> Iterator[Node]:
    for package in machine.packages:
        of_package = (*key, f"package {package.package}")
        cores = [_core(of_package, core, pieces) for core in package.cores]
        mine = [piece for processors, piece in pieces.items() if processors <= set(package.threads)]
        numbers = {piece.entry.resource.properties.get("cpu") for piece in mine}
        cpu = f": cpu {numbers.pop()}" if len(numbers) == 1 else ""
        count = _count(piece.entry for piece in mine)
        title = f"package {package.package}{cpu}"
        facts = [title, f"{len(package.cores)} cores, processors {format_list(package.threads)}", count]
        yield Node(of_package, _joint(cores), title, count, facts, partial(list, cores))


def _core(key: tuple[str, ...], core: Core, pieces: dict[frozenset[int], _Piece]) -> Node:
    of_core = (*key, f"core {core.die} {core.core}")
    piece = pieces.get(frozenset(core.threads))
    title = f"core {core.core}"
    if piece is not None and piece.level == "core":
        return _resource(of_core, piece, title, lambda: _threads(of_core, core.threads, _MARKS[piece.entry.action]))
    threads = []
    for thread in core.threads:
        of_thread = pieces.get(frozenset((thread,)))
        where = (*of_core, f"thread {thread}")
        if of_thread is not None:
            threads.append(_resource(where, of_thread, f"thread {thread}", None))
    count = _count(pieces[frozenset((thread,))].entry for thread in core.threads if frozenset((thread,)) in pieces)
    facts = [title, f"processors {format_list(core.threads)}", count]
    return Node(of_core, _joint(threads), title, count, facts, lambda: threads)


def _threads(key: tuple[str, ...], threads: Iterable[int], mark: Mark) -> list[Node]:
    return [
        Node((*key, f"thread {thread}"), mark, f"thread {thread}", facts=[f"thread {thread}, one of its resource's"])
        for thread in threads
    ]


def _whole(key: tuple[str, ...], piece: _Piece, processors: frozenset[int], machine: Machine) -> Node:
    """A GPU with its cores, or the whole machine."""
    device = piece.entry.resource.properties.get("gpudevice")
    title = "the whole machine" if piece.level == "host" else f"GPU {device}"
    mine = (*key, title)
    mark = _MARKS[piece.entry.action]

    def cores() -> list[Node]:
        found = []
        for package in machine.packages:
            for core in package.cores:
                if processors.issuperset(core.threads):
                    of_core = (*mine, f"package {package.package}", f"core {core.die} {core.core}")
                    name = f"package {package.package}, core {core.core}"
                    found.append(Node(of_core, mark, name, "", [name], partial(_threads, of_core, core.threads, mark)))
        return found

    return _resource(mine, piece, title, cores)


def _resource(key: tuple[str, ...], piece: _Piece, title: str, make: Callable[[], list[Node]] | None) -> Node:
    entry = piece.entry
    row, properties = entry.row, entry.resource.properties
    numbers = [f"{name} {properties[name]}" for name in ("core", "thread", "gpu", "cpuset") if name in properties]
    called = "new" if row is None else f"resource {row.resource_id}"
    changes = ", ".join(f"{name} {_was(there)} -> {value}" for name, (there, value) in entry.changes.items())
    state = "" if row is None else state_of(row.state, row.next_state)
    shown = [
        f"{name} {_was(entry.changes[name][0])} -> {value}" if name in entry.changes else f"{name} {value}"
        for name, value in properties.items()
    ]
    facts = [
        f"{title} of {entry.resource.network_address}: {called}{', ' + state if state else ''}",
        "  ".join(shown),
        {"add": f"to add: {piece.why}", "change": f"to change: {piece.why}", "same": "as planned"}[entry.action],
    ]
    if row is not None and row.retired:
        facts.append(f"OAR gives it to no job: somebody took it out; oarnodesetting -r {row.resource_id} -s Alive")
    # A node whose host is gone would hide that OAR gives nothing of it to jobs.
    aside = f" ({state})" if state and state != "Alive" else ""
    note = changes or ("" if row is not None else "to add")
    return Node(key, _MARKS[entry.action], f"{title}: {called}, {', '.join(numbers)}{aside}", note, facts, make)


def _extra(key: tuple[str, ...], extra: Extra, retire: bool) -> Node:
    row = extra.row
    state = state_of(row.state, row.next_state)
    what = "retired before" if row.retired else "to retire" if retire else "left alone"
    if extra.clash and not retire:
        what = "in the way"
    title = f"resource {row.resource_id}: cpuset {row.properties.get('cpuset', '-')}, {state}"
    facts = [
        f"resource {row.resource_id} of {row.network_address}, {state}: not planned, {what}",
        "  ".join(f"{name} {value}" for name, value in row.properties.items()),
        extra.why,
    ]
    mark: Mark = "=" if row.retired else "-"
    return Node((*key, f"resource {row.resource_id}"), mark, title, f"{what}: {extra.why}", facts)


def state_of(state: str, following: str) -> str:
    """ "Alive", "Alive, Dead next"."""
    return state if following == "UnChanged" else f"{state}, {following} next"


def _was(value: object) -> object:
    return "(not set)" if value is None else value


def _count(entries: Iterable[Entry]) -> str:
    count = Totals()
    for entry in entries:
        count.planned += 1
        count.add += entry.row is None
        count.change += bool(entry.changes)
    return lines.totals(count, retire=False)


def _joint(nodes: Iterable[Node]) -> Mark:
    """What several have in common."""
    marks = {node.mark for node in nodes}
    return marks.pop() if len(marks) == 1 else "~" if marks else "="
