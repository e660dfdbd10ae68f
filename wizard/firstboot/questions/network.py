"""The network, where none has given the machine an address by itself."""

from __future__ import annotations

from wizard.firstboot.facts import Facts
from wizard.flow.question import Answer, Choice, Kind, Question, Source, Values, left_empty


def network(facts: Facts) -> tuple[Question, ...]:
    """network, and for a fixed address: interface, address, gateway, dns."""
    return (
        Question(
            "network",
            "Network",
            "No network has given this machine an address yet.",
            Kind.ONE,
            lambda values: Answer("dhcp", Source.DEFAULT, "it needs no one to know addresses"),
            lambda values: (
                Choice("dhcp", "Automatic", "Each interface with a cable asks the network for its address (DHCP)."),
                Choice("static", "A fixed address", "You give address, gateway and name servers."),
                Choice("none", "No network", "No interface is configured; the machine works for itself."),
            ),
            ask=lambda values: not facts.devices.leased,
            shows=lambda values: _state(facts),
            help="A cable that is plugged in while this is shown is noticed.",
        ),
        Question(
            "interface",
            "Interface",
            "The interface that gets the fixed address.",
            Kind.ONE,
            lambda values: _first(facts),
            lambda values: tuple(
                Choice(one.name, one.name, _about(one.title, one.address, one.link)) for one in facts.devices.interfaces
            ),
            when=_static,
        ),
        Question(
            "address",
            "Address",
            "The machine's address and how many of its bits name the network, such as 192.168.1.20/24.",
            Kind.TEXT,
            left_empty("nobody can guess it"),
            check=lambda value, values: check_address(value),
            when=_static,
        ),
        Question(
            "gateway",
            "Gateway",
            "The address of the router to other networks; empty for none.",
            Kind.TEXT,
            left_empty("a cluster may be a network of its own"),
            check=lambda value, values: check_gateway(value, str(values["address"])),
            when=_static,
        ),
        Question(
            "dns",
            "Name servers",
            "Addresses of name servers, the first asked first; none where there are none.",
            Kind.LINES,
            left_empty("OAR itself needs none", ()),
            check=lambda value, values: _check_plain(value),
            when=_static,
        ),
    )


def _static(values: Values) -> bool:
    return values["network"] == "static"


def _first(facts: Facts) -> Answer:
    first = facts.devices.first
    if first is None:
        return Answer("", Source.DEFAULT, "there is none")
    return Answer(first.name, Source.DETECTED, "a cable is in" if first.link else "it is the first")


def _about(title: str, address: str, link: bool) -> str:
    return ", ".join(filter(None, (title, address, "a cable is in" if link else "no cable")))


def _state(facts: Facts) -> tuple[str, ...]:
    return tuple(f"{one.name}: {_about(one.title, one.address, one.link)}" for one in facts.devices.interfaces) or (
        "There is no network interface.",
    )


def check_address(value: str) -> str:
    """Why `value` is no ADDRESS/BITS for an interface, as a sentence; "" when it is one."""
    import ipaddress

    try:
        address = ipaddress.ip_interface(value)
    except ValueError:
        address = None
    if address is None or "/" not in value or "%" in value:
        return f"{value[:64]!a} is no address with its network, such as 192.168.1.20/24."
    if address.ip.is_loopback or address.ip.is_multicast or address.ip.is_unspecified:
        return f"{value} is no address of a machine in a network."
    if address.version == 4 and address.network.prefixlen < 31 and address.ip in (
        address.network.network_address, address.network.broadcast_address,
    ):  # fmt: skip
        return f"{value}: the first and the last address of a network are no machine's."
    return ""


def check_gateway(value: str, own: str) -> str:
    """Why `value` is no gateway of a machine with the address `own`; "" when it is one, or empty."""
    import ipaddress

    if not value or _check_plain(value):
        return value and _check_plain(value)
    if check_address(own):
        return ""
    if ipaddress.ip_address(value) not in ipaddress.ip_interface(own).network:
        return f"{value} is not in the network of {own}."
    return f"{value} is this machine's own address." if value == own.partition("/")[0] else ""


def _check_plain(value: str) -> str:
    import ipaddress

    try:
        ipaddress.ip_address(value.partition("%")[0])
    except ValueError:
        return f"{value[:64]!a} is no address, such as 192.168.1.1."
    return "" if "%" not in value else f"{value[:64]!a}: an address without its interface is wanted."
