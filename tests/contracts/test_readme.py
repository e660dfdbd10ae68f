"""What the README tells people to type exists."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.contracts.tree import ROOT, files
from wizard.cli import make_parser

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def commands() -> list[str]:
    """Every kameleon-tui command line in a code block, without what is explained beside it."""
    found = [line for block in re.findall(r"^```$(.*?)^```$", README, re.M | re.S) for line in block.splitlines()]
    return [re.split(r"\s{3,}", line)[0] for line in found if line.startswith("kameleon-tui")]


@pytest.mark.parametrize("line", commands())
def test_command_lines_are_understood(line: str) -> None:
    make_parser().parse_args(shlex.split(line)[1:])


def test_the_tour_shows_something() -> None:
    assert len(commands()) >= 10


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.M))))
def test_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.M)


def test_links_lead_somewhere() -> None:
    known = set(map(str, files()))
    assert "docs/architecture.md" in known
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target in known
