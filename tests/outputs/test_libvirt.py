"""Machines of libvirt: its schema takes the description, the disk is the one of type raw."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.outputs import little
from tests.outputs.appliance import NAME, Appliance, exported

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def small(folder: Path) -> Appliance:
    return little.make(folder / "little")


def said(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_machine_with_the_disk_of_type_raw(small: Appliance, folder: Path) -> None:
    made = exported(small, folder / "qcow2", "libvirt", "raw", "qcow2")
    assert sorted(one.suffix for one in made.iterdir() if one.suffix in (".raw", ".qcow2")) == [".qcow2", ".raw"]
    description = made / f"{NAME}.libvirt.xml"
    said("virt-xml-validate", description, "domain")
    domain = ElementTree.parse(description).getroot()
    assert domain.get("type") == "kvm"
    source, driver = domain.find("devices/disk/source"), domain.find("devices/disk/driver")
    assert source is not None
    assert driver is not None
    assert source.get("file") == f"/var/lib/libvirt/images/{NAME}.qcow2"
    disk = made / f"{NAME}.qcow2"
    assert json.loads(said("qemu-img", "info", "--output=json", disk))["format"] == driver.get("type")
    said("qemu-img", "check", disk)
    assert "identical" in said("qemu-img", "compare", made / f"{NAME}.raw", disk)


def test_options(small: Appliance, folder: Path) -> None:
    values = {
        "libvirt_disk": "raw", "libvirt_domain": "qemu", "libvirt_directory": "/srv/vm", "libvirt_network": "lab",
        "vm_memory": "512", "vm_cpus": "1",
    }  # fmt: skip
    made = exported(small, folder / "raw", "libvirt", "raw", values=values)
    assert not (made / f"{NAME}.qcow2").exists()
    assert "No errors detected" in said("sfdisk", "--verify", made / f"{NAME}.raw")
    said("virt-xml-validate", made / f"{NAME}.libvirt.xml", "domain")
    text = (made / f"{NAME}.libvirt.xml").read_text()
    for piece in ('type="qemu"', f'"/srv/vm/{NAME}.raw"', 'network="lab"', ">512<", ">1<", 'mode="maximum"'):
        assert piece in text
