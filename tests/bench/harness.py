"""What every figure is made with: interleaved runs, medians, and a row of the table."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass


class Unavailable(Exception):
    """What this machine or this user cannot measure, and why."""


def need_root() -> None:
    if os.geteuid() != 0:
        raise Unavailable("needs root: sudo make bench")


def chosen(module: str, row: str) -> bool:
    """Whether the words of the command line leave this row of a module (its __name__): MODULE/ROW is one row of it."""
    words = [word.partition("/") for word in sys.argv[1:]]
    rows = [name for part, _, name in words if part in module.rpartition(".")[2]]
    return not rows or row in rows or "" in rows


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: `value` in `unit` ("x" is a ratio), good up to `limit`; `detail` tells what it is made of."""

    name: str
    value: float
    unit: str
    limit: float
    detail: str

    @property
    def good(self) -> bool:
        return self.value <= self.limit


def compare(
    name: str, ours: Callable[[], float], theirs: Callable[[], float], *, limit: float, runs: int, against: str
) -> Row:
    """The median of `ours` over the median of `theirs`, each giving the seconds of one run.

    The runs take turns, so that what else the machine does weighs on both; the first of each only warms up.
    """
    ours()
    theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    detail = f"{mine * 1e3:.0f} ms against {other * 1e3:.0f} ms for {against} (median of {runs})"
    return Row(name, mine / other, "x", limit, detail)
