"""`kameleon-tui capture` for real: of a directory's tree, and of a machine that sshd answers for; what is left out is
told and is not in the archive, everything else is."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT
from tests.outputs import contents, little
from tests.outputs.appliance import Appliance
from tests.outputs.test_tar import unpack

pytestmark = pytest.mark.real

#: What makes a machine of the little appliance: files that are secret, and some that only look so.
SECRET = {
    "etc/ssh/ssh_host_ed25519_key": "a key",
    "etc/ssh/ssh_host_ed25519_key.pub": "its other half",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "var/lib/systemd/random-seed": "random",
    "root/.bash_history": "mysql -psecret",
    "home/ana/.python_history": "1",
    "home/ana/.gnupg/private-keys-v1.d/1.key": "a key",
    "home/ana/.netrc": "password",
    "etc/shadow-": "old",
    "opt/app/two\nlines*.yaml": "key: |\n    {key}",
    "srv/service.json": '{{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIE\\n"}}',
    "home/ana/a key": "{key}",
}
KEPT = {
    "home/ana/.profile": "umask 022\n",
    "opt/app/program.py": 'HEAD = b"-----BEGIN RSA PRIVATE KEY-----" + LINE\n',
    "usr/share/doc/manual": "-----BEGIN PRIVATE KEY-----\nas everybody has it\n",
    "lib/systemd/system/ssh.service": "[Service]\n",
    "etc/shadow": "root:*:1::::::\nana:$y$j9T$hash:1::::::\n",
    "etc/os-release": 'PRETTY_NAME="Little 1"\n',
    "boot/efi/loader": "x",
}


@pytest.fixture(scope="module")
def machine(folder: Path) -> Path:
    """The root of a machine that was in use."""
    tree = little.make(folder / "machine").tree
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    key = (folder / "key").read_text()
    for name, text in {**SECRET, **KEPT}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        if name in SECRET:
            text = text.format(key=key.replace("\n", "\n    ") if name.endswith(".yaml") else key)
        (tree / name).write_text(text)
    return tree


def capture(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wizard", "capture", *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_everything_but_the_secrets(machine: Path, folder: Path) -> None:
    before = contents.of_tree(machine)
    done = capture(folder, machine, "--type", "tar", "--output", "tar", "-v")
    assert done.returncode == 0, done.stdout
    for name in SECRET:
        # (Of a directory that is left out whole, the directory is told.)
        assert f"/{name}".replace("\n", " ").removesuffix("/1.key") in done.stdout, (name, done.stdout)
    assert "the passwords (hashed) of ana\n" in done.stdout
    held = contents.of_tree(unpack(folder / "tar/little.tar.zst", folder / "tree"))
    assert not {os.fsencode(name) for name in SECRET} - {b"etc/machine-id"} & held.keys()
    # Directories whose entries went keep their dates; what a machine has of its own is there.
    anew = ("home/ana/.gnupg/*", "etc", "etc/machine-id", "etc/systemd*", ".", "var/tmp/*", "var/lib/dhcp/*", *SECRET)
    but = (*contents.LEFT_OUT, *(one.replace("*", "[*]") if "lines" in one else one for one in anew))
    assert contents.differences(before, held, but=but) == []
    assert held[b"etc/machine-id"].what == before[b"opt/odd/zero"].what
    assert b"etc/systemd/system/ssh.service.d/make-host-keys.conf" in held
    assert before == contents.of_tree(machine)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder / "tar", check=True)


def test_secrets_are_kept_when_asked_for(machine: Path, folder: Path) -> None:
    done = capture(
        folder, machine, "--type", "tar", "--keep-secrets", "--output", "all", "-g", "archive_compression:gz"
    )
    assert done.returncode == 0, done.stdout
    held = contents.of_tree(unpack(folder / "all/little.tar.gz", folder / "tree of all"))
    but = (*contents.LEFT_OUT, ".", "var/tmp/*", "var/lib/dhcp/*")
    assert contents.differences(contents.of_tree(machine), held, but=but) == []


def test_for_kadeploy(machine: Path, folder: Path) -> None:
    words = ["--output", "kadeploy", "--name", "mine", "-g", "static_dev:yes", "--exclude", "/usr/share/*"]
    done = capture(folder, machine, *words)
    assert done.returncode == 0, done.stdout
    assert "left out    what you named: /usr/share/doc\n" in done.stdout
    made = folder / "kadeploy"
    assert {path.name for path in made.iterdir()} == {
        "mine.dsc", "mine.kaenv", "mine.kadeploy.md5", "mine.kadeploy.tar.gz", "mine.postinstall.tgz", "SHA256SUMS"
    }  # fmt: skip
    listed = subprocess.run(["tar", "-tzf", made / "mine.kadeploy.tar.gz"], capture_output=True, text=True, check=True)
    names = listed.stdout.splitlines()
    assert not [name for name in names if name.startswith(("./", "/", "kameleon-new"))]
    assert not {"etc/fstab", "boot/grub/", "root/.ssh/", "usr/share/doc/", "tmp/left"} & set(names)
    assert {"vmlinuz", "initrd.img", "dev/null", "dev/console", "etc/machine-id", "tmp/", "usr/share/"} <= set(names)
    place = folder / "kernel"
    place.mkdir()
    subprocess.run(["tar", "-C", place, "-xzf", made / "mine.kadeploy.tar.gz", "vmlinuz", "boot"], check=True)
    assert (place / "vmlinuz").read_text() == "the newer kernel"


def test_nothing_is_made_that_was_not_asked_for(machine: Path, folder: Path) -> None:
    place = folder / "nothing"
    place.mkdir()
    done = capture(place, machine, "--dry-run")
    assert done.returncode == 0
    assert "left out    SSH host keys: " in done.stdout
    for words, said in {
        (machine, "-g", "kadeploy_kind:dd"): "captured as tar only",
        (
            machine,
            "-g",
            "archive_compression:zst",
        ): "archive_compression takes gz or xz with kadeploy_dialect kadeploy3.3, not zst",
        (machine, "-g", "color:blue"): "no option of the output type kadeploy is called so",
        (machine / "opt",): "no kernel with an initramfs",
        (machine / "none",): "there is no such directory",
        (machine, "--name", "a/b"): "is no name of a file",
        ("-oProxyCommand=touch pwned",): "",
        ("host", "--ssh", "'"): "--ssh: the command ' cannot be split into words",
        ("host;touch pwned",): "/ or the name of a host was expected",
    }.items():
        done = capture(place, *words)
        assert done.returncode == 2, (words, done.stdout)
        assert said in done.stdout
    done = capture(place, "host", "--ssh", "/nowhere/ssh")
    assert (done.returncode, done.stdout) == (3, "kameleon-tui: /nowhere/ssh: No such file or directory\n")
    chatty = folder / "chatty"
    chatty.write_text("#!/bin/sh\necho welcome\nexec sh -s\n")
    chatty.chmod(0o755)
    for shell, printed in ((chatty, "'welcome\\n'"), ("true", "nothing")):
        done = capture(place, "host", "--ssh", shlex.quote(str(shell)))
        assert (done.returncode, done.stdout.splitlines()[0]) == (
            1, f"kameleon-tui: capturing host: its shell printed {printed} where only our script should"
        )  # fmt: skip
    assert list(place.iterdir()) == []


def test_an_archive_inside_the_tree_is_not_in_itself(machine: Path, folder: Path) -> None:
    done = capture(folder, machine, "--type", "tar", "--output", machine / "srv/images")
    assert done.returncode == 0, done.stdout
    archive = machine / "srv/images/little.tar.zst"
    listed = subprocess.run(["tar", "-taf", archive], capture_output=True, text=True, check=True).stdout.splitlines()
    assert "srv/" in listed
    assert not [name for name in listed if name.startswith("srv/images")]


def test_a_full_disk_leaves_nothing(machine: Path, folder: Path) -> None:
    place = folder / "full"
    place.mkdir()
    script = 'mount -t tmpfs -o size=256k none "$1" && shift && "$@"; status=$?; find "$0" -mindepth 2; exit $status'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, place, place, sys.executable, "-m", "wizard", "capture", machine,
         "--type", "tar", "--output", place / "out"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stdout
    assert "No space left on device" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("kameleon-tui: ")  # and find found nothing


def _writing_below(place: Path) -> list[str]:
    """Processes that have a file there open."""
    found = []
    for file in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.readlink(file).startswith(f"{place}/"):
                found.append(file.parts[2])
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_capture_that_is_ended_leaves_the_earlier_archive(
    machine: Path, folder: Path, number: signal.Signals
) -> None:
    place = folder / f"ended {number.name}"
    place.mkdir()
    (place / "little.tar.xz").write_text("earlier")
    # A way to reach the machine whose root is that tree; what is packed there has no end.
    endless = folder / "endless"
    endless.write_text(f"""#!/bin/sh
        script=$(sed "s|^set -- /$|set -- {machine}|; s|^cd -- / |cd -- {machine} |")
        case $script in *"tar --create"*) exec cat /dev/zero ;; esac
        printf '%s\\n' "$script" | sh -s
    """)
    endless.chmod(0o755)
    words = ["capture", "host", "--ssh", shlex.quote(str(endless)), "--type", "tar", "--output", str(place),
             "-g", "archive_compression:xz"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "wizard", *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    limit = time.monotonic() + 60
    while not list(place.glob(".partial-*/little.tar.xz")):
        assert process.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.05)
    process.send_signal(number)
    status = process.wait(30)
    assert status == (-9 if number == signal.SIGKILL else 128 + number)
    assert (place / "little.tar.xz").read_text() == "earlier"
    while writers := _writing_below(place):
        assert time.monotonic() < limit + 60, writers
        time.sleep(0.05)
    if number == signal.SIGKILL:
        done = capture(folder, machine, "--type", "tar", "--name", "little", "--output", place)
        assert done.returncode == 0, done.stdout
    assert not list(place.glob(".*"))


@contextmanager
def answering(appliance: Appliance, folder: Path) -> Iterator[int]:
    """The appliance's sshd on a port of 127.0.0.1, its tree changed for nobody else; root takes `folder`/key."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    script = """
    set -e
    mount -t tmpfs none "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"
    mount --rbind /dev "$1/root/dev"
    mount -t proc proc "$1/root/proc"
    mkdir -p "$1/root/run/sshd" "$1/root/root/.ssh"
    cp "$3.pub" "$1/root/root/.ssh/authorized_keys"
    chmod 700 "$1/root/root/.ssh"
    chroot "$1/root" ssh-keygen -A
    exec chroot "$1/root" /usr/sbin/sshd -D -e -p "$4" -o ListenAddress=127.0.0.1
    """
    place = folder / "sshd"
    place.mkdir()
    server = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh",
         place, appliance.tree, folder / "key", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stderr is not None
    try:
        for line in server.stderr:
            if line.startswith("Server listening"):
                break
        else:
            raise AssertionError("sshd did not start")
        yield port
    finally:
        server.kill()
        server.wait()
        server.stderr.close()


def test_over_ssh(appliance: Appliance, machine: Path, folder: Path) -> None:
    with answering(appliance, folder) as port:
        ssh = f"ssh -F /dev/null -p {port} -i {folder}/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
        words = ["--ssh", f"{ssh} -o LogLevel=ERROR", "--exclude", "/usr/lib/*", "--exclude", "/usr/share/*"]
        began = time.monotonic()
        done = capture(folder, "root@127.0.0.1", *words, "-g", "kadeploy_dialect:g5k", "--output", "ssh")
        assert done.returncode == 0, done.stdout
        assert time.monotonic() - began < 100
        refused = capture(folder, "nobody@127.0.0.1", "--ssh", f"{ssh} -o BatchMode=yes", "--output", "refused")
        assert refused.returncode == 1
        assert "nobody@127.0.0.1" in refused.stdout
    assert not (folder / "refused").exists()
    assert "left out    SSH host keys: /etc/ssh/ssh_host_" in done.stdout
    held = contents.of_tree(unpack(folder / "ssh/hello.kadeploy.tar.zst", folder / "tree over ssh"))
    assert not [name for name in held if name.startswith((b"etc/ssh/ssh_host_", b"root/.ssh", b"dev/", b"proc/"))]
    changed = ("usr/lib/*", "usr/share/*", "var/lib/apt/lists/*", "var/cache/*", "etc", "etc/machine-id", "root", ".",
               "etc/systemd/system/*", "etc/ssh", "vmlinuz*", "initrd.img*", "boot", "boot/grub", "root/.ssh*",
               "etc/fstab", "run", "dev", "proc", "tmp", "sys", "var/lib/*")  # fmt: skip
    assert contents.differences(appliance.contents, held, but=(*contents.LEFT_OUT, *changed)) == []
    assert "kernel: /vmlinuz\n" in (folder / "ssh/hello.dsc").read_text()
