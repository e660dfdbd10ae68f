"""Five output types of the live ISO's recipe in one build, against its appliance and the slowest of them alone:
`python -m tests.bench several`. Needs root, and four minutes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.harness import Row, need_root
from tests.contracts.tree import ROOT
from tests.image.iso import RECIPE
from tests.outputs.appliance import NAME, Appliance, export

TYPES = ("iso", "qcow2", "tar", "vmdk", "kadeploy")
#: The recipe as it is, but that its appliance is copied before anything is made of it, for each type alone.
_RECIPE = f"""\
extend: {ROOT}/recipes/{RECIPE}.yaml
global:
  keep: ""
bootstrap: ["@base"]
setup: ["@base", kept]
export: [iso]
"""
_KEPT = """\
- include: common/view.yaml
- copy:
    - exec_local: |
        in_view 'exec cp -a -- "$view" "$1"' "$KAMELEON_KEEP/tree"
        cp -a -- "$KAMELEON_WORKDIR/epoch" "$KAMELEON_WORKDIR/secure_boot" "$KAMELEON_KEEP"
"""


def rows() -> Iterator[Row]:
    need_root()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        folder = Path(directory)
        whole, steps = together(folder)
        kept = steps.pop("kept")
        appliance = sum(seconds for name, seconds in steps.items() if name not in TYPES)
        alone = {kind: by_itself(folder, kind) for kind in TYPES}
    slowest = max(alone, key=lambda kind: alone[kind])
    each = ", ".join(f"{kind} {seconds:.1f}" for kind, seconds in alone.items())
    detail = (
        f"{whole - kept:.1f} s against {appliance:.1f} s for the appliance and {alone[slowest]:.1f} s for {slowest}, "
        f"the slowest of them alone ({each})"
    )
    yield Row("five outputs of one recipe", (whole - kept) / (appliance + alone[slowest]), "x", 1.3, detail)


def together(folder: Path) -> tuple[float, dict[str, float]]:
    """Seconds of the whole build, and of its macrosteps by name; the appliance is in the directory `kept`."""
    recipe = folder / "recipe" / f"{RECIPE}.yaml"
    step = recipe.parent / "steps/setup/kept.yaml"
    step.parent.mkdir(parents=True)
    recipe.write_text(_RECIPE)
    step.write_text(_KEPT)
    (folder / "kept").mkdir()
    words = [word for kind in TYPES for word in ("--type", kind)]
    words += ["--output", str(folder / "all"), "--on-failure", "abort", "-g", f"keep:{folder / 'kept'}"]
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "build", str(recipe), *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder / "state"), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stdout[-3000:]
    return seconds, macrosteps(folder / "all" / f"{RECIPE}.events.jsonl")


def by_itself(folder: Path, kind: str) -> float:
    """Seconds of a build that makes the type of the appliance, but for copying that."""
    output = folder / kind
    began = time.perf_counter()
    done = export(Appliance(folder / "kept"), output, kind, values={"compression": "3"})
    seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stdout[-3000:]
    return seconds - macrosteps(output / f"{NAME}.events.jsonl")["kept"]


def macrosteps(events: Path) -> dict[str, float]:
    """Seconds of each macrostep, by its name."""
    said = [json.loads(line) for line in events.read_text().splitlines()]
    names = [macrostep["name"] for macrostep in said[0]["macrosteps"]]
    ended = [event for event in said if event["event"] == "macrostep" and event["state"] == "done"]
    return {names[event["macrostep"]]: float(event["seconds"]) for event in ended}
