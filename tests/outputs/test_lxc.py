"""Containers of LXC: what the archive holds, that a host runs it, that libvirt knows its description."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outputs import contents, little
from tests.outputs.appliance import NAME, Appliance, exported
from tests.outputs.test_tar import unpack
from wizard import cli

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def small(folder: Path) -> Appliance:
    appliance = little.make(folder / "little")
    (appliance.tree / "etc/fstab").write_text(
        "# kept\nUUID=1 / ext4 x 0 1\nUUID=2 none swap sw 0 0\n/srv/x /x none bind\n"
    )
    return appliance


@pytest.fixture(scope="module")
def image(small: Appliance, folder: Path) -> Path:
    return exported(small, folder / "first", "lxc") / f"{NAME}.lxc.tar.zst"


def test_its_root_is_the_appliance(small: Appliance, image: Path, folder: Path) -> None:
    place = unpack(image, folder / "unpacked") / NAME
    assert [one.name for one in (folder / "unpacked").iterdir()] == [NAME]
    assert sorted(one.name for one in place.iterdir()) == ["config", "rootfs"]
    assert place.stat().st_mode & 0o777 == 0o770
    held = contents.of_tree(place / "rootfs")
    but = (*contents.LEFT_OUT, "etc", "etc/fstab")
    assert contents.differences(small.contents, held, but=but, epoch=small.epoch) == []
    assert (place / "rootfs/etc/fstab").read_text() == "# kept\n/srv/x /x none bind\n"


def test_the_configuration_is_for_both_kinds_of_cgroups(image: Path) -> None:
    text = subprocess.run(["tar", "-xOf", image, f"{NAME}/config"], check=True, capture_output=True, text=True).stdout
    pairs = [tuple(line.split(" = ", 1)) for line in text.splitlines() if not line.startswith("#")]
    of = {
        version: [pair[1] for pair in pairs if pair[0].startswith(f"lxc.{version}.")]
        for version in ("cgroup", "cgroup2")
    }
    assert of["cgroup"][0] == "a"
    assert of["cgroup"] == of["cgroup2"]
    assert ("lxc.uts.name", "little") in pairs
    assert ("lxc.net.0.link", "lxcbr0") in pairs
    assert not [pair for pair in pairs if "work" in pair[1]]


def test_libvirt_knows_its_description(image: Path) -> None:
    described = image.with_name(f"{NAME}.lxc.xml")
    done = subprocess.run(["virt-xml-validate", described, "domain"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"/var/lib/lxc/{NAME}/rootfs" in described.read_text()


def test_the_same_bytes_twice_and_a_place_of_ones_own(small: Appliance, image: Path, folder: Path) -> None:
    assert (exported(small, folder / "again", "lxc") / image.name).read_bytes() == image.read_bytes()
    values = {"lxc_path": "/srv/c", "lxc_network": "none", "archive_compression": "gz"}
    other = exported(small, folder / "gz", "lxc", values=values) / f"{NAME}.lxc.tar.gz"
    text = subprocess.run(["tar", "-xOf", other, f"{NAME}/config"], check=True, capture_output=True, text=True).stdout
    assert f"lxc.rootfs.path = dir:/srv/c/{NAME}/rootfs\n" in text
    assert "lxc.net.0.type = empty\n" in text


@pytest.fixture(scope="module")
def place(appliance: Appliance, folder: Path) -> Iterator[Path]:
    """Where the container of the whole appliance is unpacked: a directory of containers, as /var/lib/lxc is."""
    made = exported(appliance, folder / "whole", "lxc", values={"lxc_path": str(folder / "lxc"), "lxc_network": "none"})
    yield unpack(made / f"{NAME}.lxc.tar.zst", folder / "lxc")
    shutil.rmtree(folder / "lxc")


@pytest.mark.skipif(not shutil.which("lxc-execute"), reason="LXC is not here: doctor --for lxc --install")
def test_lxc_runs_a_program_in_it(place: Path) -> None:
    script = 'test -c /dev/null && test "$(hostname)" = hello && test ! -e /dev/kvm && exit 7'
    done = subprocess.run(
        ["lxc-execute", "-P", place, "-n", NAME, "--", "/bin/sh", "-c", script], capture_output=True, text=True
    )
    assert done.returncode == 7, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("lxc-start"), reason="LXC is not here: doctor --for lxc --install")
def test_boot_starts_it_and_leaves_nothing(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    archive = place.with_name("whole") / f"{NAME}.lxc.tar.zst"
    assert cli.main(["boot", str(archive), "--run", "sh -c 'cat /proc/1/comm; exit 6'"]) == 6
    assert capfd.readouterr().out == "systemd\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not shutil.which("lxc-start"), reason="LXC is not here: doctor --for lxc --install")
def test_its_own_init_comes_to_its_end(place: Path) -> None:
    """As a system container: everything is started that shall be, and nothing fails."""
    options = ["-P", str(place), "-n", NAME]
    started = subprocess.run(
        ["lxc-start", "-d", *options, "-L", place / "console", "-o", place / "log"], capture_output=True, text=True
    )
    if started.returncode and "cgroup" in (place / "log").read_text():
        pytest.skip("this host has no cgroups for containers")
    assert started.returncode == 0, started.stderr + (place / "log").read_text()

    def said(*words: str) -> str:
        return subprocess.run(["lxc-attach", *options, "--", *words], capture_output=True, text=True).stdout.strip()

    try:
        end = time.monotonic() + 120
        while (state := said("systemctl", "is-system-running")) not in ("running", "degraded"):
            assert time.monotonic() < end, (state, (place / "console").read_text())
            time.sleep(0.5)
        assert said("systemctl", "--failed", "--no-legend", "--plain") == ""
        assert state == "running"
        # Identities are made where it first starts.
        assert len((place / NAME / "rootfs/etc/machine-id").read_text().strip()) == 32
    finally:
        subprocess.run(["lxc-stop", *options, "--kill"], capture_output=True)
