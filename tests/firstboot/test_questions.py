"""The first boot's questions: which are asked of which machine, what their defaults are and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.firstboot.recorded import AT_HOME, CABLE, KEY, MACHINES, NO_CABLE, SERIAL, facts, sitting, tree
from tests.machine.trees import machine
from wizard.errors import UserError
from wizard.firstboot.devices import Devices, any_reachable
from wizard.firstboot.facts import Facts, Readers
from wizard.firstboot.flow import NAMES, first_boot_flow, globals_of
from wizard.firstboot.keyboards import parse_layouts
from wizard.firstboot.questions.hostname import check as check_hostname
from wizard.firstboot.questions.network import check_address, check_gateway
from wizard.firstboot.questions.server import OAR_KEY, check_key, check_server
from wizard.flow.flow import Flow
from wizard.flow.question import Source


def asked(flow: Flow) -> list[str]:
    return [question.id for question in flow.asked()]


def say(flow: Flow, **values: str | tuple[str, ...]) -> Flow:
    for name, value in values.items():
        flow.go(name)
        assert flow.answer(value) == ""
    flow.go(None)
    return flow


def test_a_machine_with_a_keyboard_a_network_and_a_session(tmp_path: Path) -> None:
    flow = first_boot_flow(facts(tree(tmp_path, graphical=True)))
    assert asked(flow) == ["keymap", "x", "role", "hostname", "timezone", "ssh_keys", "granularity"]
    assert flow.answers()["x"].reason == "LXQt is installed"
    assert flow.open() == []


def test_a_serial_line_without_network_and_session(tmp_path: Path) -> None:
    flow = first_boot_flow(facts(tree(tmp_path), SERIAL))
    assert asked(flow) == ["role", "hostname", "network", "timezone", "ssh_keys", "granularity"]
    assert flow.values()["keymap"] == "us"
    assert "x" not in flow.values()
    shown = flow.shows(flow.questions[NAMES.index("network")])
    assert shown == (
        "eth1: 52:54:00:ab:cd:f0, no cable",
        "eth0: A network card, 52:54:00:ab:cd:ef, a cable is in",
    )


def test_every_question_has_its_global_and_a_global_without_a_question_does_not_exist(tmp_path: Path) -> None:
    flow = first_boot_flow(facts(tree(tmp_path)))
    assert tuple(question.id for question in flow.questions) == NAMES
    assert tuple(globals_of(flow.values())) == NAMES


def test_as_long_as_nothing_changes_nothing_is_drawn_anew(tmp_path: Path) -> None:
    flow = first_boot_flow(facts(tree(tmp_path, graphical=True)))
    for question in flow.questions:
        for look in (flow.choices, flow.shows, flow.default):
            assert look(question) == look(question), question.id


def test_what_is_plugged_in_later_is_noticed(tmp_path: Path) -> None:
    seen = [SERIAL, AT_HOME]
    found = Facts(tree(tmp_path), Readers(lambda: None, lambda: seen[0]))
    flow = first_boot_flow(found)
    assert "network" in asked(flow)
    flow.go("network")
    seen.pop(0)
    assert "keymap" not in asked(flow)  # looked at once, until it is looked at again
    found.refresh()
    assert "keymap" in asked(flow)
    assert "network" not in asked(flow)


def test_roles_ask_for_different_things(tmp_path: Path) -> None:
    flow = first_boot_flow(facts(tree(tmp_path)))
    assert "granularity" in flow.values()
    say(flow, role="server")
    assert not {"granularity", "server", "server_key"} & set(flow.values())
    say(flow, role="node")
    assert {"server", "server_key"} <= set(flow.values())
    assert "granularity" not in flow.values()


@pytest.mark.parametrize("name", ["kameleon", "debian", "localhost", ""])
def test_a_node_is_called_as_no_other_is(tmp_path: Path, name: str) -> None:
    tree(tmp_path)
    (tmp_path / "etc/hostname").write_text(f"{name}\n")
    flow = first_boot_flow(facts(tmp_path, SERIAL))
    say(flow, role="node")
    answer = flow.answers()["hostname"]
    assert (answer.value, answer.source) == ("node-abcdef", Source.DETECTED)
    assert "eth0" in answer.reason


def test_a_node_that_has_a_name_of_its_own_keeps_it(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "etc/hostname").write_text("paravance-12\n")
    assert say(first_boot_flow(facts(tmp_path)), role="node").values()["hostname"] == "paravance-12"


def test_a_fixed_address_has_to_be_given_and_nobody_waits_for_it_for_ever(tmp_path: Path) -> None:
    sat = sitting(tree(tmp_path), devices=SERIAL)
    flow = sat.flow
    say(flow, hostname="head", network="static", timezone="Europe/Paris")
    assert flow.values()["interface"] == "eth0"  # the one with a cable
    with pytest.raises(UserError, match=r"Address: '' is no address"):
        sat.must_be_complete()
    assert [question.id for question in sat.settle()] == ["network"]
    assert flow.values()["network"] == "dhcp"
    assert (flow.values()["hostname"], flow.values()["timezone"]) == ("head", "Europe/Paris")
    say(flow, network="static", address="10.0.0.7/24", gateway="10.0.0.1", dns=("10.0.0.2", "10.0.0.2"))
    assert sat.settle() == []
    assert globals_of(flow.values())["dns"] == "10.0.0.2"


def test_without_any_interface_no_address_can_be_fixed(tmp_path: Path) -> None:
    flow = first_boot_flow(facts(tree(tmp_path), Devices((), (), leased=False)))
    say(flow, network="static")
    assert "interface" in [question.id for question, _ in flow.open()]
    assert [question.id for question in flow.settle()] == ["network"]


@pytest.mark.parametrize("name", MACHINES)
def test_resources_are_shown_before_they_are_made(tmp_path: Path, name: str) -> None:
    sat = sitting(tree(tmp_path), of=name)
    question = sat.flow.questions[NAMES.index("granularity")]
    core, thread = sat.flow.choices(question)
    there = machine(name)
    assert core.told.startswith(f"{there.cores} resource")
    assert thread.told.startswith(f"{len(there.threads)} resource")
    shown = sat.flow.shows(question)
    assert shown[0].startswith(f"kameleon: {there.cores} resource")
    assert len(shown) == 1 + len(there.packages)


def test_a_machine_that_cannot_be_detected_is_told(tmp_path: Path) -> None:
    flow = first_boot_flow(Facts(tree(tmp_path), Readers(lambda: None, lambda: AT_HOME)))
    question = flow.questions[NAMES.index("granularity")]
    assert flow.shows(question) == ("This machine's processors cannot be detected.",)


def test_keyboards_by_name_with_their_variants() -> None:
    layouts = parse_layouts((Path(__file__).parent / "recorded.py").read_text().partition('"""\\\n')[2])
    assert [(layout.name, layout.title) for layout in layouts] == [
        ("us", "English (US)"), ("fr", "French"), ("ch", "German (Switzerland)"),
    ]  # fmt: skip
    assert layouts[2].variants == (("fr", "French (Switzerland)"),)


def test_the_choices_of_keyboards_are_a_tree(tmp_path: Path) -> None:
    flow = first_boot_flow(facts(tree(tmp_path)))
    choices = flow.choices(flow.questions[0])
    assert [(choice.id, choice.under) for choice in choices] == [
        ("us", ""), ("us:intl", "us"), ("fr", ""), ("fr:oss", "fr"), ("ch", ""), ("ch:fr", "ch"),
    ]  # fmt: skip


def test_time_zones(tmp_path: Path) -> None:
    flow = first_boot_flow(facts(tree(tmp_path)))
    choices = flow.choices(flow.questions[NAMES.index("timezone")])
    assert [choice.id for choice in choices] == ["Etc/UTC", "Europe/Paris", "Europe/Zurich", "EST"]


def test_another_tree_than_the_system_that_runs_is_asked_for_its_keyboard_and_not_for_a_network(tmp_path: Path) -> None:
    assert asked(first_boot_flow(Facts(tree(tmp_path))))[0] == "keymap"
    assert "network" not in asked(first_boot_flow(Facts(tmp_path)))


def test_which_interface_is_meant() -> None:
    assert Devices((), (NO_CABLE, CABLE), leased=False).first == CABLE
    assert Devices((), (NO_CABLE,), leased=False).first == NO_CABLE
    assert Devices((), (), leased=False).first is None


@pytest.mark.parametrize(
    ("addresses", "reachable"),
    [
        ([], False),
        (["127.0.0.1", "::1", "fe80::5054:ff:feab:cdef%eth0", "169.254.3.4"], False),
        (["fe80::1%eth0", "192.168.1.7"], True),
        (["2001:db8::7"], True),
    ],
)
def test_an_address_that_a_machine_gives_itself_is_none(addresses: list[str], reachable: bool) -> None:
    assert any_reachable(addresses) is reachable


@pytest.mark.parametrize("value", ["10.0.0.7/24", "10.0.0.0/31", "10.0.0.7/32", "2001:db8::7/64"])
def test_addresses(value: str) -> None:
    assert check_address(value) == ""


@pytest.mark.parametrize(
    "value",
    ["", "10.0.0.7", "10.0.0.7/33", "10.0.0/24", "10.0.0.0/24", "10.0.0.255/24", "127.0.0.1/8", "224.0.0.1/24",
     "0.0.0.0/24", "fe80::1%eth0/64", "$(reboot)/24", "10.0.0.7/24\nDNS=1.2.3.4"],
)  # fmt: skip
def test_what_is_no_address(value: str) -> None:
    assert check_address(value)


def test_gateways() -> None:
    assert check_gateway("", "10.0.0.7/24") == ""
    assert check_gateway("10.0.0.1", "10.0.0.7/24") == ""
    assert check_gateway("10.0.1.1", "10.0.0.7/24") == "10.0.1.1 is not in the network of 10.0.0.7/24."
    assert "own" in check_gateway("10.0.0.7", "10.0.0.7/24")
    assert check_gateway("router", "10.0.0.7/24")
    assert check_gateway("fe80::1", "10.0.0.7/24")


@pytest.mark.parametrize("value", ["", "head", "head.example.org", "10.0.0.1", "2001:db8::1"])
def test_servers(value: str) -> None:
    assert check_server(value) == ""


@pytest.mark.parametrize("value", ["a b", "head:6666", "-a", "$(reboot)"])
def test_what_is_no_server(value: str) -> None:
    assert check_server(value)


def test_names() -> None:
    assert check_hostname("a" * 63 + ".b").startswith("'a")
    assert check_hostname("head.example.org") == ""


@pytest.mark.parametrize(
    "line",
    ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 !!!!", KEY[:40], f'command="id" {KEY}',
     KEY.replace("ed25519", "rsa"), KEY + "\nssh-rsa x", KEY + "\x07", "PRIVATE KEY"],
)  # fmt: skip
def test_what_is_no_public_key(line: str) -> None:
    assert check_key(line)


def test_the_servers_key_may_be_copied_with_what_oar_has_before_it(tmp_path: Path) -> None:
    flow = first_boot_flow(facts(tree(tmp_path)))
    say(flow, role="node", server_key=OAR_KEY + KEY)
    assert globals_of(flow.values())["server_key"] == KEY
