"""Debian with PostgreSQL and OAR's packages in a container: real daemons, no secrets, nothing configured.

The tree is made once a machine (one mmdebstrap, some three minutes) in the tests' cache. A container
is an overlay of it in memory, in namespaces of its own, without network: it is gone with its first process.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.contracts.tree import ROOT
from tests.image.iso import cache, locked
from wizard.data import SHIPPED

RUN = "/var/lib/kameleon-tui/firstboot"
DONE = re.compile(r"^kameleon: first boot done: role=both host=kameleon resources=(\d+)$", re.M)
PACKAGES = (
    "systemd-sysv dbus udev iproute2 procps kbd console-setup openssh-server openssh-client postgresql oar-server "
    "oar-server-pgsql oar-node oar-user oar-user-pgsql python3 python3-yaml python3-psutil python3-pyudev sudo "
    "libfaketime"
)
#: Each release's PostgreSQL.
POSTGRESQL = {"bookworm": "15", "trixie": "17"}
#: What packages made when they were installed, as recipes/steps/setup/oar_image.yaml throws it away.
FORGET = (
    'chroot "$1" sh -c "pg_dropcluster --stop {version} main; rm -f /etc/ssh/ssh_host_* /etc/oar/oar_ssh_host_* '
    '/var/lib/oar/.ssh/id_* /var/lib/oar/.ssh/authorized_keys /etc/machine-id"; : >"$1/etc/machine-id"; '
    'echo localhost >"$1/etc/hostname"'
)

_INIT = """
set -e
base=$1 work=$2 kind=$3
mount -t tmpfs -o size=1500m tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" overlay "$work/root"
cd "$work/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
if [ "$kind" = systemd ]; then mount -t cgroup2 cgroup2 sys/fs/cgroup; fi
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm run/lock
chmod 1777 dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
for name in null zero random urandom full tty; do : >dev/$name; mount --bind /dev/$name dev/$name; done
for link in fd:/proc/self/fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -s "${link#*:}" "dev/${link%%:*}"; done
ip link set lo up
echo localhost >/proc/sys/kernel/hostname
echo ready
read -r go
if [ "$kind" = systemd ]; then
    exec env -i container=docker PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /lib/systemd/systemd
fi
# It takes in what daemons leave.
exec chroot . /bin/bash -c 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'
"""


def base_tree(suite: str) -> Path:
    """The tree, made when it is not there; other test processes wait for the one that makes it."""
    forget = FORGET.format(version=POSTGRESQL[suite])
    key = hashlib.sha256(f"{PACKAGES} {forget}".encode()).hexdigest()[:12]
    tree = cache() / f"oar-{suite}-{key}"
    with locked(f"oar-{suite}"):
        if not tree.exists():
            for old in cache().glob(f"oar-{suite}-*"):
                shutil.rmtree(old)
            new = tree.with_suffix(".new")
            made = subprocess.run(
                ["mmdebstrap", "--variant=minbase", "--mode=root", "--format=directory", "--quiet",
                 f"--include={','.join(PACKAGES.split())}", f"--customize-hook={forget}",
                 suite, str(new), *_mirror()],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1500, env=_environment(),
            )  # fmt: skip
            assert made.returncode == 0, made.stderr
            new.rename(tree)
    return tree


def _mirror() -> list[str]:
    """The Debian mirror of this host's apt, as a recipe finds it; none: mmdebstrap's own."""
    form = "$(COMPONENT) $(REPO_URI)"
    listed = subprocess.run(
        ["apt-get", "indextargets", "--no-release-info", "--format", form, "Created-By: Packages"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    addresses = [line.split()[1].rstrip("/") for line in listed.splitlines() if line.startswith("main http")]
    return [address for address in addresses if address.endswith("/debian")][:1]


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


class Container:
    """A running container. `root`: its tree, seen from here through its first process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.root = Path(f"/proc/{pid}/root")

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        command = ["nsenter", "-t", str(self.pid), "-m", "-p", "-u", "-i", "-n", "-r", "-w", "--", *words]
        options = {"stdin": subprocess.DEVNULL, "text": True, "env": _environment(), **options}
        return subprocess.Popen(command, **options)

    def run(self, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def sh(self, script: str, timeout: float = 120) -> str:
        """What the script prints; it must succeed."""
        done = self.run("/bin/bash", "-e", "-o", "pipefail", "-c", textwrap.dedent(script), timeout=timeout)
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")

    def events(self) -> list[dict[str, Any]]:
        """Of the first boot, so far; what is not whole yet is left out."""
        try:
            lines = self.path(f"{RUN}/events.jsonl").read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines]

    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted(self.path(f"{RUN}/logs").glob("*.log")))


def first_boot(box: Container, *options: str) -> subprocess.CompletedProcess[str]:
    return box.run("kameleon-tui", "firstboot", *options, timeout=400)


def expect_done(done: subprocess.CompletedProcess[str], box: Container) -> None:
    assert done.returncode == 0, done.stdout + done.stderr + box.log()
    assert DONE.search(done.stdout), done.stdout


@contextlib.contextmanager
def container(
    work: Path, kind: str = "plain", prepare: Callable[[Path], None] = lambda root: None, suite: str = "bookworm"
) -> Iterator[Container]:
    """A container with this checkout's program in it, marked as one to be configured.

    `kind`: plain, or systemd for systemd as its first process. `work`: an empty directory. `prepare` gets the tree
    before anything runs in it.
    """
    command = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--propagation", "private", "--fork",
               "--kill-child", "bash", "-c", _INIT, "init", str(base_tree(suite)), str(work), kind]  # fmt: skip
    group = _control_group() if kind == "systemd" else None
    if group is not None:
        enter = f'echo $$ >{group}/cgroup.procs; exec "$@"'
        command = ["bash", "-c", enter, "bash", "unshare", "--cgroup", *command[1:]]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=_environment(), start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.readline()
        assert said == "ready\n", process.stderr.read()
        pid = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        tree = Path(f"/proc/{pid}/cwd")
        _install(tree)
        prepare(tree)
        process.stdin.write("go\n")
        process.stdin.flush()
        _until_chrooted(pid)
        yield Container(pid)
    finally:
        process.kill()  # unshare takes its child along
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        if group is not None:
            _remove(group)


def _until_chrooted(pid: int) -> None:
    end = time.monotonic() + 10
    while not Path(f"/proc/{pid}/root/etc/oar/oar.conf").exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def _control_group() -> Path:
    for top in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")):
        if (top / "cgroup.controllers").exists():
            group = top / f"kameleon-tui-test-{os.getpid()}"
            group.mkdir()
            return group
    raise AssertionError("this machine has no cgroup2: systemd cannot run in a container")


def _remove(group: Path) -> None:
    for _ in range(50):
        with contextlib.suppress(OSError):
            for directory, _, _ in os.walk(group, topdown=False):
                os.rmdir(directory)
            return
        time.sleep(0.1)


def _install(tree: Path) -> None:
    """The program as an image has it (files of its own, so that a test may change a recipe)."""
    library = tree / "usr/lib/kameleon-tui"
    library.mkdir()
    for name in ("wizard", *SHIPPED):
        shutil.copytree(ROOT / name, library / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "var/log/oar.log").unlink(missing_ok=True)  # images begin without logs
    launcher = tree / "usr/bin/kameleon-tui"
    launcher.write_text('#!/bin/sh\nPYTHONPATH=/usr/lib/kameleon-tui exec python3 -m wizard "$@"\n')
    launcher.chmod(0o755)
    (tree / "etc/kameleon-tui").mkdir()
    (tree / "etc/kameleon-tui/firstboot").touch()


def with_units(tree: Path) -> None:
    """The first boot as units of systemd in a tree that has the program: recipes/steps/setup/firstboot.yaml."""
    units = tree / "etc/systemd/system"
    shutil.copytree(tree / "usr/lib/kameleon-tui/recipes/firstboot/system", units, dirs_exist_ok=True)
    (units / "multi-user.target.wants/kameleon-firstboot.service").symlink_to("../kameleon-firstboot.service")
    # The machine's sshd makes its keys itself, as every appliance has it.
    steps = yaml.safe_load((ROOT / "recipes/steps/setup/cleaning.yaml").read_text())
    script = next(step["secrets"][0]["exec_in"] for step in steps if "secrets" in step)
    subprocess.run(["chroot", tree, "bash", "-e", "-c", script], check=True)
    with_early(tree)


def with_early(tree: Path) -> None:
    """What a first boot begins before it asks, as an image has it: /usr/lib/kameleon-tui/early/run.sh."""
    words = [str(ROOT / "recipes/firstboot/early.yaml"), str(tree / "usr/lib/kameleon-tui/early")]
    subprocess.run(
        [sys.executable, "-m", "wizard", "recipe", "script", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True
    )
