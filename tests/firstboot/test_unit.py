"""The first boot as systemd runs it: before the login prompts, which come however it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.firstboot.container import DONE, Container, container, with_units

pytestmark = pytest.mark.real


@contextmanager
def started(
    work: Path, prepare: Callable[[Path], None] = lambda tree: None, suite: str = "bookworm"
) -> Iterator[Container]:
    """A system that has started, as far as it goes: OAR's and PostgreSQL's services are enabled, too."""

    def enabled(tree: Path) -> None:
        with_units(tree)
        prepare(tree)

    with container(work, "systemd", enabled, suite) as box:
        box.sh("until systemctl is-active --quiet multi-user.target; do sleep 0.3; done", timeout=120)
        yield box


def test_it_is_done_before_the_login(work: Path) -> None:
    def emptied(tree: Path) -> None:
        # As systemd-tmpfiles-setup.service does while the machine starts, whatever is in the middle of what.
        unit = tree / "etc/systemd/system/kameleon-early.service.d/emptied.conf"
        unit.parent.mkdir()
        unit.write_text(
            "[Service]\nExecStartPost=sh -c 'until [ -e /var/lib/kameleon-tui/begun ]; do rm -rf /tmp/tmp.*; done'\n"
            "TimeoutStartSec=30\n"
        )

    with started(work, emptied) as box:
        journal = box.sh("journalctl --unit kameleon-firstboot --output cat")
        assert DONE.search(journal), journal + box.log()
        box.sh("until systemctl is-active oar-server oar-node postgresql@15-main ssh; do sleep 0.3; done", timeout=60)
        assert "OAR database seems not ready" not in box.sh("journalctl --output cat")
        assert box.sh("systemctl list-units --failed --plain --no-legend") == ""
        # Keys and the cluster were begun before it, without it.
        assert box.sh("systemctl show --value --property Result kameleon-early") == "success"
        assert "--- early/begin" in box.sh("journalctl --unit kameleon-early --output cat")
        assert "the cluster 15 main is there" in box.log()
        box.sh("systemd-analyze verify kameleon-firstboot.service")
        # The prompts wait for it.
        first, prompts = (
            int(box.sh(f"systemctl show --property ActiveEnterTimestampMonotonic --value {unit}"))
            for unit in ("kameleon-firstboot", "getty-pre.target")
        )
        assert 0 < first <= prompts
        # The machine's sshd does not, and makes its own keys.
        assert len(list(box.path("/etc/ssh").glob("ssh_host_*_key"))) == 3
        # The passwords are in nobody's journal.
        for line in box.path("/etc/oar/oar.conf").read_text().splitlines():
            if line.startswith("DB_BASE_PASSWD"):
                assert line.split('"')[1] not in box.sh("journalctl --output export")


def test_after_a_failure_there_is_a_login_nevertheless(work: Path) -> None:
    def without_database(tree: Path) -> None:
        (tree / "usr/lib/postgresql/15/bin/postgres").unlink()

    with started(work, without_database) as box:
        journal = box.sh("journalctl --unit kameleon-firstboot --output cat")
        assert "kameleon: first boot failed at database/" in journal
        assert box.sh("systemctl is-active getty-pre.target multi-user.target").split() == ["active"] * 2
        assert box.sh("systemctl is-failed kameleon-firstboot") == "failed"
