"""`kameleon-tui --help` against a bare interpreter: what a person waits for who has forgotten an option."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.harness import Row, compare

ROOT = Path(__file__).resolve().parents[2]
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(*words: str) -> float:
    began = time.perf_counter()
    subprocess.run(words, cwd=ROOT, env=_ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def rows() -> Iterator[Row]:
    # What a user types: the script pip made.
    program = str(Path(sys.executable).with_name("kameleon-tui"))
    yield compare(
        "kameleon-tui --help",
        lambda: run(program, "--help"),
        lambda: run(sys.executable, "-c", "pass"),
        limit=4,
        runs=15,
        against="a bare interpreter",
    )
