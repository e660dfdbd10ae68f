"""The workstation flow: what is asked, when, and with which default."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compose.catalogs import write_catalog
from wizard.compose.catalog import load_catalog
from wizard.compose.workstation import check_hostname, workstation_flow
from wizard.flow.flow import Flow
from wizard.flow.question import Source


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    return workstation_flow(load_catalog(write_catalog(tmp_path)))


def _ids(flow: Flow) -> list[str]:
    return [question.id for question in flow.asked()]


def test_a_kernel_is_asked_only_when_the_output_wants_one(flow: Flow) -> None:
    assert _ids(flow) == ["distribution", "output", "packages", "hostname"]
    flow.next()
    assert flow.answer("disk") == ""
    assert _ids(flow) == ["distribution", "output", "kernel", "packages", "hostname"]
    flow.next()
    assert flow.current is not None
    assert flow.current.id == "kernel"
    assert [choice.id for choice in flow.choices(flow.current)] == ["linux-plain", "linux-fast"]


def test_another_distribution_offers_its_own(flow: Flow) -> None:
    flow.go("packages")
    assert flow.answer(("more", "tools")) == ""
    assert flow.values()["packages"] == ("tools", "more")
    flow.go("distribution")
    flow.answer("two")
    assert flow.values()["packages"] == ("tools",)
    flow.answer("one")
    assert flow.values()["packages"] == ("tools", "more")


def test_every_default_is_possible_and_has_its_reason(flow: Flow) -> None:
    flow.next()
    flow.answer("disk")
    for line in flow.review():
        if line.question.id != "output":
            assert line.answer.source is Source.DEFAULT
            assert line.answer.reason
    assert flow.problems() == []


def test_with_what_ships_the_defaults_are_hello() -> None:
    values = workstation_flow(load_catalog()).values()
    assert values == {"distribution": "debian-bookworm", "output": "tar", "packages": (), "hostname": "hello"}


@pytest.mark.parametrize("name", ["a", "node-1", "X" * 63, "0", "a1b2"])
def test_host_names(name: str) -> None:
    assert check_hostname(name) == ""


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "A host name has at least one letter or digit."),
        ("x" * 64, "A host name has at most 63 characters; this has 64."),
        ("-a", "A host name has letters, digits and hyphens only, and no hyphen at either end."),
        ("a\n", "A host name has letters, digits and hyphens only, and no hyphen at either end."),
        ("$(id)", "A host name has letters, digits and hyphens only, and no hyphen at either end."),
        ("é", "A host name has letters, digits and hyphens only, and no hyphen at either end."),
    ],
)
def test_what_is_no_host_name(name: str, sentence: str) -> None:
    assert check_hostname(name) == sentence
