"""What single answers make of a system: network, keys of people, graphical session, keyboard; again and back again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.firstboot.container import Container
from tests.firstboot.recorded import KEY
from wizard.firstboot.devices import find_devices

pytestmark = pytest.mark.real
NETWORK = "/etc/systemd/network/10-kameleon.network"


def node(box: Container, **answers: str | list[str]) -> subprocess.CompletedProcess[str]:
    """A node is made fastest."""
    box.path("/answers.yaml").write_text(json.dumps({"answers": {"role": "node", "hostname": "node-1", **answers}}))
    return box.run("kameleon-tui", "firstboot", "--answers", "/answers.yaml", timeout=120)


def test_the_network(box: Container) -> None:
    # The container has no network card: what the question offers is not what is tried here.
    box.sh("mkdir -p /usr/share/kt && cp -r /usr/lib/kameleon-tui/recipes /usr/share/kt")
    recipe = "recipes/firstboot/node.yaml"
    for network, values, expected in (
        ("static", {"address": "10.0.0.7/24", "gateway": "10.0.0.1", "dns": "10.0.0.2\n10.0.0.3", "interface": "eth0"},
         "[Match]\nName=eth0\n\n[Network]\nAddress=10.0.0.7/24\nGateway=10.0.0.1\nDNS=10.0.0.2\nDNS=10.0.0.3"),
        ("static", {"address": "2001:db8::7/64", "interface": "eth1"},
         "[Match]\nName=eth1\n\n[Network]\nAddress=2001:db8::7/64"),
        ("none", {}, "[Match]\nType=ether\n\n[Link]\nUnmanaged=yes"),
    ):  # fmt: skip
        lines = [f"  {name}: {json.dumps(value)}" for name, value in {"network": network, **values}.items()]
        text = box.path(f"/usr/share/kt/{recipe}").read_text()
        box.path(f"/usr/lib/kameleon-tui/{recipe}").write_text(
            text.replace("  role: node\n", "\n".join(["  role: node", *lines, ""]))
        )
        run = box.run("python3", "-c", DIRECT, recipe)
        assert run.returncode == 0, run.stdout + run.stderr + box.log()
        assert box.sh(f"cat {NETWORK}") == expected
    box.path(f"/usr/lib/kameleon-tui/{recipe}").write_text(text)
    assert node(box).returncode == 0
    assert not box.path(NETWORK).exists()


def test_the_address_that_nodes_know_a_server_by(box: Container) -> None:
    """The one that was given, also where another network has given one before; else the first."""
    box.sh("ip link add kt-a type veth peer kt-b; ip link set kt-a up; ip link set kt-b up")
    for address in ("192.0.2.1", "10.9.0.1"):
        box.sh(f"ip address add {address}/24 dev kt-a")
    for answers, expected in (
        ({"network": "dhcp"}, "192.0.2.1"),
        ({"network": "static", "interface": "kt-a", "address": "10.9.0.1/24"}, "10.9.0.1"),
    ):
        box.path("/usr/lib/kameleon-tui/recipes/firstboot/address.yaml").write_text(
            json.dumps({"extend": "server", "global": answers, "setup": [{"system": ["address"]}]})
        )
        run = box.run("python3", "-c", DIRECT, "recipes/firstboot/address.yaml")
        assert run.returncode == 0, run.stdout + run.stderr
        assert box.sh("cat /var/lib/kt/facts/address") == expected


#: The recipe by itself, without questions.
DIRECT = """
import sys
sys.path.insert(0, "/usr/lib/kameleon-tui")
from pathlib import Path
from wizard.engine.live import resolve_live, run_live
from wizard.plain.front import line_front

run = Path("/var/lib/kt")
recipe = resolve_live(Path("/usr/lib/kameleon-tui") / sys.argv[1], {"hostname": "node-1"}, Path("/"), run)
sys.exit(run_live(recipe, run, line_front(False, 0, False)).outcome.exit)
"""


def test_keys_of_people_are_added_once(box: Container) -> None:
    box.sh("mkdir -p /root/.ssh; echo 'ssh-rsa earlier' >/root/.ssh/authorized_keys")
    keys = [f"{KEY} $(reboot) `id`", f"{KEY} 'two'"]
    for _ in range(2):
        done = node(box, ssh_keys=keys)
        assert done.returncode == 0, done.stdout + done.stderr
    assert box.sh("cat /root/.ssh/authorized_keys").split("\n") == ["ssh-rsa earlier", *keys]
    assert box.sh("stat -c '%a %U' /root/.ssh/authorized_keys") == "600 root"
    box.sh("useradd --create-home kameleon")
    assert node(box, ssh_keys=keys, hostname="node-2").returncode == 0
    assert box.sh("cat /home/kameleon/.ssh/authorized_keys").split("\n") == keys
    assert box.sh("stat -c '%a %U' /home/kameleon/.ssh/authorized_keys /home/kameleon/.ssh").split() == [
        "600", "kameleon", "700", "kameleon",
    ]  # fmt: skip


def test_a_session_where_one_is_installed(box: Container) -> None:
    box.sh("mkdir -p /etc/X11; echo /usr/bin/true >/etc/X11/default-display-manager")
    assert node(box, x="no").returncode == 0
    assert box.sh("systemctl get-default") == "multi-user.target"
    done = node(box, x="yes")
    assert done.returncode == 0
    assert "  x yes (file)" in done.stdout
    assert box.sh("systemctl get-default") == "graphical.target"


def test_a_keyboard_by_its_variant(box: Container) -> None:
    assert node(box, keymap="de:nodeadkeys").returncode == 0
    assert box.sh("grep -E '^XKB(LAYOUT|VARIANT)' /etc/default/keyboard").split() == [
        'XKBLAYOUT="de"', 'XKBVARIANT="nodeadkeys"',
    ]  # fmt: skip
    done = node(box, keymap="de:nodeadkey")
    assert done.returncode == 2
    assert "is it de:nodeadkeys" in done.stderr


def test_the_devices_of_this_machine() -> None:
    found = find_devices()
    there = {path.name for path in Path("/sys/class/net").iterdir()}
    assert {one.name for one in found.interfaces} <= there - {"lo"}
    for one in found.interfaces:
        assert (Path("/sys/class/net") / one.name / "address").read_text().strip().lower() == one.address
        assert one.link == (Path(f"/sys/class/net/{one.name}/operstate").read_text().strip() == "up")
