"""The live ISOs that tests look at and start: built once a machine for each state of the tree."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.contracts.tree import ROOT
from wizard.data import SHIPPED

RECIPE = "debian-bookworm-x86_64-oar-2.5-iso"
#: What the tests' ISO has that the default one has not: things to look for. Values are odd on purpose.
KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEfgVUs0mbpNJ8rCCrQiQMVfT2qGLr3kCmMGCRKEsq8q it\'s "$(id)"'
TRIXIE = "debian-trixie-x86_64-oar-2.6-iso"
#: Results of earlier states of the tree that are kept of each recipe, 0.4 GB each.
_KEPT = 1


def cache() -> Path:
    """Where built ISOs are kept, outside the temporary directories the tests have for themselves."""
    base = os.environ.get("KAMELEON_TUI_TEST_CACHE") or "/var/cache/kameleon-tui-tests"
    path = Path(base)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process of this machine at a time; the lock ends with the process."""
    with (cache() / f"{name}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def tree_key() -> str:
    """A hash of everything an ISO is made of that stands in the checkout."""
    digest = hashlib.sha256()
    for path in sorted(path for name in ("wizard", *SHIPPED) for path in (ROOT / name).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def built_iso(recipe: str = RECIPE) -> Path:
    """The recipe's ISO of the tree as it is; built, with an overlay and a key, unless it is there.

    KAMELEON_TUI_TEST_ISO names another one of the default recipe to look at, such as that of a minute ago;
    KAMELEON_TUI_TEST_TRIXIE_ISO one of TRIXIE.
    """
    if given := os.environ.get("KAMELEON_TUI_TEST_TRIXIE_ISO" if recipe == TRIXIE else "KAMELEON_TUI_TEST_ISO"):
        return Path(given)
    with locked("iso"):
        output = cache() / (tree_key() if recipe == RECIPE else f"{tree_key()}-{recipe}")
        iso = output / f"{recipe}.iso"
        if not (output / "SHA256SUMS").exists():
            _forget_all_but(_KEPT, recipe)
            files = output.with_suffix(".files")
            shutil.rmtree(files, ignore_errors=True)
            for name in ("etc/my file", "lib/mine"):
                (files / name).parent.mkdir(parents=True)
                (files / name).write_text("of my own\n")
            _build(recipe, output, files)
            shutil.rmtree(files)
        os.utime(output)
        return iso


def _build(recipe: str, output: Path, files: Path) -> None:
    words = ["-g", f"overlay:{files}", "-g", f"ssh_keys:{KEY}", "-g", "packages:nano", "-g", "timezone:Europe/Paris"]
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "build", recipe, "--output", str(output), "--on-failure", "abort", *words],
        cwd=output.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(output.parent / "state")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def _forget_all_but(count: int, recipe: str) -> None:
    outputs = sorted((path.parent for path in cache().glob(f"*/{recipe}.iso")), key=lambda path: path.stat().st_mtime)
    for path in outputs[: max(0, len(outputs) - count)]:
        shutil.rmtree(path)
