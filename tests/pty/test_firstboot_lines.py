"""The first boot in lines, as the real program asks on a real terminal device that can do nothing but print."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.firstboot.recorded import tree
from tests.pty.console import WIZARD, Console, console

pytestmark = pytest.mark.real


def plan_of(made: Console) -> dict[str, object]:
    """The plan that `--dry-run --json` printed after the questions."""
    line = next(line for line in made.text.replace("\r", "").split("\n") if line.startswith('{"answers"'))
    loaded: dict[str, object] = json.loads(line)
    return loaded


def words(root: Path, *more: str) -> Sequence[str]:
    return (*WIZARD, "firstboot", "--root", str(root), "--dry-run", "--json", *more)


def answer(made: Console, *typed: tuple[str, str]) -> None:
    """Wait for a prompt, type a line behind it."""
    for prompt, line in typed:
        made.wait(f"{prompt} [" if prompt else "Enter applies")
        made.press(f"{line}\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tree(tmp_path / "tree")


@pytest.mark.parametrize(
    ("term", "size", "more"),
    [("dumb", (80, 24), ()), ("unknown", (80, 24), ()), ("xterm", (50, 24), ()), ("xterm", (80, 12), ()),
     ("xterm-256color", (80, 24), ("--plain",))],
)  # fmt: skip
def test_a_person_answers(tmp_path: Path, root: Path, term: str, size: tuple[int, int], more: tuple[str, ...]) -> None:
    with console(tmp_path, *words(root, *more), term=term, size=size) as made:
        answer(made, ("Keyboard", "french (alt"), ("Role", "2"), ("Host name", "head"), ("Time zone", "par"),
               ("SSH keys", ""), ("", ""))  # fmt: skip
        assert made.end() == 0
        assert made.sequences == set()
        assert b"\x1b" not in made.said
        assert made.as_before
        found = plan_of(made)["answers"]
    assert found == {
        "hostname": "head", "keymap": "fr:oss", "network": "dhcp", "role": "server", "ssh_keys": [],
        "timezone": "Europe/Paris",
    }  # fmt: skip


def test_nobody_answers(tmp_path: Path, root: Path) -> None:
    with console(tmp_path, *words(root, "--plain", "--timeout", "2"), term="dumb") as made:
        began = time.monotonic()
        made.wait("The defaults are taken in 2 s")
        assert made.end() == 0
        assert time.monotonic() - began < 8
        assert "The time is up" in made.text
        assert plan_of(made)["recipe"] == "both"


def test_a_key_is_enough_to_stop_the_time(tmp_path: Path, root: Path) -> None:
    with console(tmp_path, *words(root, "--plain", "--timeout", "2"), term="dumb") as made:
        made.wait("Keyboard [")
        made.press("f")
        made.read(3.0)
        assert made.process.poll() is None
        made.press("r\n")
        made.wait("Role [")
        made.press("\x04")
        assert made.end() == 4
        assert "nothing was changed" in made.text
        assert made.as_before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_gives_the_terminal_back(tmp_path: Path, root: Path, number: signal.Signals) -> None:
    with console(tmp_path, *words(root, "--plain"), term="dumb") as made:
        made.wait("Keyboard [")
        made.process.send_signal(number)
        assert made.end() == 128 + number
        assert made.as_before


def test_who_hangs_up_leaves_nothing_behind(tmp_path: Path, root: Path) -> None:
    with console(tmp_path, *words(root, "--plain"), term="dumb") as made:
        made.wait("Keyboard [")
        made.hang_up()
        made.process.wait(10)


def test_what_the_file_says_is_in_brackets(tmp_path: Path, root: Path) -> None:
    (tmp_path / "a.yaml").write_text("answers: {keymap: fr, hostname: head}\n")
    with console(tmp_path, *words(root, "--plain", "--answers", str(tmp_path / "a.yaml")), term="dumb") as made:
        made.wait("Keyboard [French]")
        made.press("r\n")
        made.wait("Host name", "head", "(file:")
        made.press("\n")
        assert made.end() == 0
        answers = plan_of(made)["answers"]
        assert isinstance(answers, dict)
        assert answers["hostname"] == "head"


def test_stopped_and_brought_back(tmp_path: Path, root: Path) -> None:
    with console(tmp_path, *words(root, "--plain"), term="dumb") as made:
        made.wait("Keyboard [")
        made.process.send_signal(signal.SIGSTOP)
        made.put_right()  # as the shell does
        made.process.send_signal(signal.SIGCONT)
        made.read(0.5)
        made.press("fr\x7f\x7fch\nr\n")
        made.wait("German (Switzerland)", "Enter applies")
