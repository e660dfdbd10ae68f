"""The appliance that output types are tried on: built once a machine for each state of what it is made of.

A type is then tried alone: `export` builds a recipe whose bootstrap copies that appliance (3 s) and which has no setup.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.contracts.tree import ROOT
from tests.image.iso import cache, locked
from tests.outputs import contents, odd
from wizard.recipe.chain import Reader
from wizard.recipe.errors import Problems
from wizard.recipe.output import read_output
from wizard.recipe.resolve import resolve

#: What an appliance of hello gets besides: somebody who may log in.
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEfgVUs0mbpNJ8rCCrQiQMVfT2qGLr3kCmMGCRKEsq8q somebody"
#: The name of the recipe that `export` builds, and so of the files it makes.
NAME = "kept"

_BUILT = """\
extend: {hello}
global:
  keep: ""
  suite: {suite}
  kernel: linux-image-amd64
bootstrap: ["@base"]
setup: ["@base"]
export:
  - keep
"""
_KEEP = """\
# OUTPUT
# title: kept as a tree
# makes: nothing
# kernel: wanted
# setup: [{setup}]
# packages: [{packages}]
# tools: [cp]
# adds: nothing
# leaves out: nothing
# use: see tests/outputs/appliance.py

- include: common/view.yaml
- keep:
    - exec_local: |
        in_view 'exec cp -a -- "$view" "$1"' "$KAMELEON_KEEP/tree"
        cp -- "$KAMELEON_WORKDIR/epoch" "$KAMELEON_KEEP/epoch"
        if [[ -e $KAMELEON_WORKDIR/secure_boot ]]; then cp -a -- "$KAMELEON_WORKDIR/secure_boot" "$KAMELEON_KEEP"; fi
"""
_AGAIN = """\
global:
  strict: true
  kept: ""
  kernel: ""
  compression: "1"
bootstrap:
  - kept
setup: []
export:
  - tar
"""
_COPY = """\
- copy:
    - exec_local: |
        cp -a -- "$KAMELEON_KEPT/tree" "$KAMELEON_CHROOT"
        cp -- "$KAMELEON_KEPT/epoch" "$KAMELEON_WORKDIR/epoch"
        if [[ -e $KAMELEON_KEPT/secure_boot ]]; then cp -a -- "$KAMELEON_KEPT/secure_boot" "$KAMELEON_WORKDIR"; fi
"""


@dataclass(frozen=True)
class Appliance:
    """`tree` is its root, not to be changed; `epoch` the date of its archive, in seconds."""

    folder: Path

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def epoch(self) -> int:
        return int((self.folder / "epoch").read_text())

    @cached_property
    def contents(self) -> contents.Contents:
        """What is in it: for `contents.differences`."""
        return contents.of_tree(self.tree)


def built(setup: tuple[str, ...], suite: str = "bookworm") -> Appliance:
    """The appliance of hello (Debian `suite`) with a kernel, the macrosteps `setup` of steps/setup, what packages all
    output types with a kernel need, and odd files in opt/odd. Takes two minutes when it is not there yet."""
    packages = sorted(_packages(set(setup)))
    recipe = _BUILT.format(hello=ROOT / "recipes/hello.yaml", suite=suite)
    digest = hashlib.sha256(repr((setup, packages, recipe, _KEEP)).encode())
    # Not the steps of other recipes: whoever works on those need not wait for this one.
    read = map(Path, resolve(ROOT / "recipes/hello.yaml").files)
    made_of = {path for path in read if path.parent.name in ("recipes", "bootstrap", "setup")}
    made_of |= {Path(odd.__file__), *(ROOT / f"recipes/steps/setup/{name}.yaml" for name in setup)}
    for path in sorted(made_of):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    kind = "-".join(["appliance", *([] if suite == "bookworm" else [suite]), *setup])
    folder = cache() / f"{kind}-{digest.hexdigest()[:12]}"
    with locked(kind):
        if not (folder / "done").exists():
            for old in cache().glob(f"{kind}-*"):
                # Another process may be at work on one; those that nobody asked for in the last hour go.
                if old == folder or (old.is_dir() and time.time() - old.stat().st_mtime > 3600):
                    shutil.rmtree(old)
            folder.mkdir()
            _write(folder / "recipe", {"appliance.yaml": recipe})
            header = _KEEP.format(setup=", ".join(setup), packages=", ".join(packages))
            _write(folder / "recipe", {"steps/export/keep.yaml": header})
            values = {"keep": str(folder), "ssh_keys": KEY}
            done = _build(folder / "recipe/appliance.yaml", folder / "papers", (), values)
            assert done.returncode == 0, done.stdout[-4000:]
            odd.make(folder / "tree")
            (folder / "done").touch()
        os.utime(folder)
    return Appliance(folder)


def _packages(setup: set[str]) -> set[str]:
    """What the output types need that need no more of steps/setup than that."""
    found: set[str] = set()
    for path in (ROOT / "recipes/steps/export").glob("*.yaml"):
        reader = Reader(ROOT, Problems())
        read = reader.read(path)
        output = read_output(path.stem, read[0], reader.problems) if read else None
        if output and output.kernel and set(output.setup) <= setup:
            found |= set(output.packages)
    return found


def export(
    appliance: Appliance, output: Path, *types: str, values: dict[str, str] | None = None, name: str = NAME
) -> subprocess.CompletedProcess[str]:
    """Make these output types of the appliance, in the directory `output`: files are called `name`.EXTENSION. `values`
    are globals. What the program printed is in `stdout`, errors, too; the caller looks at `returncode`."""
    recipe = output.with_name(f"{output.name}.recipe")
    _write(recipe, {f"{name}.yaml": _AGAIN, "steps/bootstrap/kept.yaml": _COPY})
    # What a failed build keeps goes with the test's directory, not into everybody's /var/tmp.
    own = {"kept": str(appliance.folder), "workdir_base": str(output.with_name(f"{output.name}.work"))}
    return _build(recipe / f"{name}.yaml", output, types, {**own, **(values or {})})


def exported(appliance: Appliance, output: Path, *types: str, values: dict[str, str] | None = None) -> Path:
    """As `export`, and AssertionError when it failed; `output`."""
    done = export(appliance, output, *types, values=values)
    assert done.returncode == 0, done.stdout[-4000:]
    return output


def resumed(output: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Go on with the last run into the directory `output`, which failed there; as `export`."""
    return _wizard(output, output.parent, "--resume", "last", *words)


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _build(
    recipe: Path, output: Path, types: Iterable[str], values: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    words = ["--output", str(output), "--on-failure", "abort"]
    words += [word for one in types for word in ("--type", one)]
    words += [word for key, value in values.items() for word in ("-g", f"{key}:{value}")]
    return _wizard(output, recipe.parent, str(recipe), *words)


def _wizard(output: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wizard", "build", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(output.with_name(f"{output.name}.state"))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
