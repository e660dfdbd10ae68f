"""Every command a shipped recipe checks for is in the table of host tools, so that `doctor` names its package."""

from __future__ import annotations

import re

from tests.contracts.tree import ROOT, files
from wizard.commands.build import DEFAULT_RECIPE
from wizard.host import tools
from wizard.recipe.find import find_recipe
from wizard.recipe.resolve import resolve

SETUP = (ROOT / "scripts/setup.sh").read_text()


def test_check_cmd_is_in_the_table() -> None:
    known = {tool.name for tool in tools.tools_of(tools.groups())}
    asked: dict[str, str] = {}
    for path in files():
        if path.parts[0] == "recipes" and path.suffix == ".yaml":
            for name in re.findall(r"^\s*-?\s*check_cmd:\s*(\S+)", (ROOT / path).read_text(), re.M):
                asked[name] = str(path)
    assert "mmdebstrap" in asked
    assert {name: path for name, path in asked.items() if name not in known and "$" not in name} == {}


def test_set_up_installs_what_the_default_appliance_needs() -> None:
    groups = re.findall(r"--for (\w+)", re.search(r"^groups=.*", SETUP, re.M)[0])  # type: ignore[index]
    known = {tool.name for tool in tools.tools_of(groups)}
    assert "mmdebstrap" in known
    for output in resolve(find_recipe(DEFAULT_RECIPE)).outputs:
        assert set(output.tools) <= known
