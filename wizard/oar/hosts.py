"""Names of hosts: patterns such as node[001-512], which of them OAR can store, and names told shortly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

from wizard.errors import UserError

#: What OAR's column network_address holds, in characters.
LONGEST = 100
#: More hosts than any cluster has: a mistyped pattern may not fill the memory.
MOST = 1_000_000

_BRACKETS = re.compile(r"\[([0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*)\]")


def expand(pattern: str) -> Iterator[str]:
    """The names of a pattern: "n[08-10,12]" → n08 n09 n10 n12, zeros as in the first of a range; several brackets
    give every combination, the last one running fastest. What is no such pattern is a name. UserError for a range that
    runs backwards, and for more than a million names."""
    parts = _BRACKETS.split(pattern)
    ranges = [[_range(part, pattern) for part in inside.split(",")] for inside in parts[1::2]]
    count = 1
    for of_bracket in ranges:
        count *= sum(high - low + 1 for low, high, _ in of_bracket)
    if count > MOST:
        raise UserError(f"{pattern}: these are {count} hosts; {MOST} at most", hint="mind the two ends of each range")
    choices = [
        [f"{number:0{width}d}" for low, high, width in of_bracket for number in range(low, high + 1)]
        for of_bracket in ranges
    ]
    for chosen in product(*choices):
        yield "".join(plain + number for plain, number in zip(parts[::2], (*chosen, ""), strict=True))


def _range(text: str, pattern: str) -> tuple[int, int, int]:
    low, dash, high = text.partition("-")
    if len(text) > 40:
        raise UserError(f"{pattern[:60]}…: numbers of up to 19 digits were expected")
    first, last = int(low), int(high if dash else low)
    if last < first:
        raise UserError(f"{pattern}: the range {text} runs backwards")
    return first, last, len(low) if low.startswith("0") else 0


def names(patterns: Iterable[str]) -> list[str]:
    """The names of all patterns. UserError for one that OAR cannot store, and for one that comes twice."""
    found: dict[str, None] = {}
    for pattern in patterns:
        for name in expand(pattern):
            if name in found:
                raise UserError(f"the host {name!a} is named twice", hint=f"the second time by {pattern!a}")
            check(name)
            found[name] = None
    return list(found)


def check(name: str) -> None:
    """UserError for a name that cannot be a network_address."""
    why = ""
    if not name.strip():
        why = "is empty"
    elif len(name) > LONGEST:
        why = f"has {len(name)} characters; OAR's column holds {LONGEST}"
    elif "\0" in name or not _utf8(name):
        why = "holds a NUL or bytes that are not UTF-8, which no database takes"
    if why:
        raise UserError(f"the host's name {name[:40]!a} {why}", hint="--host NAME gives another one")


def _utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def short(found: list[str]) -> str:
    """Some names in a few words: "a", "a, b", "node-1 … node-512 (512 hosts)"."""
    if len(found) <= 3:
        return ", ".join(found)
    return f"{found[0]} … {found[-1]} ({len(found)} hosts)"
