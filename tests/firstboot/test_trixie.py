"""The first boot on Debian 13 with OAR 2.6, whose services are units of systemd's, and its roles one after another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.firstboot.container import DONE, Container
from tests.firstboot.test_roles import configure
from tests.firstboot.test_unit import started
from tests.image.iso import TRIXIE
from wizard.recipe.find import find_recipe
from wizard.recipe.resolve import resolve

pytestmark = [pytest.mark.real, pytest.mark.long]


def habits(tree: Path) -> None:
    """What the ISO's recipe does about OAR's habits."""
    steps = {microstep.name: microstep for _, microstep in resolve(find_recipe(TRIXIE)).steps()}
    for command in steps["habits_of_a_cluster"].commands:
        subprocess.run(
            ["chroot", tree, "/bin/bash", "-e", "-o", "pipefail", "-c", command.text],
            check=True, stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"},
        )  # fmt: skip


def active(box: Container, *units: str) -> list[str]:
    return box.run("systemctl", "is-active", *units).stdout.split()


def test_it_becomes_a_cluster_then_a_node_then_a_server(work: Path) -> None:
    with started(work, habits, "trixie") as box:
        journal = box.sh("journalctl --unit 'kameleon-firstboot*' --output cat")
        found = DONE.search(journal)
        assert found, journal + box.log()
        resources = int(found[1])
        box.sh("until systemctl is-active oar-server oar-node postgresql@17-main ssh; do sleep 0.3; done", timeout=60)
        assert box.sh("systemctl list-units --failed --plain --no-legend") == ""
        assert "Suspected" not in box.sh("oarnodes -s")
        assert box.sh("oarnodes -s | grep -c Alive") == str(resources)
        assert "[Success]" in box.sh("oar-database --check")
        assert "ordering cycle" not in box.sh("journalctl --boot --output cat")
        key = box.path("/var/lib/oar/.ssh/id_ed25519.pub").read_text()

        said = configure(box, {"role": "node", "hostname": "kameleon", "server": "10.9.0.1"}, "--again")
        assert "kameleon: first boot done: role=node host=kameleon resources=0" in said
        assert active(box, "oar-server", "oar-node") == ["inactive", "active"]
        assert box.run("pgrep", "-f", "Almighty").returncode == 1
        # Once an hour; without a database it would wait for one for ever.
        box.sh("timeout 20 systemctl start oar-accounting")
        assert box.sh("systemctl show --property ConditionResult --value oar-accounting") == "no"

        said = configure(box, {"role": "server", "hostname": "kameleon"}, "--again")
        assert f"kameleon: first boot done: role=server host=kameleon resources={resources}" in said
        assert active(box, "oar-server", "oar-node") == ["active", "inactive"]
        assert box.path("/var/lib/oar/.ssh/id_ed25519.pub").read_text() != key

        said = configure(box, {"role": "both", "hostname": "kameleon"}, "--again")
        assert DONE.search(said)
        assert active(box, "oar-server", "oar-node") == ["active", "active"]
        assert box.sh("oarnodes -s | grep -c Alive") == str(resources)
        assert box.sh("systemctl list-units --failed --plain --no-legend") == ""
