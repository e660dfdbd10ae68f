"""Descriptions of a virtual machine: OVF (VirtualBox, VMware), VMX (VMware), xl (Xen); domain.py has libvirt's."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from xml.etree import ElementTree

from wizard.errors import USAGE, UserError
from wizard.image.domain import Machine, command_line, lxc, qemu, xen, xml

_OVF = "http://schemas.dmtf.org/ovf/envelope/1"
_RASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
_VSSD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
_VMDK = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"
#: CIM's number for Debian on 64 bits, and what machines this one may be: VMware's of 2013 (ESXi 5.5), VirtualBox's.
_DEBIAN, _SYSTEMS = "96", "vmx-10 virtualbox-2.2"


def check(machine: Machine) -> str:
    """UserError when the machine's name could be misread in one of the forms."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]*", machine.name):
        raise UserError(
            f"{machine.name!r} cannot be the name of a virtual machine",
            hint="rename the recipe: letters, digits and _ . + - make a name",
        )
    return ""


def ovf(machine: Machine) -> str:
    """An envelope of OVF 1.0: one machine with an AHCI disk and an E1000 network, which every system knows."""
    for prefix, uri in (("ovf", _OVF), ("rasd", _RASD), ("vssd", _VSSD)):
        ElementTree.register_namespace(prefix, uri)
    envelope = ElementTree.Element(f"{{{_OVF}}}Envelope", {"{http://www.w3.org/XML/1998/namespace}lang": "en-US"})
    references = _add(envelope, "References")
    _add(references, "File", id="disk1", href=machine.disk, size=str(machine.size))
    disks = _add(envelope, "DiskSection")
    _add(disks, "Info", "Disks")
    _add(disks, "Disk", diskId="root", fileRef="disk1", capacity=str(machine.capacity), format=_VMDK)
    networks = _add(envelope, "NetworkSection")
    _add(networks, "Info", "Networks")
    _add(_add(networks, "Network", name="NAT"), "Description", "a network that gives addresses by DHCP")
    system = _add(envelope, "VirtualSystem", id=machine.name)
    _add(system, "Info", "A machine made by kameleon-tui")
    _add(system, "Name", machine.name)
    _add(_add(system, "OperatingSystemSection", id=_DEBIAN), "Info", "The system on its disk")
    hardware = _add(system, "VirtualHardwareSection")
    _add(hardware, "Info", "What the machine is made of")
    about = _add(hardware, "System")
    for key, value in (
        ("ElementName", "Virtual Hardware Family"),
        ("InstanceID", "0"),
        ("VirtualSystemIdentifier", machine.name),
        ("VirtualSystemType", _SYSTEMS),
    ):
        _add(about, key, value, space=_VSSD)
    _item(hardware, "1", "3", f"{machine.cpus} processors", VirtualQuantity=str(machine.cpus))
    _item(hardware, "2", "4", f"{machine.memory} MiB of memory", AllocationUnits="byte * 2^20",
          VirtualQuantity=str(machine.memory))  # fmt: skip
    _item(hardware, "3", "20", "SATA controller", Address="0", ResourceSubType="AHCI")
    _item(hardware, "4", "17", "Disk", AddressOnParent="0", HostResource="ovf:/disk/root", Parent="3")
    _item(hardware, "5", "10", "Network", AutomaticAllocation="true", Connection="NAT", ResourceSubType="E1000")
    return xml(envelope)


def _item(hardware: ElementTree.Element, number: str, kind: str, name: str, **more: str) -> None:
    """An item of hardware; the standard wants what is in it in the order of the alphabet."""
    item = _add(hardware, "Item")
    values = {"ElementName": name, "InstanceID": number, "ResourceType": kind, **more}
    for key in sorted(values):
        _add(item, key, values[key], space=_RASD)


def _add(
    parent: ElementTree.Element, tag: str, text: str = "", *, space: str = _OVF, **attributes: str
) -> ElementTree.Element:
    element = ElementTree.SubElement(
        parent, f"{{{space}}}{tag}", {f"{{{space}}}{key}": value for key, value in attributes.items()}
    )
    element.text = text or None
    return element


def vmx(machine: Machine) -> str:
    """The machine of `ovf` as VMware's own file. The network's address is drawn when it first starts."""
    values = {
        ".encoding": "UTF-8",
        "config.version": "8",
        "virtualHW.version": "10",
        "displayName": machine.name,
        "guestOS": "other3xlinux-64",
        "memsize": str(machine.memory),
        "numvcpus": str(machine.cpus),
        "pciBridge0.present": "TRUE",
        "pciBridge4.present": "TRUE",
        "pciBridge4.virtualDev": "pcieRootPort",
        "pciBridge4.functions": "8",
        "sata0.present": "TRUE",
        "sata0:0.present": "TRUE",
        "sata0:0.deviceType": "disk",
        "sata0:0.fileName": machine.disk,
        "ethernet0.present": "TRUE",
        "ethernet0.virtualDev": "e1000",
        "ethernet0.connectionType": "nat",
        "ethernet0.addressType": "generated",
    }
    return "".join(f'{key} = "{value}"\n' for key, value in values.items())


def xl(machine: Machine) -> str:
    """A domain of Xen for `xl create`: paravirtualised, its kernel given from outside, no boot loader."""
    place = f"{machine.directory}/{machine.name}.xen"
    return f"""\
# xl create {machine.name}.xen.cfg, with the other files in {machine.directory}
name = "{machine.name}"
type = "pv"
kernel = "{place}.vmlinuz"
ramdisk = "{place}.initrd.img"
extra = "{command_line(machine)}"
memory = {machine.memory}
vcpus = {machine.cpus}
disk = [ "format=raw,vdev=xvda,access=rw,target={place}.img" ]
vif = [ "" ]
"""


_KINDS: dict[str, Callable[[Machine], str]] = {
    "check": check,
    "ovf": ovf,
    "vmx": vmx,
    "xl": xl,
    "xen": xen,
    "qemu": qemu,
    "lxc": lxc,
}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m wizard.image.describe", description=__doc__)
    parser.add_argument("kind", choices=_KINDS)
    parser.add_argument("--name", required=True)
    parser.add_argument("--memory", type=int, required=True)
    parser.add_argument("--cpus", type=int, required=True)
    for option in ("disk", "directory", "root", "parameters"):
        parser.add_argument(f"--{option}", default="")
    parser.add_argument("--accelerator", default="kvm")
    parser.add_argument("--network", default="default")
    for option in ("bytes", "capacity"):
        parser.add_argument(f"--{option}", type=int, default=0)
    given = parser.parse_args(words)
    try:
        machine = Machine(
            given.name,
            given.memory,
            given.cpus,
            given.disk,
            given.bytes,
            given.capacity,
            given.directory,
            given.root,
            given.parameters,
            given.accelerator,
            given.network,
        )
        check(machine)
        sys.stdout.write(_KINDS[given.kind](machine))
    except UserError as error:
        print("; ".join(filter(None, (error.message, error.hint))), file=sys.stderr)
        return error.status or USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
