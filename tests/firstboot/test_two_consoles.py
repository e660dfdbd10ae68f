"""One first boot on two terminals at once, by the real program."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.firstboot.container import Container
from tests.firstboot.test_lines import enter
from tests.pty.console import Console, console

pytestmark = pytest.mark.real

PROGRAM = ("kameleon-tui", "firstboot", "--timeout", "600")


def process_of(box: Container) -> int:
    """Of the program that answers, as this machine counts."""
    inside = box.sh(
        'python3 -c \'import json; print(json.load(open("/run/kameleon/firstboot.json"))["owner"]["pid"])\''
    )
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if f"NSpid:\t{status.parent.name}\t{inside}\n" in text and os.path.samefile(
            status.parent / "ns/pid", f"/proc/{box.pid}/ns/pid"
        ):
            return int(status.parent.name)
    raise AssertionError(f"no process {inside}")


@contextmanager
def both(tmp_path: Path, box: Container) -> Iterator[tuple[Console, Console]]:
    """The program on two terminals of one machine, at its first question."""
    words = enter(box, *PROGRAM)
    with console(tmp_path, *words, term="dumb") as one, console(tmp_path, *words, term="dumb", size=(100, 40)) as two:
        one.wait("Role [")
        two.wait("Role [")
        yield one, two


def test_one_answers_the_other_takes_over_and_one_applies(tmp_path: Path, box: Container) -> None:
    with both(tmp_path, box) as (one, two):
        one.press("node\n")
        one.wait("Host name [")
        one.press("of-the-first\n")
        two.wait("Somebody answers on", "T takes it over here")
        two.press("x\n")
        one.wait("Network [")
        two.press("T")
        two.wait("Taken over.", "Network [")
        one.wait("Somebody answers on", "T takes it over here")
        for prompt, line in {"Network [": "", "Server [": "10.0.0.1", "Server's key [": "", "Time zone [": "berlin",
                             "SSH keys [": "", "Enter applies": ""}.items():  # fmt: skip
            two.wait(prompt)
            two.press(f"{line}\n")
        assert one.end(60) == 0
        assert "it is carried out at another console" in one.text
        assert two.end(120) == 0, two.text
        assert "kameleon: first boot done: role=node host=of-the-first resources=0" in two.text
        assert one.as_before
        assert two.as_before
    # Nothing of it is left for the next time.
    assert box.sh("cd /run/kameleon; ls -A").split() == ["firstboot.lock"]


def test_who_answers_is_killed(tmp_path: Path, box: Container) -> None:
    with both(tmp_path, box) as (one, two):
        one.press("server\n")
        two.wait("Somebody answers on")
        one.wait("Host name [")
        file, end = box.path("/run/kameleon/firstboot.json"), time.monotonic() + 60
        while json.loads(file.read_text())["flow"]["at"] != "hostname":  # it is told each half second
            assert time.monotonic() < end
            time.sleep(0.1)
        os.kill(process_of(box), signal.SIGKILL)
        killed = time.monotonic()
        two.wait("Host name [")
        assert time.monotonic() - killed < 2
        two.press("r\n")
        two.wait("Enter applies")
        assert re.search(r"Role +\S.*\(person\)", two.text)
        two.press("\x04")
        assert two.end() == 4


def test_with_nobody_asked_elsewhere_it_is_applied_once(tmp_path: Path, box: Container) -> None:
    with console(tmp_path, *enter(box, *PROGRAM), term="dumb", size=(100, 40)) as one:
        one.wait("Role [")
        one.press("server\n")
        one.wait("Host name [")
        box.path("/answers.yaml").write_text("answers: {role: node, hostname: node-1}\n")
        done = box.run("kameleon-tui", "firstboot", "--defaults", "--answers", "/answers.yaml")
        assert "kameleon: first boot done: role=node host=node-1 resources=0" in done.stdout, done.stderr
        assert one.end(30) == 0
        assert "it is carried out at another console" in one.text
    assert box.sh("cd /run/kameleon; ls -A").split() == ["firstboot.lock"]
