"""The run's namespaces: mounts and processes that end with the runner, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Protocol

from wizard.errors import MACHINE, UserError
from wizard.host.tools import require


class Place(Protocol):
    """Where scripts run: in a sandbox's namespaces, or in place."""

    pid: int

    def enter(self) -> list[str]:
        """The command line in front of a command that is to run there."""

    def close(self) -> None:
        """Ends what runs there."""


class Sandbox:
    """A mount, pid, uts and ipc namespace with a first process that only waits.

    The parent-death signal is that of the *thread* that starts it: make it in the main thread, or in one that lives as
    long as the run. Killing any of runner, unshare or the first process leaves nothing (6 to 8 ms to start).
    """

    def __init__(self) -> None:
        require(("setpriv", "unshare", "nsenter", "mkfifo"), "a build")
        # The host's name stays out of what package scripts write; localhost is a name every resolver knows.
        # A runner killed before the parent-death signals were set reads nothing: then echo fails, and this ends. (It
        # would not end by SIGPIPE: the first process of a pid namespace is spared.)
        init = "echo localhost >/proc/sys/kernel/hostname; echo && exec sleep infinity"
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--uts", "--ipc",
             "--propagation", "slave", "--fork", "--kill-child", "--mount-proc", "sh", "-c", init],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        ready = self._process.stdout.readline()
        if not ready:
            said = self._process.stderr.read().decode("utf-8", "replace").strip()
            self.close()
            raise UserError(
                f"this machine gives no namespaces: {said or 'unshare ended'}",
                status=MACHINE,
                hint="root is needed, and in a container its runtime must allow unshare(2) and mount(2)",
            )
        pid = self._process.pid
        self.pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def enter(self) -> list[str]:
        """The command line in front of a command that is to run inside; its descriptors pass through."""
        return enter(self.pid)

    def close(self) -> None:
        """End every process and every mount in it; returns when they are gone."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


def enter(pid: int) -> list[str]:
    """The command line in front of a command that is to run in the namespaces whose first process is `pid`."""
    return ["nsenter", "-t", str(pid), "-m", "-p", "-u", "-i", "--"]
