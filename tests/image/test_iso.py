"""The live ISO as a file: what starts it, what is in it, and what must not be."""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.image.iso import KEY, RECIPE, built_iso, cache

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def iso() -> Path:
    return built_iso()


@pytest.fixture(scope="module")
def tree(iso: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The squashfs, unpacked."""
    base = tmp_path_factory.mktemp("iso")
    extract(iso, "/live/filesystem.squashfs", base / "squashfs")
    done = subprocess.run(
        ["unsquashfs", "-no-progress", "-d", base / "tree", base / "squashfs"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (base / "squashfs").unlink()
    return base / "tree"


def extract(iso: Path, name: str, place: Path) -> None:
    xorriso = ["xorriso", "-osirrox", "on", "-indev", f"stdio:{iso}", "-extract", name, str(place)]
    done = subprocess.run(xorriso, capture_output=True, text=True)
    assert place.exists(), done.stderr


def report(iso: Path, what: str) -> str:
    return subprocess.run(
        ["xorriso", "-indev", f"stdio:{iso}", what, "plain"], capture_output=True, text=True, check=True
    ).stdout


def files(tree: Path) -> list[Path]:
    """Every plain file."""
    return [
        path
        for directory, _, names in os.walk(tree)
        for path in (Path(directory, name) for name in names)
        if stat.S_ISREG(path.lstat().st_mode)
    ]


def test_it_starts_with_bios_and_uefi_from_cd_and_stick(iso: Path) -> None:
    torito = report(iso, "-report_el_torito")
    assert re.search(r"boot img : +\d+ +BIOS +y", torito), torito
    assert re.search(r"boot img : +\d+ +UEFI +y", torito), torito
    area = report(iso, "-report_system_area")
    assert "grub2-mbr" in area, area
    assert "GPT" in area, area


def test_kernel_initramfs_and_squashfs_are_where_network_starts_look(iso: Path, tmp_path: Path) -> None:
    extract(iso, "/live", tmp_path / "live")
    assert {path.name for path in (tmp_path / "live").iterdir()} == {"vmlinuz", "initrd.img", "filesystem.squashfs"}
    assert (tmp_path / "live/vmlinuz").read_bytes()[514:518] == b"HdrS"  # Linux's boot protocol
    initrd = (tmp_path / "live/initrd.img").read_bytes()
    # Microcode may be in front; the compressed archive with live-boot's scripts follows.
    start = initrd.find(b"\x28\xb5\x2f\xfd")
    assert start >= 0
    listed = subprocess.run(["zstd", "-dcq"], input=initrd[start:], capture_output=True)
    assert b"scripts/live" in listed.stdout


def test_sums_and_packages(iso: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=iso.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{RECIPE}.iso: OK" in done.stdout
    packages = dict(line.split("\t")[:2] for line in (iso.parent / "packages.tsv").read_text().splitlines()[1:])
    assert packages["oar-server"].startswith("2.5.")
    assert {"oar-node", "oar-user", "postgresql", "openssh-server", "live-boot", "nano"} <= set(packages)


def test_boot_menu(iso: Path, tmp_path: Path) -> None:
    extract(iso, "/boot/grub/grub.cfg", tmp_path / "grub.cfg")
    first = re.search(r"^\s*linux (.*)$", (tmp_path / "grub.cfg").read_text(), re.M)
    assert first is not None
    words = first.group(1).split()
    assert words[:4] == ["/live/vmlinuz", "boot=live", "console=ttyS0,115200", "console=tty0"]
    # Without it OAR's cpusets depend on no unit asking for a share of the processors.
    assert "systemd.unified_cgroup_hierarchy=0" in words


def test_what_was_asked_for_is_in_it(tree: Path) -> None:
    assert (tree / "etc/my file").read_text() == "of my own\n"
    assert os.readlink(tree / "lib") == "usr/lib"
    assert (tree / "usr/lib/mine").read_text() == "of my own\n"
    assert (tree / "usr/lib/mine").stat().st_uid == 0
    assert os.readlink(tree / "etc/localtime") == "/usr/share/zoneinfo/Europe/Paris"
    keys = tree / "home/kameleon/.ssh/authorized_keys"
    assert keys.read_text() == f"{KEY}\n"
    assert (keys.stat().st_uid, stat.S_IMODE(keys.stat().st_mode)) == (1000, 0o600)


def test_nobody_logs_in_over_the_network_with_a_password(tree: Path) -> None:
    settings = (tree / "etc/ssh/sshd_config.d/kameleon.conf").read_text().splitlines()
    wanted = {"PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin prohibit-password"}
    assert wanted <= set(settings)
    passwords = [line.split(":")[1] for line in (tree / "etc/shadow").read_text().splitlines()]
    assert set(passwords) <= {"*", "!", "!*"}, passwords


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ("boot=live quiet", "--autologin kameleon --login-options -p -f -- \\u --noclear tty1"),
        ("boot=live kameleon.autologin=no", "--login-options -p -- \\u --noclear tty1"),
        ("kameleon.autologin=no boot=live", "--login-options -p -- \\u --noclear tty1"),
        ("root=/dev/sda1 ro", "--login-options -p -- \\u --noclear tty1"),
    ],
)
def test_who_is_logged_in_on_the_consoles(tree: Path, tmp_path: Path, line: str, who: str) -> None:
    (tmp_path / "cmdline").write_text(f"{line}\n")
    (tmp_path / "agetty").write_text("#!/bin/sh\nprintf '%s\\n' \"$*\"\n")
    (tmp_path / "agetty").chmod(0o755)
    for name in ("autologin", "getty"):
        script = (tree / "usr/lib/kameleon-live" / name).read_text().replace("/proc/cmdline", f"{tmp_path}/cmdline")
        script = script.replace("/sbin/agetty", f"{tmp_path}/agetty").replace("/usr/lib/kameleon-live", str(tmp_path))
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    done = subprocess.run([tmp_path / "getty", "--noclear", "tty1"], capture_output=True, text=True)
    assert done.stdout == f"{who}\n", done.stderr


def test_sudo_without_a_password_comes_with_the_live_medium_only(tree: Path) -> None:
    assert "NOPASSWD" not in "".join(path.read_text() for path in (tree / "etc/sudoers.d").iterdir())
    unit = (tree / "etc/systemd/system/kameleon-live.service").read_text()
    assert "ConditionKernelCommandLine=boot=live" in unit


def test_the_program_is_compiled_and_runs(tree: Path) -> None:
    root = tree / "usr/lib/kameleon-tui"
    python = os.readlink(tree / "usr/bin/python3").replace("python3.", "cpython-3")
    sources = [path for path in files(root) if path.suffix == ".py"]
    assert root / "wizard/cli.py" in sources
    for source in sources:
        # By the appliance's Python, and by no other.
        [compiled] = (source.parent / "__pycache__").glob(f"{source.stem}.cpython-*.pyc")
        assert compiled.suffixes[0] == f".{python}", source
        assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 1, source  # by hash, unchecked
    done = subprocess.run(["chroot", tree, "kameleon-tui", "recipe", "list"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert RECIPE in done.stdout


def test_no_unit_asks_for_a_share_of_the_processors(tree: Path) -> None:
    # OAR's cpusets: such a unit would take the cpu controller away from them where cgroups are of version 2.
    units = [path for path in files(tree / "etc/systemd/system") if path.suffix in (".conf", ".service", ".slice")]
    assert units
    for unit in units:
        assert not re.search(r"^(CPUWeight|CPUQuota|CPUShares|AllowedCPUs)=", unit.read_text(), re.M), unit


def test_it_is_made_once_and_for_good(tree: Path) -> None:
    assert not list(tree.glob("usr/sbin/*.distrib"))
    assert not (tree / "usr/sbin/update-initramfs").is_symlink()
    assert not (tree / "usr/sbin/policy-rc.d").exists()


# What two machines started from one ISO must not share, and what tells where it was built.


def test_no_private_key_in_any_file(tree: Path) -> None:
    key = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n(?:[A-Za-z-]+: .*\n)*\r?\n?[A-Za-z0-9+/=]{40}")
    found = [
        path.relative_to(tree)
        for path in files(tree)
        # libgnutls is compiled with keys to test itself: those are everybody's.
        if key.search(content := path.read_bytes()) and not content.startswith(b"\x7fELF")
    ]
    assert found == []
    assert list(tree.glob("etc/ssh/ssh_host_*")) == []
    assert list(tree.glob("etc/oar/*key*")) == []
    assert [path.name for path in (tree / "var/lib/oar/.ssh").iterdir()] in ([], ["config"])
    assert list((tree / "etc/ssl/private").iterdir()) == []


def test_no_identity_of_one_machine(tree: Path) -> None:
    assert (tree / "etc/machine-id").read_bytes() == b""
    assert not (tree / "var/lib/dbus/machine-id").is_file() or (tree / "var/lib/dbus/machine-id").is_symlink()
    for pattern in ("var/lib/postgresql/*/*", "var/lib/systemd/random-seed", "var/lib/systemd/credential.secret"):
        assert list(tree.glob(pattern)) == []
    for pattern in ("root/.*_history", "home/*/.*_history", "var/lib/*/.*_history", "var/lib/kameleon-tui/*"):
        assert list(tree.glob(pattern)) == []
    conf = (tree / "etc/oar/oar.conf").read_text()
    assert re.findall(r'^DB_BASE_PASSWD(?:_RO)?="?([^"\n]*)"?$', conf, re.M) == ["", ""]


def test_no_trace_of_the_build(tree: Path) -> None:
    names = [b"/var/tmp/kameleon-tui/", os.fsencode(cache())]
    # A name such as debian or localhost is in every system.
    host = socket.gethostname()
    if len(host) > 5 and host not in ("localhost", "debian"):
        names.append(os.fsencode(host))
    allowed = {tree / "usr/lib/kameleon-tui/wizard/recipe"}  # where the default work directory is written down
    found = [
        (path.relative_to(tree), name)
        for path in files(tree)
        if not any(path.is_relative_to(one) for one in allowed)
        for content in [path.read_bytes()]
        for name in names
        if name in content
    ]
    assert found == []
