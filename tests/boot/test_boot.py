"""The live ISO, started as a machine: it makes a cluster of itself, and its user runs jobs on it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from tests.boot.guest import Guest
from tests.image.iso import built_iso, cache, locked

pytestmark = [pytest.mark.real, pytest.mark.long]

#: Seconds an emulated machine may take from its start to the end of the first boot: 130 s on two idle processors, and
#: tests share theirs.
BOOT = 1200
PROMPT = r"^kameleon@kameleon:~\$ "


#: Secrets of the machines started so far, by firmware.
seen: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="module", params=["bios", pytest.param("uefi", marks=pytest.mark.long)])
def guest(request: pytest.FixtureRequest) -> Iterator[Guest]:
    """A machine that has just been started; one at a time on this one."""
    iso = built_iso()
    with locked("qemu"):
        options = ["--uefi"] if request.param == "uefi" else []
        guest = Guest(iso, cache() / f"serial-{request.param}.log", *options)
        try:
            yield guest
        finally:
            guest.close()


def first_boot(guest: Guest) -> None:
    """Wait for the first boot's last line and for the live user's prompt after it."""
    said = guest.wait(r"kameleon: first boot (done|failed).*$", BOOT).group()
    assert said.strip() == "kameleon: first boot done: role=both host=kameleon resources=2"
    guest.wait(PROMPT, 120)
    guest.run("stty -echo cols 200; bind 'set enable-bracketed-paste off' 2>/dev/null; :", 60)


def secrets(guest: Guest) -> dict[str, str]:
    """What must differ from machine to machine; of passwords, their sums."""
    return {
        "host key": guest.run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"),
        "OAR's key": guest.run("sudo ssh-keygen -lf /var/lib/oar/.ssh/id_rsa.pub"),
        "OAR's host key": guest.run("sudo ssh-keygen -lf /etc/oar/oar_ssh_host_rsa_key.pub"),
        "password": guest.run("sudo grep ^DB_BASE_PASSWD= /etc/oar/oar.conf | sha256sum"),
        "reader's password": guest.run("sudo grep ^DB_BASE_PASSWD_RO= /etc/oar/oar.conf | sha256sum"),
        "machine-id": guest.run("cat /etc/machine-id"),
    }


def test_it_makes_a_cluster_of_itself(guest: Guest) -> None:
    first_boot(guest)
    screen = guest.run("sudo cat /dev/vcs1")
    assert "kameleon: first boot done: role=both host=kameleon resources=2" in screen
    assert guest.run("id -un").strip() == "kameleon"
    assert guest.run("sudo id -un").strip() == "root"
    # sshd starts with the login prompts: the first boot makes its keys.
    guest.run("until systemctl --quiet is-active ssh; do sleep 1; done", 120)
    assert guest.run("systemctl is-active oar-server oar-node").split() == ["active"] * 2


def test_jobs_of_the_live_user_have_a_processor_each(guest: Guest) -> None:
    assert re.findall(r"^ +(\d+) : Alive", guest.run("oarnodes -s", 120), re.M) == ["1", "2"]
    # Each waits for the other, so that both run at once.
    job = (
        "grep Cpus_allowed_list /proc/self/status; touch began.$OAR_JOB_ID; "
        "until [ $(ls began.* | wc -l) = 2 ]; do sleep 1; done"
    )
    guest.run(f"cat >job <<'X'\n#!/bin/sh\n{job}\nX\nchmod +x job; mkdir -p $TMPDIR; touch $TMPDIR/mine /var/tmp/lost")
    jobs = [
        re.findall(r"OAR_JOB_ID=(\d+)", guest.run("oarsub -l /core=1,walltime=0:30:00 ./job", 120))[0] for _ in range(2)
    ]
    end = time.monotonic() + 600
    while True:
        states = [guest.run(f"oarstat -s -j {job}", 120) for job in jobs]
        if all("Terminated" in state for state in states) or time.monotonic() > end:
            break
        time.sleep(5)
    assert ["Terminated" in state for state in states] == [True, True], states
    processors = [re.findall(r"Cpus_allowed_list:\s*(\S+)", guest.run(f"cat OAR.{job}.stdout")) for job in jobs]
    assert sorted(processors) == [["0"], ["1"]]
    # OAR cleans up after the user's last job, and takes nothing the user still needs.
    guest.run("test -e $TMPDIR/mine")
    assert "gone" in guest.run("test -e /var/tmp/lost || echo gone")


def test_no_secret_is_shared(guest: Guest, request: pytest.FixtureRequest) -> None:
    mine = secrets(guest)
    assert all(mine.values())
    for other in seen.values():
        assert {name for name in mine if mine[name] == other[name]} == set()
    seen[request.node.callspec.params["guest"]] = mine
