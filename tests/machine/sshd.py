"""An sshd of the tests' own: Debian's package unpacked, a port and keys of its own, every loopback address a host.

A host is a recorded machine when its address was given one (`Sshd.trees`): there the script that comes over the line
looks below that tree instead of below /. All others are this machine.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: It runs as a user that may log in: root's sshd wants a user `sshd`, which this machine may not have.
_USER = "postgres"
_PACKAGES = ("openssh-server", "libwrap0")


@dataclass
class Sshd:
    """`ssh`: the command that reaches it; `trees` holds a link for each address that is another machine."""

    ssh: str
    trees: Path

    def add(self, address: str, tree: Path) -> None:
        (self.trees / address).symlink_to(tree)


def unpack(directory: Path) -> Path | None:
    """Where sshd is, with its libraries beside it; None when this machine's mirror does not have it."""
    words = ["apt-get", "-qq", "download", *_PACKAGES]
    if subprocess.run(words, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True).returncode:
        return None
    for package in directory.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, directory / "tree"], check=True)
    return directory / "tree"


@contextmanager
def running() -> Iterator[Sshd | None]:
    """None when there is no sshd to be had."""
    directory = Path(tempfile.mkdtemp(prefix="kt-sshd-"))
    directory.chmod(0o755)
    try:
        tree = unpack(directory)
        if tree is None:
            yield None
            return
        trees = directory / "trees"
        trees.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        for key in ("host", "key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / key], check=True)
        shutil.chown(directory / "host", _USER)
        answer = directory / "answer"
        answer.write_text(
            "#!/bin/sh\n# The third word is the address that was called.\nset -- $SSH_CONNECTION\n"
            f'if [ -e "{trees}/$3" ]; then exec sed "s|^cd / |cd {trees}/$3/ |" | sh -s; fi\nexec sh -s\n'
        )
        answer.chmod(0o755)
        (directory / "sshd_config").write_text(
            f"ListenAddress 0.0.0.0\nPort {port}\nHostKey {directory}/host\nPidFile {directory}/pid\n"
            f"AuthorizedKeysFile {directory}/key.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            f"MaxStartups 1000\nForceCommand {answer}\n"
        )
        (directory / "ssh_config").write_text(
            f"Host *\n Port {port}\n User {_USER}\n IdentityFile {directory}/key\n IdentitiesOnly yes\n"
            "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\nGSSAPIAuthentication no\n"
        )
        libraries = next((tree / "usr/lib").glob("*/libwrap.so.0")).parent
        with (directory / "log").open("w") as log:
            daemon = subprocess.Popen(
                [tree / "usr/sbin/sshd", "-D", "-e", "-f", directory / "sshd_config"],
                env={"LD_LIBRARY_PATH": str(libraries), "PATH": "/usr/bin:/bin"},
                user=_USER,
                group=_USER,
                extra_groups=[],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            _wait(port, daemon, directory / "log")
            yield Sshd(f"ssh -F {directory}/ssh_config", trees)
        finally:
            daemon.terminate()
            daemon.wait(10)
    finally:
        shutil.rmtree(directory)


def _wait(port: int, daemon: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert daemon.poll() is None, log.read_text()
            time.sleep(0.05)
    raise AssertionError(log.read_text())
