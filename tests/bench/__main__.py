"""`python -m tests.bench [WORD…]`: every module of this directory with a `rows()`; WORDs choose by a part of its name.

Exit status 1 when a figure is over its limit. Some need root and minutes: first_boot (two starts of an emulated
machine) and iso (two builds).
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import tests.bench as here
from tests.bench.harness import Row, Unavailable


def main(words: list[str]) -> int:
    rows: list[Row] = []
    for found in pkgutil.iter_modules(here.__path__):
        if found.name in ("__main__", "harness") or (words and not any(word in found.name for word in words)):
            continue
        try:
            for row in importlib.import_module(f"tests.bench.{found.name}").rows():
                rows.append(row)
                sign = "ok  " if row.good else "OVER"
                figures = f"{row.name:<34} {row.value:7.2f} {row.unit:<2} (limit {row.limit:g})"
                print(f"{sign}  {figures}  {row.detail}", flush=True)
        except Unavailable as why:
            print(f"--    {found.name}: {why}", flush=True)
    return 0 if rows and all(row.good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
