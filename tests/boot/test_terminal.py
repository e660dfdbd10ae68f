"""`boot` with the real QEMU on a terminal: Ctrl-C is the guest's, Ctrl-A X ends it, and the terminal is as before."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.contracts.tree import ROOT
from tests.image.iso import locked

pytestmark = pytest.mark.real


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: ours and the program's."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize(("how", "status"), [("keys", 0), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_ways_out(terminal: tuple[int, int], tmp_path: Path, how: str, status: int) -> None:
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    (tmp_path / "a, b.raw").write_bytes(b"\0" * 2**20)
    with locked("qemu"):
        # setsid becomes the program itself: a process that pytest starts leads no group.
        process = subprocess.Popen(
            ["setsid", "--ctty", sys.executable, "-m", "wizard", "boot", "a, b.raw", "--memory", "256", "-q"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        end = time.monotonic() + 60
        while termios.tcgetattr(theirs)[3] & termios.ISIG:  # QEMU takes the keys that would be signals
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        os.write(ours, b"\x03")
        time.sleep(0.3)
        assert process.poll() is None
        if how == "keys":
            os.write(ours, b"\x01x")
        else:
            process.send_signal(getattr(signal, how))
        assert process.wait(20) == status
        assert psutil.wait_procs(family, 5)[1] == []
    assert termios.tcgetattr(theirs) == before
