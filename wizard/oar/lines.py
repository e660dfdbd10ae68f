"""A difference as lines for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from wizard.oar import hosts
from wizard.oar.difference import Difference, Entry, Extra, Totals

#: More resources than that are told by host.
_FULL = 64


def totals(found: Totals, retire: bool) -> str:
    """ "32 to add; 4 as planned"."""
    counts = [
        (found.add, "to add"),
        (found.change, "to change"),
        (found.same, "as planned"),
        (found.retire, "to retire" if retire else "not planned"),
        (found.extra - found.retire, "retired before"),
    ]
    return "; ".join(f"{number} {word}" for number, word in counts if number) or "nothing planned"


def done(found: Totals, retired: bool, who: str) -> str:
    """ "node-1 … node-4 (4 hosts): 32 resources: 32 added"."""
    counts = [(found.add, "added"), (found.change, "changed"), (found.retire if retired else 0, "retired")]
    what = ", ".join(f"{number} {word}" for number, word in counts if number) or "nothing to do"
    return f"{who}: {found.planned} resource{'s' * (found.planned != 1)}: {what}"


def why(entry: Entry, known: bool) -> str:
    """Why there is something to do; `known`: the server has rows of the host."""
    if entry.row is None:
        return "no resource has these processors" if known else "the host has no resources"
    if not entry.changes:
        return ""
    return ", ".join(
        f"{name} is not set" if there is None else f"{name} is {there}" for name, (there, _) in entry.changes.items()
    )


class Table:
    """Collects differences and tells them: a row a resource, or, when they are many, a line for hosts alike."""

    def __init__(self, names: list[str], count: int, *, retire: bool, everything: bool = False) -> None:
        self._names = names
        self._retire = retire
        self._full = everything or count <= _FULL
        self._rows: list[tuple[str, ...]] = []
        self._alike: list[tuple[str, list[str]]] = []

    def see(self, one: Difference) -> None:
        if self._full and (one.entries or len(one.extra) <= _FULL):  # hosts that are no more may be many
            self._rows += [self._entry(one, entry) for entry in one.entries]
            self._rows += [self._extra(extra) for extra in one.extra]
            return
        count = Totals()
        count.count(one)
        said = totals(count, self._retire)
        if self._alike and self._alike[-1][0] == said:
            self._alike[-1][1].append(one.host.name)
        else:
            self._alike.append((said, [one.host.name]))

    def _entry(self, one: Difference, entry: Entry) -> tuple[str, ...]:
        known = any(other.row for other in one.entries) or bool(one.extra)
        cells = (self._cell(entry, name) for name in self._names)
        # A host that is new is new in each line: once is enough, and that is what "add" says.
        reason = why(entry, known) if known and entry.row is None else ""
        return entry.action, str(entry.row.resource_id) if entry.row else "-", *cells, reason

    def _cell(self, entry: Entry, name: str) -> str:
        value = str(entry.resource.properties.get(name, "-"))
        if name not in entry.changes:
            return value
        there = entry.changes[name][0]
        return f"{'-' if there is None else there} -> {value}"

    def _extra(self, extra: Extra) -> tuple[str, ...]:
        word = "retired" if extra.row.retired else "retire" if self._retire else "extra"
        cells = (str(extra.row.properties.get(name, "-")) for name in self._names)
        return word, str(extra.row.resource_id), *cells, extra.why

    def lines(self) -> Iterator[str]:
        if self._full:
            yield from self._table()
        for said, names in self._alike:
            yield f"{hosts.short(names)}: {said}{' each' * (len(names) > 1)}"

    def _table(self) -> Iterator[str]:
        rows = [("", "id", *self._names, "why" if any(row[-1] for row in self._rows) else ""), *self._rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


class Json:
    """One JSON object, written while differences come: {HEAD…, "resources": […], "extra": […], TAIL…}."""

    def __init__(self, stream: IO[str], head: dict[str, Any]) -> None:
        self._stream = stream
        self._extra: list[dict[str, Any]] = []
        self._comma = ""
        stream.write(json.dumps(head)[:-1] + ', "resources": [')

    def see(self, one: Difference) -> None:
        known = any(entry.row for entry in one.entries) or bool(one.extra)
        for entry in one.entries:
            value = {
                "action": entry.action,
                "why": why(entry, known),
                "resource_id": entry.row.resource_id if entry.row else None,
                "network_address": entry.resource.network_address,
                "properties": dict(entry.resource.properties),
                "changes": {name: list(pair) for name, pair in entry.changes.items()},
            }
            self._stream.write(self._comma + json.dumps(value))
            self._comma = ", "
        self._extra += [extra_json(one.host.name, extra) for extra in one.extra]

    def end(self, tail: dict[str, Any]) -> None:
        self._stream.write('], "extra": ' + json.dumps(self._extra) + ", " + json.dumps(tail)[1:] + "\n")


def extra_json(host: str, extra: Extra) -> dict[str, Any]:
    return {
        "resource_id": extra.row.resource_id,
        "network_address": host,
        "cpuset": extra.row.properties.get("cpuset"),
        "state": extra.row.state,
        "retired": extra.row.retired,
        "clashes": extra.clash,
        "why": extra.why,
    }
