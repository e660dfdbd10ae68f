"""Linux's lists of numbers: "0-3,8" as in sysfs, /proc and taskset."""

from __future__ import annotations

from collections.abc import Iterable

#: More processors than any machine has (Linux itself stops at 8192): a range may not fill the memory.
_MOST = 1 << 16


def parse_list(text: str) -> tuple[int, ...]:
    """ "0-2,8" → (0, 1, 2, 8): sorted, each once; "" → (). ValueError for anything else."""
    found: set[int] = set()
    for part in text.strip().split(",") if text.strip() else ():
        low, dash, high = part.strip().partition("-")
        first, last = _number(low, text), _number(high if dash else low, text)
        if last < first:
            raise ValueError(f"{text!r}: a range that runs backwards")
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def _number(part: str, text: str) -> int:
    if not (part.isascii() and part.isdigit()) or int(part) >= _MOST:
        raise ValueError(f"{text!r}: a list of numbers was expected, such as 0-3,8")
    return int(part)


def format_list(numbers: Iterable[int]) -> str:
    """(0, 1, 2, 8) → "0-2,8"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)
