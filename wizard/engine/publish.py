"""What a run leaves: artefacts put in place whole, and work that is thrown away.

Steps write into OUTPUT/.partial-RUN. A finished run renames it to .ready-RUN, the moment from which the new artefacts
count, and then each file into OUTPUT, SHA256SUMS last; a runner killed between is finished by the next one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from wizard.engine.runs import Run, all_runs
from wizard.errors import HELD, MACHINE, UserError

SUMS = "SHA256SUMS"
_LOCK = ".kameleon-tui.lock"
_PIECE = 1 << 20
_ADDRESS = 4096  # bytes before the @ of an address, at most
_CREDENTIALS = re.compile(rb"://[^/@\s'\"]+@")


def without_credentials(raw: bytes) -> bytes:
    """`scheme://user:password@host` without user and password: what is published is read by others."""
    return _CREDENTIALS.sub(b"://", raw)


def _copy_without_credentials(sources: Sequence[Path | bytes], target: Path) -> None:
    """Files and bytes, one after the other, to `target`. In pieces: a log may be larger than the memory."""
    with target.open("wb") as written:
        for source in sources:
            held = source if isinstance(source, bytes) else b""
            if isinstance(source, Path):
                with source.open("rb") as stream:
                    while piece := stream.read(_PIECE):
                        held += piece
                        # An address at the end may go on in the next piece; none is longer than this.
                        known = held.rfind(b"://", max(len(held) - _ADDRESS, 0))
                        known = known if known >= 0 else max(len(held) - 2, 0)
                        written.write(without_credentials(held[:known]))
                        held = held[known:]
            written.write(without_credentials(held))


@contextmanager
def holding(output: Path, run: str) -> Iterator[None]:
    """Holds `output` (made if need be) for this run; UserError (status 5) naming who holds it already."""
    path = output / _LOCK
    while True:
        try:
            output.mkdir(parents=True, exist_ok=True)
            fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise UserError(
                f"{output}: {error.strerror}", status=MACHINE, hint="--output names another directory"
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.read(fd, 1000).decode("utf-8", "replace").strip() or "another build"
            os.close(fd)
            raise UserError(
                f"{output} is being written by {who}", status=HELD, hint=f"kameleon-tui runs attach {who.split()[0]}"
            ) from None
        # The holder before may have removed the file between our open and our lock.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), path.stat()):
                break
        os.close(fd)
    try:
        os.ftruncate(fd, 0)
        os.write(fd, f"{run} (pid {os.getpid()})\n".encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(fd)


def partial(output: Path, run: str) -> Path:
    """Where the steps of `run` write their artefacts."""
    return output / f".partial-{run}"


def publish(output: Path, run: str, extra: Mapping[str, Sequence[Path | bytes]]) -> list[tuple[Path, int, str]]:
    """Adds `extra` (name: what makes its content) and SHA256SUMS to what the steps made and puts all in place.

    Returns path, size in bytes and SHA-256 of each file, in the order of their names. Directories that steps made are
    kept as they are and their files are summed up too.
    """
    staged = partial(output, run)
    for name, content in extra.items():
        _copy_without_credentials(content, staged / name)
    files = [path for path in sorted(staged.rglob("*")) if path.is_file() and not path.is_symlink()]
    made = [(path.relative_to(staged), path.stat().st_size, digest) for path, digest in _sums(files)]
    (staged / SUMS).write_bytes(b"".join(_sum_line(str(name), digest) for name, _, digest in made))
    ready = output / f".ready-{run}"
    staged.rename(ready)
    _move_ready(ready)
    return [(output / name, size, digest) for name, size, digest in made]


def _sums(files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """The SHA-256 of each file, which is on the disk then; several at once, for they are large."""
    from concurrent.futures import ThreadPoolExecutor  # 10 ms to import: only where something is published

    def sum_up(path: Path) -> tuple[Path, str]:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            os.fsync(stream.fileno())
        return path, digest

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(sum_up, files)


def _sum_line(name: str, digest: str) -> bytes:
    # As sha256sum writes and reads them: names with a newline or backslash are escaped, the line begins with one.
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return os.fsencode(f"{mark}{digest}  {escaped}\n")


def _move_ready(ready: Path) -> None:
    output = ready.parent
    for path in sorted(ready.iterdir(), key=lambda path: path.name == SUMS):
        target = output / path.name
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        elif path.is_dir():
            target.unlink(missing_ok=True)
        path.rename(target)
    ready.rmdir()


def finish_interrupted(output: Path) -> None:
    """Puts in place what a runner killed while it published had made. Call it holding `output`."""
    for ready in output.glob(".ready-*"):
        _move_ready(ready)


def remove_tree(path: Path) -> None:
    """Removes a directory tree, never crossing into another file system; UserError when something is left.

    rm is used because a tree made by root inside a chroot may be deeper than Python's recursion.
    """
    if path.exists():
        done = subprocess.run(["rm", "-rf", "--one-file-system", "--", path], capture_output=True, check=False)
        if done.returncode:
            raise UserError(f"{path}: {done.stderr.decode('utf-8', 'replace').strip()}", status=MACHINE)


def discard(run: Run) -> None:
    """Removes a past run's work tree and unpublished artefacts; its directory with log and events stays."""
    if run.living():
        raise UserError(f"{run.name} is running", status=HELD, hint=f"kameleon-tui runs attach {run.name}")
    discard_work(run)


def discard_work(run: Run) -> None:
    """As `discard`, for the runner itself, once its sandbox is gone."""
    asked = run.asked
    if asked:
        # The work directory last: as long as it is there, the next start knows that something is left to remove.
        remove_tree(partial(Path(asked["output"]), run.name))
        remove_tree(Path(asked["workdir"]))


def kept(run: Run) -> bool:
    """Whether the run's work tree is still there."""
    asked = run.asked
    return bool(asked) and Path(asked["workdir"]).exists()


def discard_dead(output: Path, but: str) -> None:
    """Removes the work of runs that nobody runs and that was not kept on purpose: of those that were killed,
    interrupted or done, all; of those that failed, the ones that would have written to the same `output`.
    Not of run `but`."""
    for run in all_runs():
        if run.name == but or not kept(run) or run.living():
            continue
        end = run.state().end
        result = end["result"] if end else "dead"
        if result in ("dead", "done", "interrupted") or (result == "failed" and run.asked["output"] == str(output)):
            discard(run)
