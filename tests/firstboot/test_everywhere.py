"""The first boot as a machine starts: systemd's unit, two consoles, and whoever sits there, or nobody."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.firstboot.container import DONE, Container, container, with_units
from tests.pty.console import Console, console
from wizard.host.installation import CARRIED, closure, files_of

pytestmark = pytest.mark.real


DOWN, F4, F10 = "\x1b[B", "\x1bOS", "\x1b[21~"


def speed(made: Console, speed: int) -> None:
    """Bits a second of the line; ptys say 38400."""
    modes = termios.tcgetattr(made.slave)
    modes[4] = modes[5] = speed
    termios.tcsetattr(made.slave, termios.TCSANOW, modes)
    made.before = termios.tcgetattr(made.slave)


@contextmanager
def machine(
    work: Path, line: str, prepare: Callable[[Path], None] = lambda tree: None, bits: int = termios.B115200
) -> Iterator[tuple[Container, Console, Console]]:
    """A system that starts, with that on its kernel's command line: its screen, tty1, and its serial line, ttyS0."""
    # What keeps these two open does nothing with them.
    with (
        console(work, "sleep", "1000", controlling=False) as screen,
        console(work, "sleep", "1000", controlling=False, size=(0, 0)) as serial,
    ):
        speed(serial, bits)

        def enabled(tree: Path) -> None:
            with_units(tree)
            for package in closure(CARRIED):
                for file, place in files_of(package):
                    target = tree / "usr/lib/kameleon-tui" / place
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, target)
            (tree / "line").write_text(f"boot=live {line}\n")
            (tree / "active").write_text("tty0 ttyS0\n")
            pid = tree.parts[2]
            inside = os.readlink(tree)
            binds = {os.ttyname(screen.slave): "dev/tty1", os.ttyname(serial.slave): "dev/ttyS0",
                     f"{inside}/line": "proc/cmdline", f"{inside}/active": "sys/class/tty/console/active"}  # fmt: skip
            for what, where in binds.items():
                if where.startswith("dev/"):
                    (tree / where).touch()
                subprocess.run(["nsenter", "-t", pid, "-m", "mount", "--bind", what, f"{inside}/{where}"], check=True)
            prepare(tree)

        with container(work, "systemd", enabled) as box:
            yield box, screen, serial


def journal(box: Container) -> str:
    return box.sh("journalctl --unit kameleon-firstboot --output cat")


def state(box: Container, unit: str) -> str:
    return box.run("systemctl", "is-active", unit).stdout.strip()


def until_login(box: Container) -> None:
    box.sh("until systemctl is-active --quiet getty-pre.target; do sleep 0.3; done", timeout=120)


def left(box: Container) -> list[str]:
    return box.sh("cd /run/kameleon; ls -A; pgrep -fa '[w]izard firstboot' || :").split()


def test_with_nobody_there_all_consoles_count_down_and_the_defaults_are_taken_once(work: Path) -> None:
    def hasty(tree: Path) -> None:
        # The limit of the unit is put off as long as somebody may answer.
        drop_in = tree / "etc/systemd/system/kameleon-firstboot.service.d/hasty.conf"
        drop_in.parent.mkdir()
        drop_in.write_text("[Service]\nTimeoutStartSec=12\n")

    with machine(work, "kameleon.timeout=16", hasty) as (box, screen, serial):
        for one in (screen, serial):
            one.wait("1 of", "Role", " s; a key stops this", limit=90)
        assert "\x1b" in screen.said.decode()  # drawn; in lines there is no escape sequence
        assert state(box, "getty-pre.target") == "inactive"
        for one in (screen, serial):
            one.wait("kameleon: first boot done: role=both host=kameleon resources=", limit=120)
            assert "nobody answered: the first boot takes the defaults" in one.text
        until_login(box)
        assert state(box, "kameleon-firstboot") == "active"
        assert len(DONE.findall(journal(box))) == 1
        assert screen.as_before
        assert serial.as_before
        assert left(box) == ["firstboot.lock", "quiet"]


def test_a_person_at_the_serial_line(work: Path) -> None:
    with machine(work, "kameleon.hostname=head kameleon.timeout=60") as (box, screen, serial):
        for one in (screen, serial):
            one.wait("1 of", "Role", limit=90)
        serial.press(DOWN)
        screen.wait("Somebody answers on ttyS0", "T takes it over here")
        serial.press(DOWN, "\r")
        serial.wait("Host name", "head")
        serial.press("\r")
        serial.wait("Network", "DHCP")
        serial.press(F4)
        serial.wait("review", "Node", "kernel command line")
        assert state(box, "getty-pre.target") == "inactive"
        serial.press("a")
        screen.wait("the first boot is carried out on ttyS0")
        for one in (screen, serial):
            one.wait("kameleon: first boot done: role=node host=head resources=0", limit=120)
        # Whoever sits there reads it as long as they like.
        assert state(box, "getty-pre.target") == "inactive"
        assert "role=node" not in journal(box)
        serial.press(F10)
        until_login(box)
        assert state(box, "kameleon-firstboot") == "active"
        assert "kameleon: first boot done: role=node host=head resources=0" in journal(box)
        serial.wait("kameleon: this node's host key is")  # below the screens, where the login prompt comes
        assert "review" not in serial.screen
        assert serial.as_before
        assert left(box) == ["firstboot.lock", "quiet"]


def test_who_leaves_gets_a_login_and_is_asked_again(work: Path) -> None:
    with machine(work, "kameleon.timeout=60") as (box, screen, serial):
        for one in (screen, serial):
            one.wait("1 of", "Role", limit=90)
        screen.press(DOWN)
        serial.wait("Somebody answers on tty1")
        # Who only waits there may go; who answers ends it.
        serial.press("T")
        screen.wait("Somebody answers on ttyS0")
        serial.press(DOWN)
        screen.press(F10)
        screen.read(3)
        assert state(box, "getty-pre.target") == "inactive"
        serial.press(F10)
        serial.wait("Quit?")
        serial.press("q")
        for one in (screen, serial):
            one.wait("kameleon: nothing is configured yet; kameleon-tui firstboot asks again")
        until_login(box)
        assert box.events() == []
        assert state(box, "kameleon-firstboot") == "active"  # and no unit failed
        assert left(box) == ["firstboot.lock", "quiet"]


def test_a_console_that_is_killed_asks_again_and_one_that_goes_in_the_middle_does_not_stop_it(work: Path) -> None:
    def slow(tree: Path) -> None:
        step = tree / "usr/lib/kameleon-tui/recipes/firstboot/steps/system.yaml"
        step.write_text(step.read_text().replace("- network:\n", "- network:\n    - exec_local: sleep 8\n"))

    with machine(work, "kameleon.timeout=60", slow) as (box, screen, serial):
        for one in (screen, serial):
            one.wait("1 of", "Role", limit=90)
        serial.press(DOWN)
        screen.wait("Somebody answers on ttyS0")
        serial.press(DOWN, "\r")
        serial.wait("Host name")
        time.sleep(1)  # it is told each half second
        box.sh(f"kill -KILL {member(box, 'ttyS0')}")
        # No key was pressed on it, and none is needed: it answers now, and those who come again learn that.
        screen.wait("Host name")
        assert owner(box) == ("tty1", member(box, "tty1"))
        serial.wait("Somebody answers on tty1", limit=60)
        screen.press(F4)
        screen.wait("review", "Node")
        screen.press("a")
        screen.wait("system")
        serial.wait("carried out on tty1")
        box.sh(f"kill -KILL {member(box, 'tty1')}")
        serial.wait("kameleon: first boot done: role=node", limit=120)
        until_login(box)
        assert len(re.findall("first boot done", journal(box))) == 1
        assert left(box) == ["firstboot.lock", "quiet"]


def test_kameleon_defaults_asks_nobody(work: Path) -> None:
    with machine(work, "kameleon.defaults kameleon.role=server") as (box, screen, serial):
        for one in (screen, serial):
            one.wait("kameleon: first boot done: role=server host=kameleon", limit=120)
            assert "1 of" not in one.text
        until_login(box)


def test_where_no_console_can_be_asked_nobody_is_waited_for(work: Path) -> None:
    def without(tree: Path) -> None:
        (tree / "usr/bin/setsid").unlink()
        (tree / "run/kameleon").write_text("in the way of the state that consoles share\n")

    with machine(work, "kameleon.timeout=600", without) as (box, screen, serial):
        for one in (screen, serial):
            one.wait("kameleon: first boot done: role=both host=kameleon", limit=120)
        until_login(box)
        assert state(box, "kameleon-firstboot") == "active"


def test_without_the_file_that_was_meant_nothing_is_done_unless_somebody_answers(work: Path) -> None:
    line = "kameleon.answers=/none.yaml kameleon.timeout=8 kameleon.a11y"
    with machine(work, line) as (box, screen, serial):
        for one in (screen, serial):
            one.wait("/none.yaml", "Role [", limit=90)
            one.wait("kameleon: first boot failed before its first step: /none.yaml", limit=60)
            assert b"\x1b" not in one.said  # lines, as that line wants
        until_login(box)
        assert box.run("systemctl", "is-failed", "kameleon-firstboot").stdout.strip() == "failed"
        assert box.events() == []


def shared(box: Container) -> Any:
    return json.loads(box.path("/run/kameleon/firstboot.json").read_text())


def member(box: Container, console: str) -> int:
    """The process that asks there."""
    return int(next(one["pid"] for one in shared(box)["members"] if one["console"] == console))


def owner(box: Container) -> tuple[str, int]:
    """The console that answers, and the process there."""
    found = shared(box)["owner"]
    return found["console"], int(found["pid"])
