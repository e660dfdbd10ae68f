"""`boot`: what is started, and that nothing of it stays; a script in QEMU's place shows what it was given."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import psutil
import pytest

from tests.contracts.tree import ROOT
from wizard import cli
from wizard.errors import FAILED, MACHINE, USAGE
from wizard.host import qemu, tools


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "a, b.raw"
    path.write_bytes(b"\0" * 1000)
    return path


@pytest.fixture
def iso(tmp_path: Path) -> Path:
    """An ISO with the files ours have, but what is in them."""
    tree = tmp_path / "tree"
    for name, text in {
        "live/vmlinuz": "the kernel",
        "live/initrd.img": "the initramfs",
        "boot/grub/grub.cfg": "menuentry x {\n  linux /live/vmlinuz boot=live  console=tty0\n}\n",
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    path = tmp_path / "live.iso"
    subprocess.run(
        ["xorriso", "-outdev", f"stdio:{path}", "-map", str(tree), "/", "-commit"], capture_output=True, check=True
    )
    return path


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A qemu-system-x86_64 in front of all others; the test writes it: a script of bash."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
    path = directory / qemu.QEMU
    path.write_text("#!/bin/bash\nprintf '<%s>' \"$@\"\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_kvm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu, "kvm_works", lambda: False)


def start(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "wizard", "boot", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.usefixtures("fake", "no_kvm")
def test_a_disk_is_started_and_not_written_to(disk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["boot", str(disk), "--memory", "1024", "--cpus", "3"]) == 0
    said = capfd.readouterr()
    assert f"<file={str(disk).replace(',', ',,')},format=raw,if=virtio,snapshot=on>" in said.out
    assert "<-smp><3><-m><1024>" in said.out
    assert "<tcg,thread=multi>" in said.out
    assert "Ctrl-A X ends it" in said.err


@pytest.mark.usefixtures("fake")
def test_kvm_is_used_where_it_works(
    disk: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(qemu, "kvm_works", lambda: True)
    assert cli.main(["boot", str(disk), "-q"]) == 0
    said = capfd.readouterr()
    assert "<-accel><kvm><-cpu><host>" in said.out
    assert said.err == ""


def test_kvm_is_what_answers_in_time(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    fake.write_text("#!/bin/bash\nread -r word\n[[ $word == quit ]]\n")
    assert qemu.kvm_works()
    fake.write_text("#!/bin/bash\nexit 1\n")
    assert not qemu.kvm_works()
    fake.write_text("#!/bin/bash\nexec sleep 60\n")
    began = time.monotonic()
    assert not qemu.kvm_works(limit=0.3)
    assert time.monotonic() - began < 5
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    fake.write_text("#!/bin/bash\n")
    assert not qemu.kvm_works()


@pytest.mark.usefixtures("fake", "no_kvm")
def test_uefi_and_ssh(disk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert cli.main(["boot", str(disk), "--uefi", "--ssh", str(port)]) == 0
    said = capfd.readouterr()
    assert "/usr/share/OVMF/OVMF_CODE" in said.out
    assert f"hostfwd=tcp:127.0.0.1:{port}-:22" in said.out
    assert f"ssh -p {port} kameleon@127.0.0.1" in said.err


@pytest.mark.real
@pytest.mark.usefixtures("no_kvm")
def test_secure_boot(disk: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["boot", str(disk), "--secure-boot", "--dry-run"]) == 0
    words = shlex.split(capfd.readouterr().out)
    firmware = [word for word in words if "if=pflash" in word]
    assert ["readonly=on" in firmware[0], "snapshot=on" in firmware[1]] == [True, True]
    assert "q35,smm=on" in words
    # QEMU takes it, and does not write to the file.
    with subprocess.Popen([*words, "-S"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:  # fmt: skip
        said, _ = process.communicate(b"\x01x", 60)
    assert process.returncode == 0, said
    monkeypatch.setattr(qemu, "_SECURE", ("/nowhere/code", "/nowhere/variables"))
    assert cli.main(["boot", str(disk), "--secure-boot", "--dry-run"]) == MACHINE
    assert "apt-get install ovmf" in capfd.readouterr().err


@pytest.mark.usefixtures("no_kvm")
def test_words_for_the_kernel_go_after_those_of_the_menu(
    iso: Path, fake: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    # The files are deleted, and yet QEMU reads them.
    fake.write_text(
        '#!/bin/bash\nwhile (($#)); do case $1 in -kernel | -initrd) cat "$2"; echo;; -append) echo "<$2>";; esac\n'
        "shift; done; ls -A $TMPDIR\n"
    )
    assert cli.main(["boot", str(iso), "--append", "kameleon.autologin=no  x='$(id)'"]) == 0
    assert capfd.readouterr().out.splitlines() == [
        "the kernel", "the initramfs", "<boot=live console=tty0 kameleon.autologin=no  x='$(id)'>"
    ]  # fmt: skip


@pytest.mark.usefixtures("fake", "no_kvm")
def test_an_iso_without_more_starts_by_its_own_menu(iso: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["boot", str(iso), "--dry-run"]) == 0
    words = shlex.split(capfd.readouterr().out)
    assert words[0] == qemu.QEMU
    assert "-kernel" not in words
    assert any("media=cdrom" in word for word in words)


NETWORK = r"""
import http.client, pathlib, re, sys
words = " ".join(sys.argv[1:])
start = pathlib.Path(re.search(r"tftp=([^, ]+)", words)[1], "start.ipxe").read_text()
print(start + "-boot n" * ("-boot n" in words))
base = re.search(r"^set base (.*)$", start, re.M)[1].replace("10.0.2.2", "127.0.0.1")
for name in ("script", "x.vmlinuz", "x.squashfs", "secret", "../secret", "", "x.ipxe"):
    line = http.client.HTTPConnection(base.removeprefix("http://"))
    line.request("GET", f"/{name}")
    answer = line.getresponse()
    print(answer.read().decode().strip() if answer.status == 200 else answer.status)
pathlib.Path(sys.argv[0]).with_name("base").write_text(base)
"""


@pytest.mark.usefixtures("no_kvm")
def test_the_network_is_there_as_long_as_the_machine_is(
    tmp_path: Path, fake: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Only the files that the script names are served, and only on this machine."""
    script = tmp_path / "x.ipxe"
    script.write_text(
        "#!ipxe\nisset ${base} || set base http://elsewhere\nkernel ${base}/x.vmlinuz fetch=${base}/x.squashfs a\n"
    )
    for name in ("x.vmlinuz", "x.squashfs", "secret"):
        (tmp_path / name).write_text(f"this is {name}\n")
    # In the machine's place: what iPXE and the initramfs do.
    fake.write_text(f"#!{sys.executable}\n{NETWORK}")
    assert cli.main(["boot", str(script), "--append", "b c"]) == 0
    said = capfd.readouterr().out.splitlines()
    base = (tmp_path / "bin/base").read_text().strip()
    kernel = "kernel ${base}/x.vmlinuz fetch=${base}/x.squashfs a b c"
    assert said == [
        "#!ipxe", f"set base {base.replace('127.0.0.1', '10.0.2.2')}", "chain ${base}/script", "-boot n",
        "#!ipxe", "isset ${base} || set base http://elsewhere", kernel,
        "this is x.vmlinuz", "this is x.squashfs", "404", "404", "404", "404",
    ]  # fmt: skip
    with socket.socket() as gone:
        assert gone.connect_ex(("127.0.0.1", int(base.rpartition(":")[2]))) != 0


@pytest.mark.usefixtures("no_kvm")
def test_qemus_failure_is_a_failure(disk: Path, fake: Path) -> None:
    fake.write_text("#!/bin/bash\nexit 7\n")
    assert cli.main(["boot", str(disk)]) == FAILED


@pytest.mark.usefixtures("fake", "no_kvm")
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["nowhere.iso"], USAGE, "nowhere.iso: there is no such file"),
        (["DISK", "--append", "x"], USAGE, "--append is for ISOs"),
        (["IPXE", "--uefi"], USAGE, "--uefi is for media"),
        (["IPXE", "--secure-boot"], USAGE, "--secure-boot is for media"),
        (["UML", "--secure-boot"], USAGE, "--secure-boot is for QEMU, and this is uml"),
        (["IPXE", "--dry-run"], USAGE, "--dry-run is for media"),
        (["IPXE"], USAGE, "it starts x.vmlinuz: not beside it"),
        (["DISK", "--run", "x"], USAGE, "--run is for uml and lxc"),
        (["UML", "--ssh", "22"], USAGE, "--ssh is for QEMU, and this is uml"),
        (["LXC", "--dry-run"], USAGE, "--dry-run is for QEMU, and this is lxc"),
        (["TAR"], USAGE, "archive (tar): nothing that is started by itself"),
    ],
)
def test_what_cannot_be_started(
    words: list[str], status: int, said: str, disk: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = {"DISK": disk, "UML": tmp_path / "x.uml", "LXC": tmp_path / "x.lxc.tar", "TAR": tmp_path / "x.tar"}
    files["UML"].write_text("#!/bin/bash\n# User Mode Linux\n")
    files["IPXE"] = tmp_path / "x.ipxe"
    files["IPXE"].write_text("#!ipxe\nkernel ${base}/x.vmlinuz boot=live\nboot\n")
    for path, names in ((files["LXC"], ("c/config", "c/rootfs")), (files["TAR"], ("x",))):
        with tarfile.open(path, "w") as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(name))
    assert cli.main(["boot", *(str(files.get(word, word)) for word in words)]) == status
    assert said in capfd.readouterr().err


@pytest.mark.usefixtures("fake", "no_kvm")
def test_an_iso_of_others_has_no_kernel_where_ours_is(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_text("x")
    iso = tmp_path / "other.iso"
    words = ["xorriso", "-outdev", f"stdio:{iso}", "-map", str(tmp_path / "x"), "/x", "-commit"]
    subprocess.run(words, capture_output=True, check=True)
    assert cli.main(["boot", str(iso), "--append", "x"]) == USAGE
    said = capfd.readouterr().err
    assert f"{iso}: /live/vmlinuz" in said
    assert "without --append" in said


def test_a_port_that_is_taken(disk: Path, fake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert cli.main(["boot", str(disk), "--ssh", str(taken.getsockname()[1])]) == MACHINE
    assert "cannot be used" in capfd.readouterr().err


def test_without_qemu_it_says_what_to_install(
    disk: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools, "which", lambda name: "" if name == qemu.QEMU else f"/usr/bin/{name}")
    assert cli.main(["boot", str(disk)]) == MACHINE
    assert "apt-get install qemu-system-x86" in capfd.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_ends_qemu_too(disk: Path, fake: Path, number: signal.Signals) -> None:
    fake.write_text('#!/bin/bash\n[[ "$*" == *-monitor* ]] && exit 1\necho begun; exec sleep 60\n')
    process = start("-q", str(disk))
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    [child] = psutil.Process(process.pid).children()
    process.send_signal(number)
    assert process.wait(10) == (-number if number == signal.SIGKILL else 128 + number)
    psutil.wait_procs([child], 5)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    process.communicate()


@pytest.mark.usefixtures("no_kvm")
def test_more_words_for_qemu_come_last(disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["boot", str(disk), "--dry-run", "--qemu", "-rtc base=1970-01-01 -name 'a b'"]) == 0
    assert shlex.split(capsys.readouterr().out)[-4:] == ["-rtc", "base=1970-01-01", "-name", "a b"]
    assert cli.main(["boot", str(disk), "--dry-run", "--qemu=-name 'a"]) == USAGE
    assert "no closing quotation" in capsys.readouterr().err


def test_user_mode_linux_is_started_by_its_own_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "x.uml"
    script.write_text("#!/bin/bash\n# User Mode Linux\n")
    assert cli.main(["boot", str(script), "--dry-run", "--memory", "256", "--run", "sh -c 'exit 5'"]) == 0
    words = shlex.split(capsys.readouterr().out)
    assert words == ["bash", str(script), "--memory", "256", "--", "sh", "-c", "exit 5"]
