"""What a command line imports: `--help` only the parser, and no command without screens Textual or Rich."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.contracts.tree import ROOT
from wizard.cli import COMMANDS

_PROGRAM = """
import json, sys
from wizard.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit as end:
    status = end.code
print("\\n" + json.dumps({"status": status, "modules": sorted(sys.modules)}))
"""


def modules_after(*arguments: str) -> set[str]:
    """The modules imported by the time this command line has run with success."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["status"] in (0, None), done.stderr
    return set(answer["modules"])


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_imports_the_parser_only(option: str) -> None:
    found = modules_after(option)
    ours = {name for name in found if name.split(".")[0] == "wizard"}
    assert ours == {"wizard", "wizard.arguments", "wizard.cli", "wizard.errors"}
    assert not found & {"yaml", "subprocess", "asyncio", "psutil", "tempfile", "traceback"}


@pytest.mark.parametrize(
    "words", [["--defaults", "--help"], ["recipe", "list"], ["runs", "list"], *([name, "--help"] for name in COMMANDS)]
)
def test_no_screens_without_a_screen(words: list[str]) -> None:
    found = {name.split(".")[0] for name in modules_after(*words)}
    assert not found & {"textual", "rich"}
