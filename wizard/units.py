"""Quantities as people read them, the same on screens and in lines. A leaf: anybody may import it."""

from __future__ import annotations


def size(count: int) -> str:
    """Bytes in powers of 1000, as df -H and download pages have them: 812 B, 43.1 MB, 2.0 TB."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.95:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
