"""Machines are found as they are: packages, cores and threads that may be used, and what is left out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.machine.trees import NAMES, fixture, machine, write_tree
from wizard.machine.detect import detect
from wizard.machine.model import RESTRICTED, Machine
from wizard.machine.numbers import parse_list


@pytest.mark.parametrize("name", NAMES)
def test_machine_is_found(name: str, tmp_path: Path) -> None:
    assert detect(write_tree(tmp_path, name)) == machine(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_processor_is_used_or_left_out(name: str, tmp_path: Path) -> None:
    found = detect(write_tree(tmp_path, name))
    left = [out.processor for out in found.left_out]
    assert sorted([*found.threads, *left]) == list(parse_list(fixture(name)["present"]))


def test_one_core_a_socket_is_two_cores(tmp_path: Path) -> None:
    """Core 0 of one package is not core 0 of the other."""
    found = detect(write_tree(tmp_path, "one-core-a-socket"))
    assert found.cores == 2
    assert [package.threads for package in found.packages] == [(0, 1), (2, 3)]


def test_without_sibling_lists_a_processor_is_a_core(tmp_path: Path) -> None:
    root = write_tree(tmp_path, "arm")
    for path in root.glob("sys/devices/system/cpu/cpu*/topology/*"):
        path.unlink()
    found = detect(root)
    assert [(core.core, core.threads) for core in found.packages[0].cores] == [(n, (n,)) for n in range(6)]


def test_host_name_that_the_kernel_does_not_know(tmp_path: Path) -> None:
    root = write_tree(tmp_path, "laptop")
    (root / "proc/sys/kernel/hostname").write_text("(none)\n")
    assert detect(root).hostname == ""
    (root / "etc").mkdir()
    (root / "etc/hostname").write_text("written\n")
    assert detect(root).hostname == "written"
    (root / "proc/sys/kernel/hostname").unlink()
    assert detect(root).hostname == "written"


def test_unknown_memory_is_said_to_be_unknown(tmp_path: Path) -> None:
    root = write_tree(tmp_path, "laptop")
    (root / "proc/meminfo").write_text("garbage\nMemTotal: lots kB\n")
    assert detect(root).memory_kb == 0


def test_no_processor(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is /sys mounted"):
        detect(tmp_path)
    root = write_tree(tmp_path, "laptop")
    (root / "proc/self/status").write_text("Cpus_allowed_list:\t64-71\n")
    with pytest.raises(ValueError, match="no processor that is online is allowed"):
        detect(root)


@pytest.mark.parametrize("text", ["0-", "x", "3-1", "1,,2", "0-99999999", "\x00", "é"])
def test_garbage_names_its_file(tmp_path: Path, text: str) -> None:
    root = write_tree(tmp_path, "laptop")
    (root / "sys/devices/system/cpu/online").write_text(text)
    with pytest.raises(ValueError, match="cpu/online"):
        detect(root)


def test_this_machine() -> None:
    """The same facts by other ways: the scheduler's mask, and what psutil counts."""
    found = detect()
    assert set(found.threads) == os.sched_getaffinity(0)
    assert found.memory_kb == psutil.virtual_memory().total // 1024
    assert found.hostname == os.uname().nodename
    assert found.cores <= (psutil.cpu_count(logical=False) or len(found.threads))


def test_this_process_restricted() -> None:
    """As taskset, or a container's cpuset, does it."""
    one = min(os.sched_getaffinity(0))
    program = (
        f"import os; os.sched_setaffinity(0, {{{one}}})\n"
        "from wizard.machine.detect import detect; import json; print(json.dumps(detect().to_json()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found = Machine.from_json(json.loads(done.stdout))
    assert found.threads == (one,)
    others = os.sched_getaffinity(0) - {one}
    assert others <= {left.processor for left in found.left_out if left.why == RESTRICTED}
