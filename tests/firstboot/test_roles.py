"""Server and node as two machines, with real PostgreSQL, OAR and sshd: the server alone gets into the node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.firstboot.container import Container, container, with_early

pytestmark = pytest.mark.real
SERVER, NODE = "10.9.0.1", "10.9.0.2"


def connect(one: Container, other: Container) -> None:
    """A cable between two machines that have no network, and an address at each end."""
    subprocess.run(
        ["ip", "link", "add", "kt-a", "netns", str(one.pid), "type", "veth", "peer", "kt-b", "netns", str(other.pid)],
        check=True,
    )
    for box, name, address in ((one, "kt-a", SERVER), (other, "kt-b", NODE)):
        box.sh(f"ip address add {address}/24 dev {name}; ip link set {name} up")


@pytest.fixture
def machines() -> Iterator[tuple[Container, Container]]:
    with ExitStack() as stack:
        made = []
        for _ in range(2):
            # Not tmp_path: the containers' daemons, who are not root, go through it.
            work = Path(tempfile.mkdtemp(prefix="kt-", dir="/tmp"))
            stack.callback(shutil.rmtree, work)
            work.chmod(0o755)
            made.append(stack.enter_context(container(work)))
        connect(made[0], made[1])
        yield made[0], made[1]


def configure(box: Container, answers: dict[str, str], *options: str) -> str:
    box.path("/answers.yaml").write_text(json.dumps({"answers": answers}))
    done = box.run("kameleon-tui", "firstboot", "--answers", "/answers.yaml", *options, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr + box.log()
    return done.stdout


def test_a_server_and_its_node(machines: tuple[Container, Container]) -> None:
    server, node = machines
    for box in machines:
        with_early(box.root)
        box.sh("/usr/lib/kameleon-tui/early/run.sh")
        assert box.path("/var/lib/postgresql/15/main/PG_VERSION").exists()
    begun = server.path("/var/lib/oar/.ssh/id_ed25519.pub").read_text()
    said = configure(server, {"role": "server", "hostname": "head"})
    assert server.path("/var/lib/oar/.ssh/id_ed25519.pub").read_text() == begun
    assert "kameleon: first boot done: role=server host=head resources=0" in said
    assert "nodes need this server's public key: /var/lib/oar/.ssh/id_ed25519.pub (SHA256:" in said
    key = server.path("/var/lib/oar/.ssh/id_ed25519.pub").read_text().strip()
    said = configure(node, {"role": "node", "hostname": "node-1", "server": SERVER, "server_key": key})
    assert "kameleon: first boot done: role=node host=node-1 resources=0" in said

    # A node has nothing that opens anything: no key of its own, no database, no server.
    assert node.sh("ls /var/lib/oar/.ssh").split() == ["authorized_keys", "config"]
    assert node.sh("grep -c . /var/lib/oar/.ssh/authorized_keys") == "1"
    assert node.sh("cat /var/lib/oar/.ssh/authorized_keys") == f'environment="OAR_KEY=1" {key}'
    assert node.run("sh", "-c", "pgrep -x Almighty || pgrep -x postgres || ls /var/lib/postgresql/*/main").returncode
    assert not server.path("/etc/oar/oar_ssh_host_ed25519_key").exists()

    # The server knows its own address; the node knows the server by the one it was told.
    assert server.sh("grep ^SERVER_HOSTNAME /etc/oar/oar.conf") == f'SERVER_HOSTNAME="{SERVER}"'
    assert node.sh("grep ^SERVER_HOSTNAME /etc/oar/oar.conf") == f'SERVER_HOSTNAME="{SERVER}"'
    assert server.sh("getent hosts head").split() == [SERVER, "head"]

    # In it comes, and is shown the key whose fingerprint the node's console told.
    fingerprint = next(line.split()[-4] for line in said.splitlines() if "this node's host key is" in line)
    assert "key 1" in server.sh(f"su -s /bin/bash oar -c 'ssh -p 6667 -o BatchMode=yes {NODE} \"echo key \\$OAR_KEY\"'")
    assert fingerprint in server.sh(f"ssh-keyscan -p 6667 -t ed25519 {NODE} 2>/dev/null | ssh-keygen -lf -")
    assert node.run("su", "-s", "/bin/bash", "oar", "-c", f"ssh -p 6667 -o BatchMode=yes {NODE} true").returncode

    # The node's processors become the server's resources, by what the node says it is made of: asked by its server, as
    # the node has told, where it stands in /etc/hosts.
    record = node.sh("kameleon-tui resources detect --json")
    server.sh(f"echo {NODE} node-1 >>/etc/hosts; mkdir -m 755 /work")
    for command in re.findall(r"^kameleon: (sudo .*)$", said, re.M):
        server.sh(f"cd /work; {command}")
    assert json.loads(server.sh("cat /work/new.json")) == {**json.loads(record), "address": "node-1"}
    assert server.sh("oarnodes -s").startswith("node-1")
    again = configure(server, {"role": "server", "hostname": "head"}, "--again")
    count = sum(len(package["cores"]) for package in json.loads(record)["packages"])
    assert f"role=server host=head resources={count}" in again


def test_a_node_by_the_kernel_command_line_begins_no_database(machines: tuple[Container, Container]) -> None:
    box, _ = machines
    with_early(box.root)
    box.path("/line").write_text('quiet kameleon.role="node"\n')
    box.sh("mount --bind /line /proc/cmdline; /usr/lib/kameleon-tui/early/run.sh")
    assert not box.path("/var/lib/postgresql/15/main").exists()
    assert "id_ed25519" not in box.sh("ls -A /var/lib/oar/.ssh")
    box.sh("ssh-keygen -l -f /etc/oar/oar_ssh_host_ed25519_key")


def test_from_one_role_to_another(machines: tuple[Container, Container]) -> None:
    box, _ = machines
    # As OAR's packages make one, and earlier versions did: nodes know it.
    box.sh("ssh-keygen -q -t rsa -N '' -f /var/lib/oar/.ssh/id_rsa")
    box.sh("ssh-keygen -q -t rsa -N '' -f /etc/oar/oar_ssh_host_rsa_key")
    key = box.sh("cat /var/lib/oar/.ssh/id_rsa.pub")
    host_key = box.sh("cut -d' ' -f1,2 /etc/oar/oar_ssh_host_rsa_key.pub")
    for again in ((), ("--again",)):
        configure(box, {"role": "both", "hostname": "one"}, *again)
        assert box.sh("cat /var/lib/oar/.ssh/authorized_keys") == f'environment="OAR_KEY=1" {key}'
        assert box.sh("cd /var/lib/oar/.ssh; ls id_*").split() == ["id_rsa", "id_rsa.pub"]
        assert host_key in box.sh("ssh-keyscan -p 6667 -t rsa 127.0.0.1 2>/dev/null")
    said = configure(box, {"role": "node", "hostname": "one"})
    assert "no server gets in, as no server's key was given" in said
    assert box.sh("ls /var/lib/oar/.ssh").split() == ["authorized_keys", "config", "known_hosts"]
    assert box.sh("cat /var/lib/oar/.ssh/authorized_keys") == ""
    box.sh("for try in 1 2 3 4 5 6 7 8; do pgrep -x Almighty || exit 0; sleep 1; done; false")
    # Somebody's own sshd_config, which leaves sshd to its own keys: they are not OAR's.
    box.sh("sed -i '/^HostKey/d' /etc/oar/sshd_config; pkill -f '[/]etc/oar/sshd_config'")
    said = configure(box, {"role": "both", "hostname": "one"})
    assert "first boot done: role=both host=one resources=" in said
    assert box.sh("cd /var/lib/oar/.ssh; ls id_*").split() == ["id_ed25519", "id_ed25519.pub"]
    assert box.sh("grep ^HostKey /etc/oar/sshd_config") == "HostKey /etc/oar/oar_ssh_host_ed25519_key"
    host_key = box.sh("cut -d' ' -f1,2 /etc/oar/oar_ssh_host_ed25519_key.pub")
    assert host_key in box.sh("ssh-keyscan -p 6667 -t ed25519 127.0.0.1 2>/dev/null")
    assert box.sh("grep ^SERVER_HOSTNAME /etc/oar/oar.conf") == 'SERVER_HOSTNAME="localhost"'


def test_what_was_told_is_kept_for_root_alone_and_taken_up_again(machines: tuple[Container, Container]) -> None:
    box, _ = machines
    configure(box, {"role": "node", "hostname": "node-7", "timezone": "Europe/Paris"})
    kept = box.path("/var/lib/kameleon-tui/firstboot/answers.yaml")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "role: node  # file" in kept.read_text()
    assert "resources=" in box.sh("kameleon-tui firstboot")  # nothing is asked, nothing changes
    before = json.loads(box.sh("kameleon-tui firstboot --dry-run --json"))["answers"]
    assert (before["role"], before["hostname"], before["timezone"]) == ("node", "node-7", "Europe/Paris")
    shutil.copy(kept, box.path("/copy.yaml"))
    said = box.sh("kameleon-tui firstboot --again --answers /copy.yaml")
    assert "role=node host=node-7" in said
    assert box.sh("readlink /etc/localtime").endswith("Europe/Paris")
