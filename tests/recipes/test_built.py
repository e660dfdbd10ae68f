"""The shipped recipes built for real: what is in the appliance, what is not, and that it comes out the same twice."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.recipes.shell import scripts
from wizard.image.capture import HOST_KEYS

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
HOSTNAME = """it's "odd" $(touch /pwned) `id` $HOME \\n"""
MOTD = "first $$line\n$(touch /pwned); second 'line'"
ODD = ["-g", f"hostname:{HOSTNAME}", "-g", f"motd:{MOTD}", "-g", "packages:openssh-server\nless"]


def _build(folder: Path, recipe: str, *words: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder / "state")}
    built = subprocess.run(
        [sys.executable, "-m", "wizard", "build", recipe, *words],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    return built


def _unpack(archive: Path, folder: Path) -> Path:
    folder.mkdir()
    subprocess.run(["tar", "--extract", "--file", archive, "--directory", folder], check=True)
    return folder


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def hello(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where hello was built, with odd answers and a few packages: output in `out put`, unpacked in `tree`.

    Built once for all of xdist's workers: whoever comes first does it.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "hello 'quoted' $(dir)"
    with (folder.parent / "hello.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "tree").exists():
            _build(folder, "hello", *ODD, "--output", "out put")
            _unpack(folder / "out put" / "hello.tar.zst", folder / "tree")
    return folder


def test_checksums_hold_and_the_run_is_told_beside_the_archive(hello: Path) -> None:
    output = hello / "out put"
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=output, check=True, capture_output=True)
    assert {file.name for file in output.iterdir()} >= {
        "SHA256SUMS",
        "hello.tar.zst",
        "packages.tsv",
        "hello.resolved.json",
        "hello.log",
    }
    summed = {line.split("  ", 1)[1] for line in (output / "SHA256SUMS").read_text().splitlines()}
    assert summed == {file.name for file in output.iterdir()} - {"SHA256SUMS"}
    assert json.loads((output / "hello.resolved.json").read_text())["globals"]["motd"] == MOTD


def test_answers_are_in_the_appliance_to_the_letter_and_nothing_of_them_ran(hello: Path) -> None:
    tree = hello / "tree"
    assert (tree / "etc/hostname").read_text() == HOSTNAME + "\n"
    assert (tree / "etc/motd").read_text() == MOTD + "\n"
    assert not (tree / "pwned").exists()
    assert not Path("/pwned").exists()


def test_the_packages_chosen_are_there_and_listed(hello: Path) -> None:
    assert (hello / "tree/usr/sbin/sshd").exists()
    lines = (hello / "out put" / "packages.tsv").read_text().splitlines()
    assert lines[0].split("\t") == ["package", "version", "architecture", "installed_kib"]
    rows = [line.split("\t") for line in lines[1:]]
    assert {"bash", "less", "openssh-server"} <= {row[0] for row in rows}
    assert all(len(row) == 4 and row[3].isdecimal() for row in rows)
    # Chosen packages, not those that they recommend.
    assert "xauth" not in {row[0] for row in rows}


def test_nothing_of_this_host_stays(hello: Path) -> None:
    tree = hello / "tree"
    assert (tree / "etc/machine-id").read_bytes() == b""
    for name in ("etc/resolv.conf", "etc/apt/apt.conf.d/99mmdebstrap", "usr/sbin/policy-rc.d", "root/.bash_history"):
        assert not (tree / name).exists(), name
    for folder in ("var/lib/apt/lists", "var/cache/apt", "tmp", "var/tmp", "run", "proc", "sys", "dev"):
        assert [file for file in (tree / folder).rglob("*") if file.is_file()] == [], folder
    assert {file.name for file in (tree / "var/log").rglob("*") if file.is_file()} <= {
        "btmp", "faillog", "lastlog", "wtmp",
    }  # fmt: skip
    host = socket.gethostname()
    if len(host) > 3:  # a shorter one is part of too many words
        etc = [file for file in (tree / "etc").rglob("*") if file.is_file() and not file.is_symlink()]
        assert [file for file in etc if host.encode() in file.read_bytes()] == []


def test_no_secret_and_no_way_in(hello: Path) -> None:
    tree = hello / "tree"
    files = [file for file in (tree / "etc").rglob("*") if file.is_file() and not file.is_symlink()]
    assert [file for file in files if b"PRIVATE KEY" in file.read_bytes()] == []
    passwords = {line.split(":")[1] for line in (tree / "etc/shadow").read_text().splitlines()}
    assert passwords <= {"*", "!", "!*"}
    assert (tree / "etc/systemd/system/ssh.service.d/make-host-keys.conf").read_text() == HOST_KEYS


def test_the_appliance_is_a_working_system(hello: Path) -> None:
    script = "dpkg --audit && apt-get check && sshd -V 2>&1; sed -n 's/^VERSION_CODENAME=//p' /etc/os-release"
    inside = subprocess.run(
        ["chroot", hello / "tree", "/bin/bash", "-c", script], capture_output=True, text=True, check=True
    )
    assert inside.stdout.splitlines()[-1] == "bookworm"


def test_the_sources_of_the_appliance_name_the_mirror_with_its_keys(hello: Path) -> None:
    lines = (hello / "tree/etc/apt/sources.list").read_text().split("\n")
    sources = [line.split() for line in lines if line]
    assert sources[0][0] == "deb"
    assert sources[0][1] == "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    assert sources[0][3:] == ["bookworm", "main"]
    assert "@" not in "".join(lines)
    assert (hello / "tree/usr/share/keyrings/debian-archive-keyring.gpg").exists()


def test_owners_and_modes_are_those_of_the_appliance(hello: Path, tmp_path: Path) -> None:
    unpacked = subprocess.run(
        ["zstd", "-dcq", hello / "out put" / "hello.tar.zst"], stdout=subprocess.PIPE, check=True
    ).stdout
    (tmp_path / "hello.tar").write_bytes(unpacked)
    with tarfile.open(tmp_path / "hello.tar") as archive:
        members = {member.name: member for member in archive}
    assert members["./etc/shadow"].gid == 42
    assert members["./etc/shadow"].mode == 0o640
    assert members["./usr/bin/passwd"].mode == 0o4755
    assert members["./etc/hostname"].mode == 0o644
    assert list(members) == sorted(members, key=lambda name: [part.encode() for part in name.split("/")])
    assert {member.uname for member in members.values()} == {""}


def _mirrors() -> tuple[str, str]:
    """The mirror and the security archive of this host's apt, as hello finds them."""
    found = subprocess.run(
        ["bash", "-c", scripts("hello", "find_mirror") + '\nprintf "%s\\n" "$mirror" "$security"'],
        env={**os.environ, "KAMELEON_SUITE": "bookworm", "KAMELEON_MIRROR": "", "KAMELEON_SECURITY": ""},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    mirror, security = found.split("\n")[-3:-1]
    return mirror, security


def test_the_same_twice_and_no_password_in_what_is_delivered(hello: Path, tmp_path: Path) -> None:
    """With a name and a password in the addresses, which the mirror does not ask for, the archive is the same file."""
    secret = "Gr33nTe4"
    mirror, security = (address.replace("://", f"://somebody:{secret}@") for address in _mirrors())
    built = _build(tmp_path, "hello", *ODD, "-g", f"mirror:{mirror}", "-g", f"security:{security}")
    one, two = hello / "out put", tmp_path / "build/hello"
    assert _sha256(one / "packages.tsv") == _sha256(two / "packages.tsv")
    assert _sha256(one / "hello.tar.zst") == _sha256(two / "hello.tar.zst")
    assert [file for file in two.iterdir() if secret.encode() in file.read_bytes()] == []
    assert secret not in built.stdout + built.stderr


def test_a_recipe_of_the_classic_dialect(tmp_path: Path) -> None:
    name = "debian-bookworm-x86_64-classic"
    own = tmp_path / "my $(touch pwned) files"
    (own / "srv").mkdir(parents=True, mode=0o700)
    (own / "srv/own file").write_text("mine\n")
    _build(tmp_path, name, "-g", f"files:{own.name}", "-g", f"hostname:{HOSTNAME}")
    output = tmp_path / "build" / name
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=output, check=True, capture_output=True)
    tree = _unpack(output / f"{name}.tar.zst", tmp_path / "tree")
    assert (tree / "etc/hostname").read_text() == HOSTNAME + "\n"
    assert (tree / "etc/hosts").read_text().splitlines()[-1] == f"127.0.1.1 {HOSTNAME}"
    assert (tree / "srv/own file").read_text() == "mine\n"
    # The owner and mode of a directory that was there already stay the appliance's.
    assert tree.stat().st_mode & 0o777 == 0o755
    assert (tree / "srv").stat().st_mode & 0o777 == 0o755
    assert (tree / "etc/motd").read_text().startswith(f"This is {HOSTNAME}, ")
    assert (tree / "etc/motd").read_text().endswith(" in the time zone Etc/UTC.\n")
    assert os.readlink(tree / "etc/localtime") == "/usr/share/zoneinfo/Etc/UTC"
    assert (output / "packages.tsv").exists()
    assert not list(tmp_path.glob("**/pwned"))
