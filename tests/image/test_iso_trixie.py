"""Debian 13's live ISO as a file: what Debian 12's is held to, and what differs."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.image import test_iso as bookworm
from tests.image.iso import TRIXIE, built_iso

pytestmark = [pytest.mark.real, pytest.mark.long]

tree = bookworm.tree
test_it_starts_with_bios_and_uefi_from_cd_and_stick = bookworm.test_it_starts_with_bios_and_uefi_from_cd_and_stick
test_kernel_and_initramfs = bookworm.test_kernel_initramfs_and_squashfs_are_where_network_starts_look
test_what_was_asked_for_is_in_it = bookworm.test_what_was_asked_for_is_in_it
test_nobody_logs_in_with_a_password = bookworm.test_nobody_logs_in_over_the_network_with_a_password
test_who_is_logged_in_on_the_consoles = bookworm.test_who_is_logged_in_on_the_consoles
test_sudo = bookworm.test_sudo_without_a_password_comes_with_the_live_medium_only
test_the_program_is_compiled_and_runs = bookworm.test_the_program_is_compiled_and_runs
test_it_is_made_once_and_for_good = bookworm.test_it_is_made_once_and_for_good
test_no_private_key_in_any_file = bookworm.test_no_private_key_in_any_file
test_no_identity_of_one_machine = bookworm.test_no_identity_of_one_machine
test_no_trace_of_the_build = bookworm.test_no_trace_of_the_build


@pytest.fixture(scope="module")
def iso() -> Path:
    return built_iso(TRIXIE)


def test_sums_and_packages(iso: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=iso.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{TRIXIE}.iso: OK" in done.stdout
    packages = dict(line.split("\t")[:2] for line in (iso.parent / "packages.tsv").read_text().splitlines()[1:])
    assert packages["oar-server"].startswith("2.6.")
    assert {"oar-node", "oar-user", "postgresql-17", "python3.13", "hwloc-nox", "nano"} <= set(packages)


def test_boot_menu(iso: Path, tmp_path: Path) -> None:
    bookworm.extract(iso, "/boot/grub/grub.cfg", tmp_path / "grub.cfg")
    menu = (tmp_path / "grub.cfg").read_text()
    first = re.search(r"^\s*linux (.*)$", menu, re.M)
    assert first is not None
    assert first.group(1).split()[:4] == ["/live/vmlinuz", "boot=live", "console=ttyS0,115200", "console=tty0"]
    # This systemd refuses to start with version 1 of cgroups.
    assert "unified_cgroup_hierarchy" not in menu


def test_the_habits_of_a_cluster_are_gone(tree: Path) -> None:
    assert (tree / "etc/oar/dont_reboot").exists()
    assert "/etc/oar/dont_reboot" in (tree / "etc/oar/job_resource_manager.pl").read_text()
    assert not any("pam_oar_adopt" in path.read_text() for path in (tree / "etc/pam.d").iterdir())
    # The unit is the package's, without the one line for which the first boot would wait for ever.
    ours, theirs = (
        (tree / place / "systemd/system/oar-node.service").read_text().splitlines() for place in ("etc", "usr/lib")
    )
    assert [line for line in theirs if line not in ours] == ["After=multi-user.target"]
    assert [line for line in ours if line not in theirs] == []


def test_there_is_one_way_in(tree: Path) -> None:
    assert (tree / "usr/lib/systemd/system-generators/systemd-ssh-generator").exists()
    assert os.readlink(tree / "etc/systemd/system-generators/systemd-ssh-generator") == "/dev/null"
