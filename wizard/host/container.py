"""Starting what needs no machine of its own: a container of LXC, and User Mode Linux."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from wizard.errors import FAILED, UserError
from wizard.host.privilege import require_root
from wizard.host.qemu import run
from wizard.host.tools import require, search_path


def run_uml(script: Path, program: Sequence[str], memory: int) -> int:
    """The start script on this terminal; the exit status of `program`, or of a shell without one. `memory` in MiB."""
    require(["linux.uml", "setpriv"], "starting User Mode Linux")
    return run(uml_words(script, program, memory))


def uml_words(script: Path, program: Sequence[str], memory: int) -> list[str]:
    return ["bash", str(script.absolute()), "--memory", str(memory), "--", *program]


def run_lxc(archive: Path, program: Sequence[str]) -> int:
    """A container of the archive, for as long as `program` (without one a shell) runs in it; its exit status.

    The archive is unpacked in /var/tmp (TMPDIR), which is emptied again however this ends but by SIGKILL."""
    require(["lxc-execute", "tar", "setpriv"], "starting a container")
    require_root("starting a container")
    with _ended_by_signals(), tempfile.TemporaryDirectory(prefix="kameleon-lxc-", dir=_place()) as directory:
        place = Path(directory)
        _do("tar", "--extract", "--numeric-owner", "--same-owner", "--preserve-permissions", "--xattrs",
            "--xattrs-include=*", f"--file={archive.absolute()}", f"--directory={place}")  # fmt: skip
        names = [one.name for one in place.iterdir() if (one / "config").is_file()]
        if len(names) != 1:
            raise UserError(f"{archive}: there is no one directory with config and rootfs in it")
        name = names[0]
        config = place / name / "config"
        config.write_text(_here(config.read_text(encoding="utf-8"), place / name / "rootfs"), encoding="utf-8")
        where = ["-P", str(place), "-n", name]
        log = place / "log"
        try:
            _do("lxc-start", "-d", *where, "-o", str(log), "-l", "ERROR", log=log)
            return run(["lxc-attach", *where, "--clear-env", "--", *(program or ["bash", "-l"])])
        finally:
            subprocess.run(
                ["lxc-stop", *where, "--timeout", "20"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=_environment(),
            )


def _here(config: str, rootfs: Path) -> str:
    """The configuration for where the container is now; a bridge that this machine has not is left out."""
    lines = []
    for line in config.splitlines():
        key, _, value = line.partition(" = ")
        if key == "lxc.rootfs.path":
            line = f"{key} = dir:{rootfs}"
        lines.append(line)
        if key == "lxc.net.0.link" and not Path("/sys/class/net", value).exists():
            lines = [one for one in lines if not one.startswith("lxc.net.0.")]
            lines.append("lxc.net.0.type = empty")
    if "lxc.net.0.type = empty" in lines:
        lines = [one for one in lines if not one.startswith("lxc.net.0.") or one.endswith("= empty")]
    return "\n".join(lines) + "\n"


def _place() -> str:
    return os.environ.get("TMPDIR") or "/var/tmp"


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": search_path()}


def _do(*words: str, log: Path | None = None) -> None:
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, env=_environment())
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        if log is not None and log.exists():
            errors = [line.partition("ERROR")[2].strip() for line in log.read_text(errors="replace").splitlines()]
            said += [line for line in errors if line and "Unsupported config key" not in line][:1]
        raise UserError(f"{words[0]}: {said[-1] if said else f'status {done.returncode}'}", status=FAILED)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Signals that end a program become SystemExit, so that what was begun is undone."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
