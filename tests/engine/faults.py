"""The real program on tiny recipes: started, hit, and looked at afterwards. Needs root, no network."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: A chroot with a shell in it: what mmdebstrap would make in half a minute.
BOOTSTRAP = """\
global:
  workdir_base: {base}/work
bootstrap:
  - root:
    - shell:
      - exec_local: |
          mkdir -p $$chroot/bin $$chroot/proc $$chroot/sys $$chroot/dev $$chroot/tmp $$chroot/root
          for program in bash cat sleep mkdir; do
            cp /bin/$program $$chroot/bin/
            ldd /bin/$program | grep -o '/[^ ]*' | while read -r file; do
              mkdir -p "$$chroot${{file%/*}}"
              cp -n "$file" "$$chroot$file"
            done
          done
"""
EXPORT = """\
export:
  - archive:
    - pack:
      - exec_local: tar -C $$chroot --one-file-system -cf $$output/toy.tar .
"""


class Ground:
    """A directory of its own for one test, and what is asked about it afterwards."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.cwd = base / "cwd"
        self.cwd.mkdir()
        self.output = self.cwd / "build" / "toy"
        self.recipe = self.cwd / "toy.yaml"
        self._before: set[Path] = set()  # runs that were there at the last start

    def write(self, setup: str = "", export: str = EXPORT) -> None:
        """A recipe whose setup section is this text (its macrosteps, as YAML, not indented)."""
        indented = "".join(f"  {line}\n" if line else "\n" for line in setup.splitlines())
        head = BOOTSTRAP.format(base=self.base)
        self.recipe.write_text(head + (f"setup:\n{indented}" if setup else "") + export)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(self.base / "state"), "TERM": "xterm"}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "wizard", *words]

    def build(self, *words: str, limit: float = 60) -> subprocess.CompletedProcess[bytes]:
        """Build toy.yaml without a terminal, to its end."""
        return subprocess.run(
            self.command("build", "./toy.yaml", *words), cwd=self.cwd, env=self.environment(),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False,
        )  # fmt: skip

    def resume(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Go on with the last run, without a terminal, to its end."""
        return subprocess.run(
            self.command("build", "--resume", "last", *words), cwd=self.cwd, env=self.environment(),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
        )  # fmt: skip

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Begin to build toy.yaml without a terminal."""
        self._before = set(self.runs())
        return subprocess.Popen(
            self.command("build", "./toy.yaml", *words), cwd=self.cwd, env=self.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self) -> Path:
        """The newest run directory; the one that the last `start` made, when it made one."""
        runs = self.runs()
        return max(set(runs) - self._before or runs, key=lambda path: path.stat().st_mtime_ns)

    def runs(self) -> list[Path]:
        directory = self.base / "state" / "kameleon-tui" / "runs"
        return list(directory.iterdir()) if directory.is_dir() else []

    def log(self) -> bytes:
        """What the steps of the newest run printed."""
        return b"".join(path.read_bytes() for path in sorted((self.run() / "logs").iterdir()))

    def works(self) -> list[Path]:
        """The work trees that are there."""
        directory = self.base / "work"
        return list(directory.iterdir()) if directory.is_dir() else []

    def artefact_is_whole(self) -> bool:
        """Whether the published files are those of SHA256SUMS."""
        checked = subprocess.run(
            ["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], cwd=self.output, capture_output=True, check=False
        )
        return checked.returncode == 0

    def mounts(self) -> list[str]:
        """Mounts under our directory in the mount namespace of this test, which is the host's."""
        return [line for line in Path("/proc/mounts").read_text().splitlines() if str(self.base) in line]

    def processes(self) -> dict[int, str]:
        """Every process that has our directory in its environment: those of runs of this test, in any namespace."""
        found = {}
        token = os.fsencode(str(self.base))
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with suppress(OSError):
                if token in (entry / "environ").read_bytes() and (entry / "cmdline").read_bytes():
                    found[int(entry.name)] = (
                        (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    )
        return found

    def nothing_left(self, limit: float = 30.0) -> None:
        """No mount and no process; a killed process may take a moment to be gone.

        Three looks in a row: a process that is between fork and exec is seen by none of them, and is seen again after.
        """
        end = time.monotonic() + limit
        clean = 0
        while clean < 3:
            mounts, processes = self.mounts(), self.processes()
            clean = 0 if mounts or processes else clean + 1
            if time.monotonic() > end:
                assert not mounts, mounts
                assert not processes, processes
            time.sleep(0.02)

    def wait_for_event(self, process: subprocess.Popen[bytes], text: str, limit: float = 30) -> None:
        """Until the events of the run that `start` began hold this text."""
        end = time.monotonic() + limit
        while True:
            assert process.poll() is None, process.stdout and process.stdout.read()
            for run in set(self.runs()) - self._before:
                with suppress(OSError):
                    if text in (run / "events.jsonl").read_text():
                        return
            assert time.monotonic() < end, f"{text!r} did not happen"
            time.sleep(0.01)


class Terminal:
    """The program with a terminal of its own, as its session's leader, as in a terminal window."""

    def __init__(self, ground: Ground, *words: str) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ground.cwd)
            os.execve(sys.executable, ground.command(*words), ground.environment())
        self.text = ""
        self.ended: int | None = None

    def until(self, wanted: str, limit: float = 30) -> None:
        """Read until `wanted` was printed since the last call."""
        end = time.monotonic() + limit
        while wanted not in self.text:
            left = end - time.monotonic()
            assert left > 0, f"{wanted!r} did not come: {self.text!r}"
            if select.select([self.fd], [], [], left)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    raise AssertionError(f"ended before {wanted!r}: {self.text!r}") from None
        self.text = self.text.partition(wanted)[2]

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def hang_up(self) -> None:
        """The window is closed."""
        os.close(self.fd)
        self.fd = -1

    def status(self, limit: float = 20) -> int:
        """How it ended: the exit status, or minus the signal; what it prints is read meanwhile."""
        end = time.monotonic() + limit
        while self.ended is None:
            assert time.monotonic() < end, f"does not end: {self.text!r}"
            if self.fd >= 0 and select.select([self.fd], [], [], 0.05)[0]:
                with suppress(OSError):
                    self.text += os.read(self.fd, 65536).decode(errors="replace")
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.ended = os.waitstatus_to_exitcode(status)
            elif self.fd < 0:
                time.sleep(0.05)
        return self.ended

    def close(self) -> None:
        if self.ended is None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        if self.fd >= 0:
            os.close(self.fd)


def ground_for(base: Path) -> Iterator[Ground]:
    """A Ground which is clean afterwards, whatever the test found."""
    ground = Ground(base)
    yield ground
    for pid in ground.processes():
        with suppress(ProcessLookupError):
            os.kill(pid, 9)
