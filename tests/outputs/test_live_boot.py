"""Live media started as machines, in the ways that docs/live.md tells: with a disk that keeps what is changed, with
Secure Boot, over a network."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import mmap
from pathlib import Path

import pytest

from tests.boot import test_boot as bookworm
from tests.boot.guest import Guest
from tests.image.iso import built_iso, cache, locked
from tests.image.test_iso import extract
from tests.outputs.appliance import NAME, Appliance, exported
from wizard.oar.oarnodes import parse

pytestmark = [pytest.mark.real, pytest.mark.long]

BOOT = bookworm.BOOT
DONE = "kameleon: first boot done: role=both host=kameleon resources=2"
RUN = "/var/lib/kameleon-tui/firstboot"
#: What differs from machine to machine, and stays what it is; the random seed is another one at each start.
KEPT = {what: command for what, command in bookworm.SECRETS.items() if what != "random seed"}
#: Where the power goes, in their order: the microstep that was told to be done last, and seconds after that, on a
#: machine whose first boot begins after 70 s. They end within what comes next: passwords and keys, the database's
#: cluster (12 s), OAR's tables in it (4 s), and the resources (5 s).
CUTS = (
    ("secrets/begin_keys", 0.0),
    ("secrets/passwords", 4.0),
    ("database/start", 0.5),
    ("database/begin_server", 3.0),
)
#: What a microstep may have left when the power went, or what the file system lost of it; and what sshd's keys left.
UNDONE = (
    r"sudo find /etc /var/lib/oar -xdev \( -name '*.kameleon-new' -o -name '*.new' \); "
    "sudo find /etc/oar /etc/ssh /etc/hosts /etc/hostname /etc/machine-id /var/lib/oar/.ssh "
    f"{RUN}/facts/host {RUN}/facts/resources -type f -empty"
)


def persistent_disk(folder: Path) -> Path:
    """A new disk as docs/live.md makes it: live-boot keeps on it what is changed anywhere."""
    files, disk = folder / "files", folder / "disk"
    files.mkdir(exist_ok=True)
    disk.unlink(missing_ok=True)
    (files / "persistence.conf").write_text("/ union\n")
    with disk.open("wb") as stream:
        stream.truncate(1 << 30)
    subprocess.run(["mkfs.ext4", "-q", "-L", "persistence", "-d", files, disk], check=True)
    return disk


@contextmanager
def machine(disk: Path, log: str, *words: str) -> Iterator[Guest]:
    """The live ISO started with the disk, and with more words on its kernel's command line; at the end the power goes,
    unless it was shut down."""
    with locked("qemu"):
        guest = Guest(built_iso(), cache() / f"serial-{log}.log", "--append", " ".join(["persistence", *words]),
                      qemu=f"-drive file={disk},format=raw,if=virtio")  # fmt: skip
        try:
            yield guest
        finally:
            guest.close()


def ready(guest: Guest) -> None:
    """Wait for the first boot, which must have gone well, and for the shell of the live user."""
    said = guest.wait(r"kameleon: first boot (done|failed).*$", BOOT).group().strip()
    assert said == DONE
    guest.log_in(600)
    guest.run("until systemctl --quiet is-active ssh; do sleep 1; done", 300)


def works(guest: Guest) -> str:
    """Run a job on it; its number."""
    job = re.findall(r"OAR_JOB_ID=(\d+)", guest.run("oarsub -l /core=1 'echo worked >$OAR_JOB_ID.txt'", 300))[0]
    guest.run(f"until oarstat -s -j {job} | grep -qE 'Terminated|Error'; do sleep 4; done", 1200)
    assert "Terminated" in guest.run(f"oarstat -s -j {job}", 300)
    assert guest.run(f"cat {job}.txt").strip() == "worked"
    return str(job)


def resources(guest: Guest) -> dict[int, dict[str, str]]:
    """OAR's resources, without what its jobs change."""
    shown = parse(guest.run("oarnodes", 300))
    return {
        number: {name: value for name, value in resource.items() if not name.startswith(("last_", "jobs", "state"))}
        for number, resource in shown.items()
    }


def test_a_machine_with_a_persistent_disk_is_the_same_when_it_starts_again(folder: Path) -> None:
    disk = persistent_disk(folder)
    with machine(disk, "persistent-1", "kameleon.defaults") as guest:
        ready(guest)
        assert "in memory only" not in guest.run("sudo cat /dev/vcs1")
        guest.run("date >mine; sudo mkdir /srv/data; sudo cp mine /srv/data/mine")
        job = works(guest)
        before = {what: guest.run(command) for what, command in KEPT.items()}
        mine, had = guest.run("cat mine /srv/data/mine; id"), resources(guest)
        events = guest.run(f"sudo sha256sum {RUN}/events.jsonl")
        guest.type("sudo poweroff\n")
        assert guest.process.wait(600) == 0
    subprocess.run(["e2fsck", "-f", "-n", disk], check=True, capture_output=True)
    with machine(disk, "persistent-2") as guest:
        ready(guest)
        assert "questions" not in guest.text
        assert guest.run("cat mine /srv/data/mine; id") == mine
        assert {what: guest.run(command) for what, command in KEPT.items()} == before
        # It said what it is, and did nothing.
        assert guest.run(f"sudo sha256sum {RUN}/events.jsonl") == events
        assert guest.run("systemctl --failed --no-legend --plain").strip() == ""
        assert resources(guest) == had
        bookworm.test_oar_has_exactly_what_is_planned(guest, "kameleon")
        assert "Terminated" in guest.run(f"oarstat -s -j {job}", 300)
        assert int(works(guest)) > int(job)


def test_the_power_may_go_at_any_step_of_the_first_boot(folder: Path) -> None:
    """The lines of the first boot's steps are on the console: when the one is there, the step after it runs."""
    disk = persistent_disk(folder)
    words = ("kameleon.defaults", "systemd.journald.forward_to_console=1", "console=ttyS0,115200")
    told = 0
    for number, (step, seconds) in enumerate(CUTS):
        with machine(disk, f"cut-{number + 1}", *words) as guest:
            began = time.monotonic()
            assert before(guest.wait(rf"^.*kameleon-tui\[\d+\]: +run {RUN}.*$", BOOT)[0]) >= told
            pace = (time.monotonic() - began) / 70
            last = guest.wait(rf"kameleon-tui\[\d+\]: ok +(\d+)/(\d+) +{step}\b", BOOT)
            told = int(last[1])
            assert told < int(last[2])
            time.sleep(seconds * pace)
            assert "first boot done" not in guest.text
    with machine(disk, "cut-done") as guest:
        ready(guest)
        assert "questions" not in guest.text
        did = guest.run("sudo journalctl --boot --unit kameleon-firstboot --output cat --no-pager", 300)
        assert before(did) >= told
        assert guest.run(UNDONE).strip() == ""
        # Nothing but the passwords differs in OAR's settings from those of the medium, and they are whole.
        changed = guest.run("sudo diff /run/live/rootfs/*/etc/oar/oar.conf /etc/oar/oar.conf; :")
        assert set(re.findall(r"^[<>] *(\w*)", changed, re.M)) == {"DB_BASE_PASSWD", "DB_BASE_PASSWD_RO"}
        bookworm.test_oar_has_exactly_what_is_planned(guest, "kameleon")
        works(guest)


def before(said: str) -> int:
    """How many steps it need not do again, as it says when it begins."""
    return int(re.findall(rf"^.* run {RUN}(?:, goes on: (\d+) steps? done before)?$", said, re.M)[0] or 0)


@contextmanager
def secured(iso: Path, log: str) -> Iterator[Guest]:
    """The ISO started with Secure Boot, by its boot menu."""
    with locked("qemu"):
        guest = Guest(iso, cache() / f"serial-{log}.log", "--secure-boot")
        try:
            yield guest
        finally:
            guest.close()


def test_it_starts_with_secure_boot() -> None:
    with secured(built_iso(), "secure") as guest:
        ready(guest)
        variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
        assert guest.run(f"od -An -tu1 -j4 {variable}").strip() == "1"
        assert "[integrity]" in guest.run("sudo cat /sys/kernel/security/lockdown")
        bookworm.test_oar_has_exactly_what_is_planned(guest, "kameleon")


@pytest.mark.parametrize(
    ("name", "refusal"),
    [("grubx64.efi", r"Security (Policy )?Violation"), ("vmlinuz", r"bad shim signature")],
)
def test_secure_boot_refuses_what_somebody_changed(folder: Path, name: str, refusal: str) -> None:
    """Who signed the program before looks at the next one: the firmware at shim, that at GRUB, this at the kernel."""
    iso = folder / "changed.iso"
    shutil.copyfile(built_iso(), iso)
    program = folder / name
    if name == "vmlinuz":
        extract(iso, "/live/vmlinuz", program)
    else:
        subprocess.run(["mcopy", "-o", "-i", f"{iso}@@{efi_partition(iso)}", f"::EFI/BOOT/{name}", program], check=True)
    content = program.read_bytes()
    middle = len(content) // 2 // 512 * 512
    with iso.open("r+b") as stream, mmap(stream.fileno(), 0) as bytes_:
        place = bytes_.find(content[middle : middle + 512])
        assert place > 0
        bytes_[place] ^= 1
    with secured(iso, f"secure-{name}") as guest:
        guest.wait(refusal, BOOT)
        assert "Linux version" not in guest.text
    iso.unlink()


def efi_partition(iso: Path) -> int:
    """Where on the ISO the EFI partition begins, in bytes."""
    said = subprocess.run(["xorriso", "-indev", iso, "-report_el_torito", "plain"],
                          check=True, capture_output=True, text=True).stdout  # fmt: skip
    found = re.search(r"boot img : +2 .* (\d+)$", said, re.M)
    assert found
    return int(found[1]) * 2048


def test_the_network_starts_it(live_appliance: Appliance, folder: Path) -> None:
    output = exported(live_appliance, folder / "network", "netboot", values={"netboot_url": "http://192.0.2.1/images"})
    with locked("qemu"):
        guest = Guest(output / f"{NAME}.ipxe", cache() / "serial-netboot.log", "--append", "kameleon.word=yes")
        try:
            guest.log_in(BOOT)
            words = guest.run("cat /proc/cmdline").split()
            assert words[-1] == "kameleon.word=yes"
            assert any(re.fullmatch(rf"fetch=http://10\.0\.2\.2:\d+/{NAME}\.squashfs", word) for word in words)
            assert guest.run("sudo id -un").strip() == "root"
            assert guest.run("systemctl --failed --no-legend --plain").strip() == ""
            assert guest.run("hostname --all-ip-addresses").split()[0] == "10.0.2.15"
        finally:
            guest.close()
