"""A microstep that does nothing, with the supervisor: what the engine adds to each of a recipe's steps."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.harness import Row
from tests.engine.support import macro, recipe, run, step

_STEPS = 1000
# One question and answer between two bash processes over pipes: the floor, since a microstep is two of them.
_FLOOR = r"""
mkfifo "$1/a" "$1/b"
while IFS= read -r -d '' word; do printf '0 \0'; done <"$1/a" >"$1/b" &
exec 20>"$1/a" 21<"$1/b"
t0=${EPOCHREALTIME/./}
for ((i = 0; i < 2000; i++)); do printf '%s\0' word >&20; IFS= read -r -d '' answer <&21; done
echo $((${EPOCHREALTIME/./} - t0))
"""


def _floor() -> float:
    with tempfile.TemporaryDirectory() as directory:
        command = ["bash", "-c", _FLOOR, "bash", directory]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1e3 / 2000


def _run(steps: int) -> float:
    """Seconds of a run of four macrosteps of so many microsteps each."""
    with tempfile.TemporaryDirectory() as directory:
        base = Path(directory)
        macros = [macro(f"m{n}", *(step(f"s{i}", ":") for i in range(steps))) for n in range(4)]
        resolved = recipe(base, *macros)
        began = time.perf_counter()
        ran = run(resolved, base)
        elapsed = time.perf_counter() - began
    assert ran.outcome.result == "done"
    return elapsed


def _microstep() -> tuple[float, float]:
    """Milliseconds that one more microstep takes, and that a run takes for each macrostep besides."""
    few, many = _run(1), _run(_STEPS // 4)
    return (many - few) * 1e3 / (_STEPS - 4), few * 1e3 / 4


def rows() -> Iterator[Row]:
    runs = [(*_microstep(), _floor()) for _ in range(5)]
    ours, besides, floor = (min(column) for column in zip(*runs, strict=True))
    detail = (
        f"least of 5 x {_STEPS}; {ours / floor:.1f} x a bare question and answer between two bash ({floor:.3f} ms);"
        f" besides, {besides:.0f} ms a macrostep"
    )
    yield Row("a microstep that does nothing", ours, "ms", 0.5, detail)
