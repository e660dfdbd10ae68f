"""Answers of the first boot: what is believed of a kernel command line, and what is told and left aside."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.firstboot.answers import find_answers

BASE = """\
! model
  pc105           Generic 105-key PC

! layout
  us              English (US)
  fr              French
  ch              German (Switzerland)

! variant
  fr              ch: French (Switzerland)
  intl            us: English (US, intl.)

! option
  grp             Switching
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("usr/share/X11/xkb/rules", "usr/share/zoneinfo/Europe", "etc/default"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "usr/share/X11/xkb/rules/base.lst").write_text(BASE)
    (tmp_path / "usr/share/zoneinfo/Europe/Paris").write_text("TZif")
    (tmp_path / "usr/share/zoneinfo/Europe/Zurich").write_text("TZif")
    return tmp_path


def told(root: Path, line: str) -> tuple[dict[str, str], tuple[str, ...]]:
    answers = find_answers(line, root)
    return answers.values(), answers.problems


def test_defaults(root: Path) -> None:
    answers = find_answers("BOOT_IMAGE=/live/vmlinuz boot=live quiet\n", root)
    assert answers.values() == {"role": "both", "hostname": "kameleon", "keymap": "us", "timezone": "Etc/UTC"}
    assert {answer.source for answer in answers.given.values()} == {"default"}
    assert answers.problems == ()


def test_what_the_system_has_is_kept(root: Path) -> None:
    (root / "etc/hostname").write_text("Node-7\n")
    (root / "etc/timezone").write_text("Europe/Zurich\n")
    (root / "etc/default/keyboard").write_text('XKBMODEL="pc105"\nXKBLAYOUT="ch"\nXKBVARIANT="fr"\n')
    answers = find_answers("", root)
    assert answers.values() == {"role": "both", "hostname": "node-7", "keymap": "ch:fr", "timezone": "Europe/Zurich"}
    assert answers.given["hostname"].source == "detected"


@pytest.mark.parametrize("name", ["localhost", "localhost.localdomain", "_odd_", "a b", "", "ü", "x" * 65, "-a", "a."])
def test_an_odd_name_of_the_system_gives_way_to_the_default(root: Path, name: str) -> None:
    (root / "etc/hostname").write_text(name + "\n")
    assert find_answers("", root).values()["hostname"] == "kameleon"


def test_the_kernel_command_line_is_stronger(root: Path) -> None:
    (root / "etc/hostname").write_text("other\n")
    line = "kameleon.hostname=one kameleon.hostname=head.example.org kameleon.keymap=fr kameleon.timezone=Europe/Paris"
    answers = find_answers(line, root)
    assert answers.problems == ()
    assert answers.values() == {
        "role": "both", "hostname": "head.example.org", "keymap": "fr", "timezone": "Europe/Paris",
    }  # fmt: skip
    assert answers.given["keymap"].source == "kernel command line"


@pytest.mark.parametrize(
    "word",
    [
        "hostname=", "hostname", "hostname=$(reboot)", "hostname=a;b", "hostname=-a", "hostname=A", "hostname=a..b",
        "hostname=localhost", "hostname=" + "a" * 65, "keymap=zz", "keymap=../../etc", "keymap=us:none", "keymap=US",
        "keymap=intl", "timezone=../../../etc/passwd", "timezone=Europe", "timezone=Mars/Base", "timezone=/etc/passwd",
        "role=node",
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_and_left_aside(root: Path, word: str) -> None:
    values, problems = told(root, f"quiet kameleon.{word} ro")
    assert values == told(root, "")[0]
    assert len(problems) == 1
    assert f"kameleon.{word.partition('=')[0]}" in problems[0]
    assert "ignored" in problems[0]


def test_a_value_with_control_characters_cannot_act_on_a_terminal(root: Path) -> None:
    _, problems = told(root, "kameleon.hostname=\x1b]0;x\x07")
    assert problems[0].isprintable()


def test_an_unknown_name_is_told_with_those_there_are(root: Path) -> None:
    assert "kameleon.hostname" in told(root, "kameleon.hostnam=x")[1][0]


def test_what_others_read_is_not_ours_to_judge(root: Path) -> None:
    assert told(root, "kameleon.autologin=no other.thing=1 kameleonx=2")[1] == ()


def test_quotes_and_what_is_for_init(root: Path) -> None:
    assert told(root, '"kameleon.hostname=head" -- kameleon.keymap=zz')[0]["hostname"] == "head"
    assert told(root, "kameleon.hostname=head -- kameleon.keymap=zz")[1] == ()
    assert told(root, 'kameleon.hostname=head "broken')[0]["hostname"] == "head"


def test_without_lists_of_keyboards_the_pattern_has_to_do(tmp_path: Path) -> None:
    assert told(tmp_path, "kameleon.keymap=de")[0]["keymap"] == "de"
    assert told(tmp_path, "kameleon.keymap=d;e")[0]["keymap"] == "us"


@given(st.text(max_size=200))
def test_no_command_line_gets_a_value_through_that_is_none(line: str) -> None:
    values = find_answers(f"kameleon.hostname={line}", Path("/nonexistent")).values()
    assert set(values["hostname"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert 0 < len(values["hostname"]) <= 64
