"""Containers for the tests of the first boot."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firstboot.container import Container, container


@pytest.fixture
def work() -> Iterator[Path]:
    # Not tmp_path: the container's daemons, who are not root, go through it.
    path = Path(tempfile.mkdtemp(prefix="kt-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def box(work: Path) -> Iterator[Container]:
    with container(work) as found:
        yield found
