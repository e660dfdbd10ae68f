"""512 machines asked over ssh: what is added to the connections themselves, which a local sshd serves here."""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.bench.harness import Row
from tests.machine.sshd import Sshd, running
from wizard.machine.remote import ask

#: Each a loopback address of its own; all are served by this machine, whose processors make both ends of each.
_HOSTS = [f"127.77.{number // 256}.{number % 256}" for number in range(512)]
_PARALLEL = 64


def _ours(sshd: Sshd) -> float:
    began = time.perf_counter()
    answers = list(ask(_HOSTS, ssh=sshd.ssh, parallel=_PARALLEL, limit=120))
    seconds = time.perf_counter() - began
    if wrong := [answer.why for answer in answers if answer.machine is None]:
        raise RuntimeError(f"{len(wrong)} hosts did not answer: {wrong[0]}")
    return seconds


def _bare(sshd: Sshd) -> float:
    """The same connections, by xargs; the other end reads nothing and ends. Each in a session of its own, as ours are:
    a busy kernel shares its processors out between sessions."""
    words = ["xargs", "-P", str(_PARALLEL), "-I{}", "setsid", *shlex.split(sshd.ssh), "-n"]
    words += ["-oKexAlgorithms=curve25519-sha256", "{}", "true"]
    began = time.perf_counter()
    subprocess.run(words, input="\n".join(_HOSTS), text=True, check=True, capture_output=True)
    return time.perf_counter() - began


def rows() -> Iterator[Row]:
    if os.geteuid() != 0:
        print("resources_ssh: no figures: its sshd runs as a user of its own, which takes root", file=sys.stderr)
        return
    with running() as sshd:
        if sshd is None:
            print("resources_ssh: no figures: openssh-server is not to be had from the mirror", file=sys.stderr)
            return
        pairs = [(_ours(sshd), _bare(sshd)) for _ in range(3)]
    mine, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    detail = f"{mine:.1f} s against {bare:.1f} s for 512 bare connections of ssh (median of 3), {mine / bare:.2f} x"
    yield Row("512 machines over ssh, beside ssh itself", mine - bare, "s", 5, detail)
