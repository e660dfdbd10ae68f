"""hwloc sees the same machine: this one, and every recorded one (lstopo reads another tree when HWLOC_FSROOT says so).

Debian's package is unpacked into a directory; nothing is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.machine.trees import NAMES, machine, write_tree
from wizard.machine.detect import detect
from wizard.machine.model import Machine

pytestmark = pytest.mark.real

Lstopo = Callable[[Path | None], ElementTree.Element]


@pytest.fixture(scope="session")
def lstopo(tmp_path_factory: pytest.TempPathFactory) -> Lstopo:
    """Of a tree, None for this machine: lstopo's XML."""
    program, libraries = shutil.which("lstopo-no-graphics"), ""
    if not program:
        directory = tmp_path_factory.mktemp("hwloc")
        words = ["apt-get", "-qq", "download", "hwloc-nox", "libhwloc15"]
        if subprocess.run(words, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True).returncode:
            pytest.skip("hwloc is neither installed nor to be had from this machine's mirror")
        for package in directory.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, directory / "tree"], check=True)
        program = str(directory / "tree/usr/bin/lstopo-no-graphics")
        libraries = str(next((directory / "tree/usr/lib").glob("*/libhwloc.so.15")).parent)

    def run(root: Path | None) -> ElementTree.Element:
        environment = {**os.environ, "HWLOC_COMPONENTS": "linux,stop"}
        if libraries:
            environment["LD_LIBRARY_PATH"] = libraries
        if root is not None:
            environment |= {"HWLOC_FSROOT": str(root), "HWLOC_THISSYSTEM": "0"}
        words = [program, "--of", "xml", "--disallowed", "--filter", "die:all"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        return ElementTree.fromstring(done.stdout)

    return run


def threads(element: ElementTree.Element) -> tuple[int, ...]:
    return tuple(sorted(int(unit.attrib["os_index"]) for unit in element.iterfind(".//object[@type='PU']")))


def as_hwloc(found: ElementTree.Element, ours: Machine) -> tuple[set[tuple[int, ...]], ...]:
    """The processors of its packages, dies and cores, those that we leave out left out."""
    left = {out.processor for out in ours.left_out}
    kinds = []
    for kind in ("Package", "Die", "Core"):
        parts = (threads(part) for part in found.iterfind(f".//object[@type='{kind}']"))
        kinds.append({kept for part in parts if (kept := tuple(thread for thread in part if thread not in left))})
    return tuple(kinds)


def as_we(ours: Machine) -> tuple[set[tuple[int, ...]], ...]:
    dies: dict[tuple[int, int], list[int]] = {}
    for package in ours.packages:
        for core in package.cores:
            dies.setdefault((package.package, core.die), []).extend(core.threads)
    packages = {package.threads for package in ours.packages}
    cores = {core.threads for package in ours.packages for core in package.cores}
    return packages, {tuple(sorted(die)) for die in dies.values()}, cores


def check(found: ElementTree.Element, ours: Machine) -> None:
    packages, dies, cores = as_hwloc(found, ours)
    assert (packages, cores) == (as_we(ours)[0], as_we(ours)[2])
    if dies:  # it leaves them out where a kernel tells nothing of them
        assert dies == as_we(ours)[1]
    memory = {
        int(node.attrib["os_index"]): int(node.attrib["local_memory"]) // 1024
        for node in found.iterfind(".//object[@type='NUMANode']")
    }
    for node in ours.nodes:
        assert memory[node.node] == node.memory_kb


@pytest.mark.parametrize("name", NAMES)
def test_recorded(lstopo: Lstopo, name: str, tmp_path: Path) -> None:
    check(lstopo(write_tree(tmp_path, name)), machine(name))


def test_this_machine(lstopo: Lstopo) -> None:
    check(lstopo(None), detect())


def test_a_wrong_machine_is_noticed(lstopo: Lstopo, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check(lstopo(write_tree(tmp_path, "smt-off")), machine("laptop"))
