"""A microstep that does nothing, with the supervisor: what the engine adds to each of a recipe's steps."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.harness import Row
from tests.engine.support import macro, recipe, run, step

_MACROSTEPS = 10
_STEPS = 100  # of each
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


def _run(steps: int) -> list[float]:
    """Seconds of each of a run's macrosteps, which have so many microsteps, as its events tell them."""
    with tempfile.TemporaryDirectory() as directory:
        base = Path(directory)
        macros = [macro(f"m{n}", *(step(f"s{i}", ":") for i in range(steps))) for n in range(_MACROSTEPS)]
        ran = run(recipe(base, *macros), base)
    assert ran.outcome.result == "done"
    return [event["seconds"] for event in ran.front.named("macrostep") if event["state"] == "done"]


def rows() -> Iterator[Row]:
    runs = [(min(_run(1)), min(_run(_STEPS)), _floor()) for _ in range(5)]
    # The least of each, then the difference: the least difference would be that of an unlucky short macrostep.
    few, many, floor = (min(column) for column in zip(*runs, strict=True))
    ours = (many - few) * 1e3 / (_STEPS - 1)
    detail = (
        f"least of 5 x {_MACROSTEPS} macrosteps of {_STEPS}; {ours / floor:.1f} x a bare question and answer between"
        f" two bash ({floor:.3f} ms); besides, {few * 1e3:.0f} ms a macrostep"
    )
    yield Row("a microstep that does nothing", ours, "ms", 0.5, detail)
