"""The first boot asked in lines and carried out, with real daemons; and files of answers that the kernel names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.firstboot.container import RUN, Container
from tests.pty.console import Console, console

pytestmark = pytest.mark.real


def enter(box: Container, *words: str) -> tuple[str, ...]:
    return ("nsenter", "-t", str(box.pid), "-m", "-p", "-u", "-i", "-n", "-r", "-w", "--", "env", "-i", "TERM=dumb",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *words)  # fmt: skip


def answer_as_node(made: Console) -> None:
    for prompt, line in {
        "Role [": "node", "Host name [": "node-3", "Network [": "", "Server [": "10.0.0.1", "Server's key [": "",
        "Time zone [": "berlin", "SSH keys [": "", "Enter applies": "",
    }.items():  # fmt: skip
        made.wait(prompt)
        made.press(f"{line}\n")


def test_a_person_makes_a_node(tmp_path: Path, box: Container) -> None:
    with console(tmp_path, *enter(box, "kameleon-tui", "firstboot"), term="dumb", size=(100, 40)) as made:
        answer_as_node(made)
        assert made.end(120) == 0, made.text
        assert b"\x1b" not in made.said
        assert "kameleon: first boot done: role=node host=node-3 resources=0" in made.text
        assert made.as_before
    assert box.sh("cat /etc/hostname; readlink /etc/localtime").split() == [
        "node-3",
        "/usr/share/zoneinfo/Europe/Berlin",
    ]
    kept = box.path(f"{RUN}/answers.yaml").read_text()
    assert 'server: "10.0.0.1"  # person' in kept
    # It is done: nobody is asked again, on a terminal either.
    with console(tmp_path, *enter(box, "kameleon-tui", "firstboot"), term="dumb") as made:
        assert made.end(60) == 0
        assert "role=node host=node-3" in made.text


def test_a_failure_asks_what_to_do(tmp_path: Path, box: Container) -> None:
    box.path("/usr/sbin/real-sshd").symlink_to("/usr/sbin/sshd")
    box.sh("mv /etc/init.d/oar-node /etc/init.d/oar-node.real; printf '#!/bin/sh\\nexit 7\\n' >/etc/init.d/oar-node; "
           "chmod 755 /etc/init.d/oar-node")  # fmt: skip
    with console(tmp_path, *enter(box, "kameleon-tui", "firstboot"), term="dumb", size=(100, 40)) as made:
        answer_as_node(made)
        made.wait("[r]etry", "[s]kip", "[a]bort", limit=60)
        box.sh("mv /etc/init.d/oar-node.real /etc/init.d/oar-node")
        made.press("r\n")
        assert made.end(120) == 0, made.text
        assert "first boot done: role=node" in made.text
        assert b"\x1b" not in made.said


def boot_with(box: Container, line: str) -> None:
    box.path("/line").write_text(f"boot=live {line}\n")
    box.sh("mount --bind /line /proc/cmdline")


def test_a_file_that_the_kernel_names(box: Container) -> None:
    box.path("/fleet.yaml").write_text(
        "answers: {role: node}\nmachines:\n  - match: {hostname: local*}\n    answers: {hostname: node-9}\n"
    )
    boot_with(box, "kameleon.answers=/fleet.yaml kameleon.hostname=weaker")
    done = box.run("kameleon-tui", "--defaults", timeout=200)
    assert "first boot done: role=node host=node-9" in done.stdout, done.stdout + done.stderr


def test_with_a_file_that_is_wrong_or_away_nothing_is_done_and_somebody_is_asked(
    tmp_path: Path, box: Container
) -> None:
    box.path("/fleet.yaml").write_text("answers: {role: nod}\n")
    boot_with(box, "kameleon.answers=/fleet.yaml")
    done = box.run("kameleon-tui", "firstboot", "--defaults")
    assert done.returncode == 2
    assert "/fleet.yaml:1:17: Role: 'nod' is not offered here" in done.stderr
    assert not box.path(RUN).exists()
    with console(tmp_path, *enter(box, "kameleon-tui"), term="dumb", size=(100, 40)) as made:
        made.wait("kameleon: /fleet.yaml:1:17: Role: 'nod' is not offered here", "Role [Server and node]")
        made.press("\x04")
        assert made.end() == 4
    assert not box.path(RUN).exists()
