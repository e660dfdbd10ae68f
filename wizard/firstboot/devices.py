"""Keyboards and network interfaces, as udev knows them, and whether the network has given an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: The kernel's ARPHRD_ETHER (linux/if_arp.h): what is not a tunnel, a loop or a radio in monitor mode.
_ETHERNET = "1"


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface. `address` is its hardware address in lower case ("" unknown), `title` what it is made of;
    `link`: a cable is in, and the other end answers."""

    name: str
    address: str
    title: str
    link: bool


@dataclass(frozen=True, slots=True)
class Devices:
    """`keyboards`: their names. `interfaces`: those with a cable, by name. `leased`: one of them has an address that
    others can reach."""

    keyboards: tuple[str, ...]
    interfaces: tuple[Interface, ...]
    leased: bool

    @property
    def first(self) -> Interface | None:
        """The interface one means without naming it: the first with a link, else the first."""
        return next((one for one in self.interfaces if one.link), next(iter(self.interfaces), None))


def find_devices() -> Devices:
    """Those of the running system. Without udev there are no keyboards to be seen."""
    import psutil
    import pyudev

    context = pyudev.Context()
    # An event device has no name of its own; its parent, the input device, has.
    keyboards = {
        _text(device.attributes.get("name")) or str(device.sys_name)
        for device in context.list_devices(subsystem="input", ID_INPUT_KEYBOARD="1")
        if device.attributes.get("name")
    }
    interfaces = tuple(
        Interface(
            str(device.sys_name),
            _text(device.attributes.get("address")).lower(),
            _title(device.properties),
            _carrier(device),
        )
        for device in sorted(context.list_devices(subsystem="net"), key=lambda device: str(device.sys_name))
        # A device below /devices/virtual is a bridge, a bond, a tunnel: not what a cable is put into.
        if _text(device.attributes.get("type")) == _ETHERNET and "/virtual/" not in device.device_path
    )
    names = {interface.name for interface in interfaces}
    held = (
        address.address
        for name, addresses in psutil.net_if_addrs().items()
        if name in names
        for address in addresses
        if address.family.name in ("AF_INET", "AF_INET6")
    )
    return Devices(tuple(sorted(keyboards)), interfaces, any_reachable(held))


def any_reachable(addresses: Iterable[str]) -> bool:
    """Whether one of these is an address others can reach: not one that a machine gives itself."""
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not (address.is_link_local or address.is_loopback or address.is_unspecified):
            return True
    return False


def _title(properties: Mapping[str, str]) -> str:
    words = (properties.get(f"ID_{what}_FROM_DATABASE") for what in ("VENDOR", "MODEL"))
    return " ".join(filter(None, words))


def _carrier(device: object) -> bool:
    # The kernel refuses the question (EINVAL) for an interface that is down.
    try:
        return _text(device.attributes.get("carrier")) == "1"  # type: ignore[attr-defined]
    except OSError:
        return False


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace").strip()
