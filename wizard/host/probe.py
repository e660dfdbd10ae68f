"""What this host allows (space, namespaces, overlays) and what its terminal is. Leaves nothing behind."""

from __future__ import annotations

import locale
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from wizard.host.privilege import is_root, sudo
from wizard.host.tools import which

#: An unshare that a security module holds up is as good as one that fails, seconds.
_LIMIT = 5.0


@dataclass(frozen=True, slots=True)
class Fact:
    """`state` is "ok", "missing" (a build cannot work without) or "note" (good to know)."""

    name: str
    state: str
    text: str


def root() -> Fact:
    if is_root():
        return Fact("root", "ok", "running as root")
    if sudo():
        return Fact("root", "ok", "not root, but there is sudo: a build is started with it")
    return Fact("root", "missing", "not root, and there is no sudo: a build needs root")


def existing(path: Path) -> Path:
    """The path itself, or the nearest directory above it that exists."""
    while not path.exists():
        path = path.parent
    return path


def space(name: str, directory: Path, needed: int) -> Fact:
    """Free space where `directory` is or would be made; `needed` in bytes."""
    free = shutil.disk_usage(existing(directory)).free
    text = f"{free / 1e9:.1f} GB free in {directory}"
    if free < needed:
        return Fact(name, "missing", f"{text}, {needed / 1e9:.1f} GB are needed")
    return Fact(name, "ok", text)


def _try(*words: str) -> str:
    """ "" when the command succeeds, else a short reason."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT)
    except FileNotFoundError:
        return f"{words[0]} is missing"
    except subprocess.TimeoutExpired:
        return f"no answer within {_LIMIT:.0f} s"
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else f"status {done.returncode}")


def namespaces() -> Fact:
    """Whether mount and pid namespaces can be made, as a build makes them."""
    if not is_root():
        return Fact("namespaces", "note", "only root can tell")
    words = ("--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc", "true")
    reason = _try(which("unshare") or "unshare", *words)
    if reason:
        return Fact("namespaces", "missing", f"unshare: {reason} (in a container: start it privileged)")
    return Fact("namespaces", "ok", "a build can have its own mounts and processes")


def overlay(directory: Path) -> Fact:
    """Whether an overlay's upper directory can be where work directories are (not inside another overlay)."""
    if not is_root():
        return Fact("overlay", "note", "only root can tell")
    try:
        with tempfile.TemporaryDirectory(dir=existing(directory), prefix=".kameleon-probe-") as base:
            for part in ("lower", "upper", "work", "merged"):
                os.mkdir(os.path.join(base, part))
            options = "lowerdir=lower,upperdir=upper,workdir=work"
            script = f'cd "$1" && exec mount -t overlay -o {options} overlay merged'
            reason = _try(which("unshare") or "unshare", "--mount", "sh", "-c", script, "sh", base)
    except OSError as error:
        reason = str(error)
    if reason:
        return Fact("overlay", "note", f"not in {directory}: {reason}")
    return Fact("overlay", "ok", f"works in {directory}")


def terminal() -> Fact:
    """TERM, size, and whether the locale can show more than ASCII."""
    if not sys.stdin or not sys.stdin.isatty() or not sys.stderr.isatty():
        return Fact("terminal", "note", "none: the wizard needs one, `kameleon-tui --defaults` and `build` do not")
    size = shutil.get_terminal_size()
    text = f"TERM={os.environ.get('TERM', '')}, {size.columns}x{size.lines}, {locale.getpreferredencoding(False)}"
    return Fact("terminal", "ok" if size.columns >= 80 and size.lines >= 24 else "note", text)
