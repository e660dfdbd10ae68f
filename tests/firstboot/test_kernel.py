"""Answers of the kernel command line: what is believed of it, and what is told and left aside."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firstboot.recorded import LAYOUTS
from wizard.firstboot.facts import Facts
from wizard.firstboot.flow import first_boot_flow
from wizard.firstboot.kernel import answer, settings
from wizard.firstboot.sitting import sit_down
from wizard.flow.flow import Flow
from wizard.flow.question import Source


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("usr/share/X11/xkb/rules", "usr/share/zoneinfo/Europe", "etc/default"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "usr/share/X11/xkb/rules/base.lst").write_text(LAYOUTS)
    (tmp_path / "usr/share/zoneinfo/Europe/Paris").write_text("TZif")
    (tmp_path / "usr/share/zoneinfo/Europe/Zurich").write_text("TZif")
    return tmp_path


def asked(root: Path, line: str) -> tuple[Flow, list[str]]:
    flow = first_boot_flow(Facts(root))
    return flow, answer(flow, line)


def told(root: Path, line: str) -> tuple[dict[str, str], list[str]]:
    flow, problems = asked(root, line)
    return {name: value for name, value in flow.values().items() if isinstance(value, str)}, problems


DEFAULTS = {
    "role": "both", "hostname": "kameleon", "keymap": "us", "timezone": "Etc/UTC", "network": "dhcp",
    "granularity": "core",
}  # fmt: skip


def test_defaults(root: Path) -> None:
    flow, problems = asked(root, "BOOT_IMAGE=/live/vmlinuz boot=live quiet\n")
    assert flow.values() == {**DEFAULTS, "ssh_keys": ()}
    assert {answer.source for answer in flow.answers().values()} == {Source.DEFAULT}
    assert problems == []
    assert flow.open() == []


def test_what_the_system_has_is_kept(root: Path) -> None:
    (root / "etc/hostname").write_text("Node-7\n")
    (root / "etc/timezone").write_text("Europe/Zurich\n")
    (root / "etc/default/keyboard").write_text('XKBMODEL="pc105"\nXKBLAYOUT="ch"\nXKBVARIANT="fr"\n')
    flow, _ = asked(root, "")
    found = {"hostname": "node-7", "keymap": "ch:fr", "timezone": "Europe/Zurich"}
    assert flow.values() == {**DEFAULTS, **found, "ssh_keys": ()}
    assert {flow.answers()[name].source for name in found} == {Source.DETECTED}


@pytest.mark.parametrize(
    "name",
    ["localhost", "localhost.localdomain", "_odd_", "a b", "", "ü", "x" * 65, "-a", "a.", "1234", "10.0.0.7", "a.0x7f"],
)
def test_an_odd_name_of_the_system_gives_way_to_the_default(root: Path, name: str) -> None:
    (root / "etc/hostname").write_text(name + "\n")
    assert told(root, "")[0]["hostname"] == "kameleon"


def test_the_kernel_command_line_is_stronger(root: Path) -> None:
    (root / "etc/hostname").write_text("other\n")
    line = "kameleon.hostname=one kameleon.hostname=head.example.org kameleon.keymap=fr kameleon.timezone=Europe/Paris"
    flow, problems = asked(root, line)
    assert problems == []
    assert told(root, line)[0] == {
        **DEFAULTS, "hostname": "head.example.org", "keymap": "fr", "timezone": "Europe/Paris",
    }  # fmt: skip
    found = flow.answers()["keymap"]
    assert (found.source, found.reason) == (Source.KERNEL, "kameleon.keymap=fr")


@pytest.mark.parametrize(
    "word",
    [
        "hostname=", "hostname", "hostname=$(reboot)", "hostname=a;b", "hostname=-a", "hostname=A", "hostname=a..b",
        "hostname=localhost", "hostname=" + "a" * 65, "keymap=zz", "keymap=../../etc", "keymap=us:none", "keymap=US",
        "keymap=intl", "timezone=../../../etc/passwd", "timezone=Europe", "timezone=Mars/Base", "timezone=/etc/passwd",
        "role=nod", "role=", "granularity=socket", "network=wifi", "ssh_keys=rsa", "ssh_keys=$(reboot)",
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
    assert told(root, "kameleon.autologin=no other.thing=1 kameleonx=2")[1] == []


def test_quotes_and_what_is_for_init(root: Path) -> None:
    assert told(root, '"kameleon.hostname=head" -- kameleon.keymap=zz')[0]["hostname"] == "head"
    assert told(root, "kameleon.hostname=head -- kameleon.keymap=zz")[1] == []
    assert told(root, 'kameleon.hostname=head "broken')[0]["hostname"] == "head"


def test_without_lists_of_keyboards_none_is_believed(tmp_path: Path) -> None:
    values, problems = told(tmp_path, "kameleon.keymap=de")
    assert values["keymap"] == "us"
    assert len(problems) == 1


def test_what_is_only_asked_of_a_node(root: Path) -> None:
    line = "kameleon.server=10.0.0.1 kameleon.server-key=nonsense"
    assert told(root, line) == (DEFAULTS, [])  # nobody asks: nobody judges
    values, problems = told(root, f"{line} kameleon.role=node")
    assert (values["server"], values["server_key"], "granularity" in values) == ("10.0.0.1", "", False)
    assert len(problems) == 1


def test_a_fixed_address_whatever_the_order(root: Path) -> None:
    line = (
        "kameleon.dns=10.0.0.2,10.0.0.3 kameleon.gateway=10.0.0.1 kameleon.address=10.0.0.7/8 kameleon.network=static"
    )
    flow, problems = asked(root, line)
    assert problems == []
    assert flow.values()["dns"] == ("10.0.0.2", "10.0.0.3")
    assert flow.values()["address"] == "10.0.0.7/8"


def test_half_of_an_address_is_left_aside_when_nobody_gives_the_other(root: Path) -> None:
    sat = sit_down(root, command_line="kameleon.network=static kameleon.gateway=10.0.0.1 kameleon.hostname=head")
    assert sat.settle() == []
    assert (sat.flow.values()["network"], sat.flow.values()["hostname"]) == ("dhcp", "head")
    assert [problem.partition(": ")[0] for problem in sat.problems] == [
        "kameleon.network on the kernel command line is ignored"
    ]


def test_settings() -> None:
    line = "kameleon.timeout=12.5 kameleon.defaults kameleon.a11y=yes kameleon.answers=LABEL=KEYS:/a.yaml"
    found = settings(line)
    assert (found.timeout, found.defaults, found.a11y, found.answers) == (12.5, True, True, "LABEL=KEYS:/a.yaml")
    assert found.problems == ()


@pytest.mark.parametrize("word", ["timeout=", "timeout=-1", "timeout=nan", "timeout=inf", "defaults=maybe", "a11y=2"])
def test_a_wrong_setting_is_told_and_left_aside(word: str) -> None:
    found = settings(f"kameleon.{word}")
    assert (found.timeout, found.defaults, found.a11y) == (None, False, False)
    assert len(found.problems) == 1
    assert "ignored" in found.problems[0]


@given(st.text(max_size=200))
def test_no_command_line_gets_a_value_through_that_is_none(line: str) -> None:
    values = told(Path("/nonexistent"), f"kameleon.hostname={line}")[0]
    assert set(values["hostname"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert 0 < len(values["hostname"]) <= 64
