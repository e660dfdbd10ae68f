"""A server and its node as two machines with a cable between them, as docs/guide.md has it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from tests.boot.guest import Guest
from tests.boot.test_boot import BOOT
from tests.contracts.tree import ROOT
from tests.image.iso import built_iso, cache, locked

pytestmark = [pytest.mark.real, pytest.mark.long]

GUIDE = (ROOT / "docs/guide.md").read_text()
CABLE, PORT = "-nic socket,model=virtio-net-pci,mac=52:54:00:09:00:0{0},{1}=127.0.0.1:19099", "19099"
WORDS = (
    "net.ifnames=0 kameleon.defaults kameleon.role={0} kameleon.hostname={1} kameleon.network=static "
    "kameleon.interface=eth1 kameleon.address=10.9.0.{2}/24"
)
JOIN = ' kameleon.server=10.9.0.1 kameleon.server_key="{0}"'


def told(words: str) -> str:
    """These words, which people are told, too."""
    assert words in GUIDE, words
    return words


def start(name: str, cable: str, words: str) -> Guest:
    return Guest(built_iso(), cache() / f"serial-two-{name}.log", "--append", words, qemu=cable)


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[Guest, Guest]]:
    """Both when their first boot is done, and somebody has logged in. The server is first: a node needs its key."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with locked("qemu"):
        server = start("server", told(CABLE.format(1, "listen")).replace(PORT, port),
                       told(WORDS.format("server", "head", 1)))  # fmt: skip
        try:
            said = server.wait(r"kameleon: first boot (done|failed).*$", BOOT).group().strip()
            assert said == "kameleon: first boot done: role=server host=head resources=0"
            server.log_in(600)
            key = server.run(told("sudo cat /var/lib/oar/.ssh/id_ed25519.pub")).strip()
            node = start("node", told(CABLE.format(2, "connect")).replace(PORT, port),
                         told(WORDS.format("node", "node-1", 2) + JOIN.format("ssh-ed25519 AAAA… oar@head"))
                         .replace("ssh-ed25519 AAAA… oar@head", key))  # fmt: skip
            try:
                said = node.wait(r"kameleon: first boot (done|failed).*$", BOOT).group().strip()
                assert said == "kameleon: first boot done: role=node host=node-1 resources=0"
                node.log_in(600)
                yield server, node
            finally:
                node.close()
        finally:
            server.close()


def test_the_server_gets_its_node_by_what_the_node_shows(machines: tuple[Guest, Guest]) -> None:
    server, node = machines
    detect = told("sudo -u oar kameleon-tui resources detect --ssh 'ssh -p 6667' --host node-1 --json >new.json")
    create = told("sudo kameleon-tui resources create --machine new.json")
    for command in (detect, create):
        assert f"kameleon: {command}\n" in node.text
    server.run(detect, 300)
    assert server.run(create, 300).strip() == "node-1: 2 resources: 2 added"
    # The first contact was with the node and nobody else.
    known = server.run(told("sudo -u oar ssh-keygen -lf /var/lib/oar/.ssh/known_hosts"))
    shown = re.search(r"this node's host key is (SHA256:\S+)", node.text)
    assert shown
    assert set(re.findall(r"SHA256:\S+", known)) == {shown.group(1)}
    assert server.run("sudo grep ^SERVER_HOSTNAME /etc/oar/oar.conf").strip() == 'SERVER_HOSTNAME="10.9.0.1"'
    assert re.findall(r"^ +(\d+) ?: (\w+)", server.run(told("oarnodes -s"), 300), re.M) == [
        ("1", "Alive"),
        ("2", "Alive"),
    ]


def test_a_job_of_the_server_runs_on_the_node(machines: tuple[Guest, Guest]) -> None:
    server, node = machines
    job = re.search(r"OAR_JOB_ID=(\d+)", server.run(told("oarsub -l /core=2 hostname"), 300))
    assert job
    number = job.group(1)
    # As long as it takes, and not a minute more: its end is told by the node, to the server's address.
    server.run(f"until oarstat -s -j {number} | grep -qE 'Terminated|Error'; do sleep 4; done", 1200)
    assert "Terminated" in server.run(f"oarstat -s -j {number}", 300)
    assert node.run(f"cat OAR.{number}.stdout").strip() == "node-1"
    assert server.run("ls").split() == ["new.json"]
    assert "Alive" in server.run("oarnodes -s", 300)


def test_nothing_failed_and_the_node_opens_nothing(machines: tuple[Guest, Guest]) -> None:
    server, node = machines
    for guest in machines:
        assert guest.run("systemctl list-units --failed --plain --no-legend").strip() == ""
    assert node.run("sudo ls /var/lib/oar/.ssh").split() == ["authorized_keys", "config"]
    assert server.run("systemctl is-active oar-server").strip() == "active"
