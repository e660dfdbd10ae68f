"""`python -m tests.bench [WORD…]`: every module of this directory with a `rows()`; WORDs choose by a part of its name.

archives/tar is one row of a module, of those that measure output types: archives, live_outputs, outputs. --help says
what there is. Exit status 1 when a figure is over its limit. Some need root and minutes.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import tests.bench as here
from tests.bench.harness import Row, Unavailable


def main(words: list[str]) -> int:
    names = [found.name for found in pkgutil.iter_modules(here.__path__) if found.name not in ("__main__", "harness")]
    if any(word.startswith("-") for word in words):
        return _help(names)
    parts = [word.partition("/")[0] for word in words]
    rows: list[Row] = []
    for name in names:
        module = importlib.import_module(f"tests.bench.{name}")
        if not hasattr(module, "rows") or (words and not any(part in name for part in parts)):
            continue
        try:
            for row in module.rows():
                rows.append(row)
                sign = "ok  " if row.good else "OVER"
                figures = f"{row.name:<34} {row.value:7.2f} {row.unit:<2} (limit {row.limit:g})"
                print(f"{sign}  {figures}  {row.detail}", flush=True)
        except Unavailable as why:
            print(f"--    {name}: {why}", flush=True)
    return 0 if rows and all(row.good for row in rows) else 1


def _help(names: list[str]) -> int:
    print(__doc__)
    for name in names:
        module = importlib.import_module(f"tests.bench.{name}")
        if hasattr(module, "rows"):
            print(f"{name}: {module.__doc__}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
