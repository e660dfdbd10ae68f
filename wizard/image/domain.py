"""Descriptions of a virtual machine or container for libvirt: domains of QEMU, LXC and Xen."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree


@dataclass(frozen=True, slots=True)
class Machine:
    """`memory` in MiB; `disk` a file's name, `size` its bytes, `capacity` the bytes of the disk it holds.

    Of what runs on a host of ours: `directory`, where the files are there; of Xen the UUID of the root file system;
    of libvirt `accelerator`, kvm or qemu, and `network`, the name of one of libvirt's."""

    name: str
    memory: int = 1024
    cpus: int = 2
    disk: str = ""
    size: int = 0
    capacity: int = 0
    directory: str = ""
    root: str = ""
    parameters: str = ""
    accelerator: str = "kvm"
    network: str = "default"


def command_line(machine: Machine) -> str:
    """The kernel's, in Xen."""
    return " ".join(f"root=UUID={machine.root} ro console=hvc0 {machine.parameters}".split())


def xml(root: ElementTree.Element) -> str:
    """The text of a document."""
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, tag, attributes)
    element.text = text or None
    return element


def _domain(machine: Machine, kind: str) -> ElementTree.Element:
    """A domain that has no system and no devices yet. libvirt draws its UUID and its network addresses."""
    domain = ElementTree.Element("domain", {"type": kind})
    _add(domain, "name", machine.name)
    _add(domain, "memory", str(machine.memory), unit="MiB")
    _add(domain, "vcpu", str(machine.cpus))
    return domain


def xen(machine: Machine) -> str:
    """Paravirtualised, its kernel given from outside, no boot loader."""
    place = f"{machine.directory}/{machine.name}.xen"
    domain = _domain(machine, "xen")
    system = _add(domain, "os")
    _add(system, "type", "linux", arch="x86_64", machine="xenpv")
    _add(system, "kernel", f"{place}.vmlinuz")
    _add(system, "initrd", f"{place}.initrd.img")
    _add(system, "cmdline", command_line(machine))
    devices = _add(domain, "devices")
    disk = _add(devices, "disk", type="file", device="disk")
    _add(disk, "driver", name="qemu", type="raw")
    _add(disk, "source", file=f"{place}.img")
    _add(disk, "target", dev="xvda", bus="xen")
    _add(_add(devices, "interface", type="bridge"), "source", bridge="xenbr0")
    _add(_add(devices, "console", type="pty"), "target", type="xen", port="0")
    return xml(domain)


def qemu(machine: Machine) -> str:
    """A machine of QEMU, with KVM or emulated, whose disk is `disk` in `directory`; its console is the serial line."""
    domain = _domain(machine, machine.accelerator)
    system = _add(domain, "os")
    _add(system, "type", "hvm", arch="x86_64", machine="q35")
    _add(system, "boot", dev="hd")
    features = _add(domain, "features")
    _add(features, "acpi")
    _add(features, "apic")
    _add(domain, "cpu", mode="host-passthrough" if machine.accelerator == "kvm" else "maximum")
    _add(domain, "clock", offset="utc")
    devices = _add(domain, "devices")
    disk = _add(devices, "disk", type="file", device="disk")
    _add(disk, "driver", name="qemu", type=machine.disk.rpartition(".")[2], discard="unmap")
    _add(disk, "source", file=f"{machine.directory}/{machine.disk}")
    _add(disk, "target", dev="vda", bus="virtio")
    interface = _add(devices, "interface", type="network")
    _add(interface, "source", network=machine.network)
    _add(interface, "model", type="virtio")
    _add(_add(devices, "serial", type="pty"), "target", port="0")
    _add(_add(devices, "console", type="pty"), "target", type="serial", port="0")
    _add(_add(devices, "rng", model="virtio"), "backend", "/dev/urandom", model="random")
    return xml(domain)


def lxc(machine: Machine) -> str:
    """A container whose root is `directory`/NAME/rootfs, with the network NETWORK of libvirt."""
    domain = _domain(machine, "lxc")
    system = _add(domain, "os")
    _add(system, "type", "exe", arch="x86_64")
    _add(system, "init", "/sbin/init")
    devices = _add(domain, "devices")
    root = _add(devices, "filesystem", type="mount", accessmode="passthrough")
    _add(root, "source", dir=f"{machine.directory}/{machine.name}/rootfs")
    _add(root, "target", dir="/")
    _add(_add(devices, "interface", type="network"), "source", network=machine.network)
    _add(devices, "console", type="pty")
    return xml(domain)
