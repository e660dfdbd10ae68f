"""For the tests of output types: the appliances they are made of, and directories that do not outlive a module."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outputs.appliance import Appliance, built


@pytest.fixture(scope="session")
def appliance() -> Appliance:
    """hello with a kernel and setup/machine: what installed systems are made of."""
    return built(("machine",))


@pytest.fixture(scope="session")
def live_appliance() -> Appliance:
    """The same with what live systems need besides."""
    return built(("machine", "live_system", "secure_boot"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory for the images of a module, which are large: removed after its last test."""
    path = tmp_path_factory.mktemp("outputs")
    yield path
    shutil.rmtree(path)
