"""The live ISO, started as a machine: it asks, makes a cluster of itself, and its user runs jobs on it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot.guest import Guest
from tests.boot.picture import Shapes, read
from tests.image.iso import built_iso, cache, locked
from wizard.oar.oarnodes import parse

pytestmark = pytest.mark.real

#: Seconds an emulated machine may take from its start to the end of the first boot: 100 s on two idle processors, and
#: tests share theirs.
BOOT = 1200
#: The machines, by name: how they are started, what more QEMU is told, and what their first boot calls them. They are
#: the same ISO's, which is read-only as a CD is: everything they write is in memory.
MACHINES = {
    "person": ([], "", "maison"),
    "nobody": ([], "", "kameleon"),
    "uefi": (["--uefi"], "", "kameleon"),
    # Little memory, a clock that never ran (systemd sets it to its own date of birth), no network card, and a name; and
    # it asks nobody.
    "poor": (
        ["--memory", "1024", "--append",
         "modprobe.blacklist=virtio_net kameleon.defaults kameleon.hostname=0-9.a-b.example.org"],
        "-rtc base=1970-01-01T00:00:00", "0-9.a-b.example.org",
    ),
    # Its answers are on a second disk.
    "disk": (["--append", "kameleon.answers=LABEL=ANSWERS:/fleet.yaml"], "-drive file={disk},format=raw,if=virtio",
             "of-the-disk"),
}  # fmt: skip
SHORT = ("person",)
DOWN, F4, F10 = "\x1b[B", "\x1bOS", "\x1b[21~"


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=() if name in SHORT else pytest.mark.long) for name in MACHINES]
)
def guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """A machine that has just been started; one at a time on this one."""
    iso = built_iso()
    options, qemu, _ = MACHINES[request.param]
    disk = answers_disk(tmp_path_factory.mktemp("disk")) if "{disk}" in qemu else ""
    with locked("qemu"):
        guest = Guest(iso, cache() / f"serial-{request.param}.log", *options, qemu=qemu.format(disk=disk))
        try:
            yield guest
        finally:
            guest.close()


def answers_disk(place: Path) -> Path:
    """A disk with a file system called ANSWERS, and in it a file of answers for this machine."""
    (place / "files").mkdir()
    (place / "files/fleet.yaml").write_text(
        "answers: {timezone: Europe/Berlin}\n"
        "machines:\n  - match: {mac: '52:54:00:*'}\n    answers: {hostname: of-the-disk}\n"
    )
    disk = place / "disk"
    with disk.open("wb") as stream:
        stream.truncate(8 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-L", "ANSWERS", "-d", place / "files", disk], check=True)
    return disk


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """What the machine is called."""
    return MACHINES[request.node.callspec.params["guest"]][2]


def shown(guest: Guest, letters: Shapes, *words: str) -> None:
    """Wait until the words are on the machine's own screen."""
    end = time.monotonic() + BOOT
    while True:
        lines = read(guest.picture(cache() / "screen.ppm"), letters)
        if all(word in "\n".join(lines) for word in words):
            return
        assert time.monotonic() < end, "\n".join(lines)
        time.sleep(1)


def only(machine: str, request: pytest.FixtureRequest) -> None:
    if request.node.callspec.params["guest"] != machine:
        pytest.skip(f"for {machine}")


def test_with_nobody_there_all_consoles_count_down(
    request: pytest.FixtureRequest, guest: Guest, letters: Shapes
) -> None:
    only("nobody", request)
    guest.see("1 of", "Keyboard", "The defaults are taken in", limit=BOOT)
    shown(guest, letters, "1 of", "Keyboard", "The defaults are taken in")
    guest.picture(cache() / "firstboot-tty1.png", "png")


def test_a_person_is_asked_on_every_console(request: pytest.FixtureRequest, guest: Guest, letters: Shapes) -> None:
    """Answers by keys, on the serial line, while the screen shows that; the last key ends the first boot."""
    only("person", request)
    guest.see("1 of", "Keyboard", "The defaults are taken in", limit=BOOT)
    guest.type("fren")  # at once: on a slow machine 30 s are soon over
    guest.see("search: fren", "> French", limit=300)
    shown(guest, letters, "Somebody answers on ttyS0.", "T takes it over here")
    guest.picture(cache() / "firstboot-tty1-elsewhere.png", "png")
    guest.type("\r")
    guest.see("2 of", "Role", limit=300)
    guest.type("\r")
    guest.see("3 of", "Host name", limit=300)
    guest.type("\x15maison\r")
    guest.see("4 of", limit=300)
    guest.type(F4)
    guest.see("review", "French", "maison", "Apply", limit=300)
    assert "login:" not in guest.text
    assert "kameleon@" not in guest.text
    guest.type("a")
    guest.see("kameleon: first boot done: role=both host=maison resources=2", limit=BOOT)
    shown(guest, letters, "kameleon: first boot done: role=both host=maison resources=2")
    guest.skip()
    guest.type(F10)


def test_it_makes_a_cluster_of_itself(guest: Guest, name: str) -> None:
    said = guest.wait(r"kameleon: first boot (done|failed).*$", BOOT).group().strip()
    assert said == f"kameleon: first boot done: role=both host={name} resources=2"
    guest.log_in(600)
    assert said in guest.run("sudo cat /dev/vcs1")
    assert guest.run("id -un").strip() == "kameleon"
    assert guest.run("sudo id -un").strip() == "root"
    # sshd starts with the login prompts: the first boot makes its keys.
    guest.run("until systemctl --quiet is-active ssh; do sleep 1; done", 300)
    assert guest.run("systemctl is-active oar-server oar-node").split() == ["active"] * 2
    assert guest.run("systemctl list-units --failed --plain --no-legend").strip() == ""


def test_the_answers_are_in_effect(request: pytest.FixtureRequest, guest: Guest, name: str, letters: Shapes) -> None:
    assert guest.run("hostname").strip() == name
    zone = guest.run("readlink /etc/localtime").strip()
    assert zone == f"/usr/share/zoneinfo/Europe/{'Berlin' if name == 'of-the-disk' else 'Paris'}"
    if name == "maison":
        assert "X11 Layout: fr" in guest.run("localectl", 300)
        assert re.search(r"^keycode +16 = \+?a\b", guest.run("sudo dumpkeys -C /dev/tty1"), re.M)
        # Where others have a Q and an A, in front of the screen, too.
        guest.run("sudo chvt 1")
        guest.press("q", "a")
        shown(guest, letters, f"kameleon@{name}:~$ aq")


def test_the_medium_is_not_written_to_and_people_are_told(guest: Guest) -> None:
    assert re.match(r"iso9660 ro\b", guest.run("findmnt --noheadings --output FSTYPE,OPTIONS /run/live/medium"))
    assert "in memory only: they go with the power" in guest.run("sudo cat /dev/vcs1")


def test_oar_has_exactly_what_is_planned(guest: Guest, name: str) -> None:
    planned = json.loads(guest.run("sudo kameleon-tui resources plan --json 2>/dev/null", 300))["resources"]
    assert re.findall(r"^ +(\d+) ?: (\w+)", guest.run("oarnodes -s", 300), re.M) == [("1", "Alive"), ("2", "Alive")]
    shown = parse(guest.run("oarnodes", 300))
    assert [(entry["resource_id"], entry["action"], entry["network_address"]) for entry in planned] == [
        (1, "same", name),
        (2, "same", name),
    ]
    assert {number: resource["network_address"] for number, resource in shown.items()} == {1: name, 2: name}
    for entry in planned:
        resource = shown[entry["resource_id"]]
        for key, value in entry["properties"].items():
            assert resource[key] == str(value), (key, resource)


def test_jobs_of_the_live_user_have_a_processor_each(guest: Guest) -> None:
    # Each waits for the other, so that both run at once.
    job = (
        "grep Cpus_allowed_list /proc/self/status; cat /proc/self/cgroup; touch began.$OAR_JOB_ID; "
        "until [ $(ls began.* | wc -l) = 2 ]; do sleep 1; done"
    )
    guest.run(f"cat >job <<'X'\n#!/bin/sh\n{job}\nX\nchmod +x job; mkdir -p $TMPDIR; touch $TMPDIR/mine /var/tmp/lost")
    said = guest.run("oarsub -l /core=1,walltime=0:50:00 ./job & oarsub -l /core=1,walltime=0:50:00 ./job; wait", 300)
    jobs = re.findall(r"OAR_JOB_ID=(\d+)", said)
    assert len(jobs) == 2, said
    for job in jobs:
        # Asking takes the machine's processors, too: seldom, and for one after the other.
        guest.run(f"until oarstat -s -j {job} | grep -qE 'Terminated|Error'; do sleep 4; done", 1200)
    states = [guest.run(f"oarstat -s -j {job}", 300) for job in jobs]
    assert ["Terminated" in state for state in states] == [True, True], states
    processors = [re.findall(r"Cpus_allowed_list:\s*(\S+)", guest.run(f"cat OAR.{job}.stdout")) for job in jobs]
    assert sorted(processors) == [["0"], ["1"]]
    # OAR cleans up after the user's last job, and takes nothing the user still needs.
    guest.run("test -e $TMPDIR/mine")
    guest.run("until ! test -e /var/tmp/lost; do sleep 1; done", 300)


SECRETS = {
    "host key": "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
    "OAR's key": "sudo ssh-keygen -lf /var/lib/oar/.ssh/id_ed25519.pub",
    "OAR's host key": "sudo ssh-keygen -lf /etc/oar/oar_ssh_host_ed25519_key.pub",
    "password": "sudo grep ^DB_BASE_PASSWD= /etc/oar/oar.conf",
    "reader's password": "sudo grep ^DB_BASE_PASSWD_RO= /etc/oar/oar.conf",
    "machine-id": "cat /etc/machine-id",
    "random seed": "sudo sha256sum /var/lib/systemd/random-seed",
    "database": "sudo sh -c '/usr/lib/postgresql/*/bin/pg_controldata /var/lib/postgresql/*/main' | grep system.id",
}


def test_no_secret_is_shared(guest: Guest) -> None:
    """Neither with another machine of this run, nor with any that tests have ever started on this host."""
    remembered = cache() / "secrets.json"
    seen = json.loads(remembered.read_text()) if remembered.exists() else {}
    mine = {}
    for what, command in SECRETS.items():
        said = guest.run(command).strip()
        assert said, what
        mine[what] = hashlib.sha256(said.encode()).hexdigest()
        assert mine[what] not in seen.get(what, []), what
    _remember(remembered, {what: [*seen.get(what, []), value] for what, value in mine.items()})


def _remember(file: Path, seen: dict[str, list[str]]) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps({what: sums[-100:] for what, sums in seen.items()}))
    new.replace(file)
