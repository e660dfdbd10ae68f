"""The two commands of the README where nothing is installed (tests/fresh)."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.contracts.tree import ROOT


@pytest.mark.long
@pytest.mark.parametrize("proof", ["run", "user", "test"])
def test_fresh(proof: str) -> None:
    # The bare tree is kept in this machine's cache, not in the test's own.
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    done = subprocess.run(
        [ROOT / "tests/fresh", proof],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stdout[-20000:]
