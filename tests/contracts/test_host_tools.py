"""Every command a shipped recipe checks for is in the table of host tools, so that `doctor` names its package."""

from __future__ import annotations

import re

from tests.contracts.tree import ROOT, files
from wizard.host import tools


def test_check_cmd_is_in_the_table() -> None:
    known = {tool.name for tool in tools.tools_of(tools.groups())}
    asked: dict[str, str] = {}
    for path in files():
        if path.parts[0] == "recipes" and path.suffix == ".yaml":
            for name in re.findall(r"^\s*-?\s*check_cmd:\s*(\S+)", (ROOT / path).read_text(), re.M):
                asked[name] = str(path)
    assert "mmdebstrap" in asked
    assert {name: path for name, path in asked.items() if name not in known and "$" not in name} == {}
