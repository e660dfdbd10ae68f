"""Debian 13's live ISO with OAR 2.6, started as a machine: what Debian 12's does, and what is its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.boot import test_boot as bookworm
from tests.boot.guest import Guest
from tests.image.iso import TRIXIE, built_iso, cache, locked

pytestmark = [pytest.mark.real, pytest.mark.long]


#: With nobody there. The names are those of test_boot.py's machines.
MACHINES: dict[str, list[str]] = {"nobody": [], "uefi": ["--uefi"]}


@pytest.fixture(scope="module", params=list(MACHINES))
def guest(request: pytest.FixtureRequest) -> Iterator[Guest]:
    """A machine that has just been started; one at a time on this one."""
    iso = built_iso(TRIXIE)
    with locked("qemu"):
        guest = Guest(iso, cache() / f"serial-trixie-{request.param}.log", *MACHINES[request.param])
        try:
            yield guest
        finally:
            guest.close()


@pytest.fixture
def name() -> str:
    return "kameleon"


# In this order: each finds what the ones before it left.
test_it_makes_a_cluster_of_itself = bookworm.test_it_makes_a_cluster_of_itself
test_the_medium_is_not_written_to_and_people_are_told = bookworm.test_the_medium_is_not_written_to_and_people_are_told
test_oar_has_exactly_what_is_planned = bookworm.test_oar_has_exactly_what_is_planned
test_jobs_of_the_live_user_have_a_processor_each = bookworm.test_jobs_of_the_live_user_have_a_processor_each
test_no_secret_is_shared = bookworm.test_no_secret_is_shared


def test_it_is_what_it_says(guest: Guest) -> None:
    assert "trixie" in guest.run("cat /etc/os-release")
    assert "OAR version: 2.6." in guest.run("oarsub -V", 300)
    # Version 2 of cgroups alone: the machine's own, and the jobs'.
    assert guest.run("findmnt --noheadings --output FSTYPE /sys/fs/cgroup").strip() == "cgroup2"
    cgroups = re.findall(r"^0::/oar\.slice/(oar-u\S+)", guest.run("cat OAR.*.stdout"), re.M)
    assert len(set(cgroups)) == 2, cgroups


def test_it_has_none_of_the_habits_of_a_cluster(guest: Guest) -> None:
    guest.run("grep -q /etc/oar/dont_reboot /etc/oar/job_resource_manager.pl && test -e /etc/oar/dont_reboot")
    assert "pam_oar_adopt" not in guest.run("cat /etc/pam.d/common-*")
    assert "ssh-generator" not in guest.run("sudo journalctl --boot --no-pager --output cat", 300)
    # What it does once an hour.
    guest.run("sudo systemctl start oar-accounting oar-nodecheck", 300)
    assert guest.run("systemctl list-units --failed --plain --no-legend").strip() == ""


def test_three_days_later_a_job_ends_and_the_machine_stays(guest: Guest) -> None:
    """OAR's clean-up looks at the time the machine has been up first: without dont_reboot it would stop here."""
    guest.run("echo '300000.00 500000.00' >up; sudo mount --bind up /proc/uptime")
    said = guest.run("oarsub -l /core=1,walltime=0:10:00 'touch /var/tmp/later'", 300)
    [job] = re.findall(r"OAR_JOB_ID=(\d+)", said)
    guest.run(f"until oarstat -s -j {job} | grep -qE 'Terminated|Error'; do sleep 4; done", 1200)
    assert "Terminated" in guest.run(f"oarstat -s -j {job}", 300)
    guest.run("until ! test -e /var/tmp/later; do sleep 1; done", 300)
    assert guest.run("systemctl is-system-running; true").strip() != "stopping"
