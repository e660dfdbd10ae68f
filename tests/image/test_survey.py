"""What survey.sh prints becomes a survey; and what a private key looks like."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from wizard.errors import UserError
from wizard.image.capture import Asked, make_plan
from wizard.image.survey import Target, ask, read_survey, target

MACHINE = [
    "name=node-1.example", "system=Debian GNU/Linux 12 (bookworm)", "architecture=x86_64", "filesystem=ext4",
    "used= 2048", "grub=yes", "debian_ssh=yes", "password=root", "boot=vmlinuz-6.1.0-9-amd64",
    "boot=initrd.img-6.1.0-9-amd64", "boot=vmlinuz-6.1.0-10-amd64", "boot=initrd.img-6.1.0-10-amd64",
    "boot=vmlinuz-6.1.0-11-amd64", "entry=d etc", "entry=d proc", "entry=d home", "entry=d tmp", "entry=l bin",
    "entry=d boot", "entry=d usr", "entry=f two\nlines", "entry=d lost+found", "entry=d data", "swap=/swap.img",
    "mount=proc /proc", "mount=nfs4 /home", "mount=ext4 /boot", "mount=vfat /boot/efi", "mount=xfs /var/lib/x",
    "mount=tmpfs /run", "mount=overlay /var/lib/docker/overlay2/1/merged", "mount=ext4 /data",
]  # fmt: skip


def test_a_machine_with_many_file_systems() -> None:
    known = read_survey(MACHINE, "/")
    assert (known.name, known.used, known.grub) == ("node-1.example", 2 << 20, True)
    # The newest kernel that has an initramfs, by number: 10 is more than 9.
    assert (known.kernel, known.initrd) == ("boot/vmlinuz-6.1.0-10-amd64", "boot/initrd.img-6.1.0-10-amd64")
    assert known.more == ("boot", "boot/efi", "var/lib/x")
    assert known.others == {"home": "nfs4", "var/lib/docker/overlay2/1/merged": "overlay", "data": "ext4"}
    assert known.entries == ("bin", "boot", "etc", "two\nlines", "usr")
    assert known.bare == ("data", "home", "proc", "tmp")
    assert known.roots == (".", "./boot", "./boot/efi", "./var/lib/x")
    assert known.swaps == ("swap.img",)
    assert known.accounts == ("root",)


def test_a_directory_knows_only_what_is_mounted_below_it() -> None:
    known = read_survey(["mount=ext4 /mnt/old/boot", "mount=ext4 /boot", "mount=ext4 /mnt/older/usr"], "/mnt/old/")
    assert known.more == ("boot",)
    assert known.kernel == ""


@pytest.mark.parametrize(
    ("text", "is_key"),
    [
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", True),
        ("-----BEGIN RSA PRIVATE KEY-----\r\nMIIE\r\n", True),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n", True),
        ("users:\n  - key: |\n      -----BEGIN EC PRIVATE KEY-----\n", True),
        ('{"key": "-----BEGIN PRIVATE KEY-----\\nMIIE"}', True),
        ("PuTTY-User-Key-File-2: ssh-rsa\n", True),
        ("AGE-SECRET-KEY-1QQQ\n", True),
        ("-----BEGIN PUBLIC KEY-----\nMIIB\n", False),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n", False),
        ("text about -----BEGIN RSA PRIVATE KEY----- lines\n", False),
        ('if line == "-----BEGIN RSA PRIVATE KEY-----":\n', False),
        ("", False),
    ],
)
def test_what_holds_a_key(tmp_path: Path, text: str, is_key: bool) -> None:
    (tmp_path / "srv").mkdir()
    (tmp_path / "usr/local").mkdir(parents=True)
    (tmp_path / "srv/a file").write_text(text)
    machine = Target(("sh", "-s"), str(tmp_path), True)
    known = read_survey(["entry=d srv", "entry=d usr"], str(tmp_path))
    plan = make_plan(machine, known, Asked(kadeploy=False, keep_secrets=False))
    assert plan.left == ((("private keys in other files", ("srv/a file",)),) if is_key else ())
    kept = make_plan(machine, known, Asked(kadeploy=False, keep_secrets=True))
    assert kept.left == ()


def test_names_go_to_the_shell_as_they_are(tmp_path: Path) -> None:
    odd = tmp_path / "it's $(touch pwned) `id`\n\\"
    (odd / "etc/ssh").mkdir(parents=True)
    (odd / "etc/ssh/ssh_host_$(touch pwned)_key").write_text("x")
    machine = Target(("sh", "-s"), str(odd), True)
    known = read_survey(["entry=d etc"], str(odd))
    plan = make_plan(machine, known, Asked(False, False, patterns=("etc/'$(touch pwned)*",), paths=("a'b",)))
    assert plan.left == (("SSH host keys", ("etc/ssh/ssh_host_$(touch pwned)_key",)),)
    packed = subprocess.run(["sh", "-s"], input=plan.script.encode(), capture_output=True, check=True, cwd=tmp_path)
    names = subprocess.run(["tar", "-t"], input=packed.stdout, capture_output=True, check=True).stdout.decode()
    assert names == "etc/\netc/ssh/\netc/machine-id\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [odd.name]


def test_a_script_that_fails_says_why() -> None:
    with pytest.raises(UserError) as told:
        ask(Target(("sh", "-s"), "/x", True), "echo first >&2; echo the reason >&2; exit 3")
    assert told.value.message == "capturing /x: the reason"
    assert told.value.status == 1


@pytest.mark.parametrize("name", ["-oProxyCommand=x", "a b", "a;b", "", "$(x)", "a/b"])
def test_names_that_are_no_hosts(name: str) -> None:
    with pytest.raises(UserError), target(name, "ssh"):
        pass
