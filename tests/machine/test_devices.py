"""GPUs, disks and interfaces: those that count, in the order of their names, and how they are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.machine.trees import machine, write_tree
from wizard.machine.detect import detect
from wizard.machine.devices import natural
from wizard.machine.lines import tree


def test_gpus_are_numbered_as_their_driver_does() -> None:
    """And where it does not tell, in their order on the bus."""
    assert [(gpu.address[5:7], gpu.device) for gpu in machine("gpu-node").gpus] == [
        ("1a", 2),
        ("3d", 3),
        ("88", 0),
        ("b1", 1),
        ("c1", 4),
    ]


def test_what_a_gpu_does_not_tell(tmp_path: Path) -> None:
    root = write_tree(tmp_path, "gpu-node")
    address = root / "sys/bus/pci/devices/0000:c1:00.0"
    for name, text in (("local_cpulist", "garbage"), ("numa_node", "-1"), ("mem_info_vram_total", "much")):
        (address / name).write_text(text)
    (root / "run/udev/data/+pci:0000:c1:00.0").unlink()
    (root / "proc/driver/nvidia/gpus/0000:1a:00.0/information").write_text("Device Minor: many\n")
    found = detect(root).gpus
    last = found[-1]
    assert (last.threads, last.node, last.memory_kb, last.model) == ((), -1, 0, "740f")
    assert (found[0].device, found[0].model) == (0, "20b0")


def test_names_in_the_order_people_count() -> None:
    names = ["eth10", "eth2", "eno1np0", "eno1np1", "eno10np0", "ib0", "2x", "", "eth"]
    assert sorted(names, key=natural) == ["", "2x", "eno1np0", "eno1np1", "eno10np0", "eth", "eth2", "eth10", "ib0"]


def test_a_tree_of_many() -> None:
    """Neither 256 cores nor 128 interfaces are a line each."""
    assert tree(machine("cores-256"))[:4] == [
        "wide: 2 packages, 256 cores, 256 threads, 1007.1 GiB of memory",
        "  package 0",
        "    64 cores of 1 processor each: 0-63",
        "    64 cores of 1 processor each: 64-127  (die 1)",
    ]
    assert tree(machine("nics-128"))[-4:] == [
        "  32 interfaces eth0 … eth124: ethernet, 1 Gb/s",
        "  32 interfaces eth1 … eth125: ethernet, 10 Gb/s",
        "  32 interfaces eth2 … eth126: ethernet, 100 Gb/s",
        "  32 interfaces eth3 … eth127: ethernet, no link",
    ]


def test_a_tree_of_devices() -> None:
    lines = tree(machine("gpu-node"))
    assert lines[0] == "gpu-3: 2 packages, 16 cores, 16 threads, 5 GPUs, 1007.1 GiB of memory"
    assert "  GPU 2: NVIDIA A100-SXM4-40GB at 0000:1a:00.0, near processors 0-7" in lines
    assert "  GPU 4: AMD Aldebaran/MI200 [Instinct MI210] at 0000:c1:00.0, 64.0 GiB, near processors 8-15" in lines
    assert "  disk sdb: 4.0 TB hdd, ST4000NM0295" in lines
    assert "  interface ib0: infiniband, 100 Gb/s, mlx5_core, 00:00:10:29:fe:80" in lines
    assert "  interface eno2: ethernet, no link, mlx5_core, b0:26:28:00:00:02" in lines
    assert "    core 0    processors 0-1  (kind core)" in tree(machine("hybrid"))


def test_a_machine_reached_by_another_name() -> None:
    far = replace(machine("laptop"), address="node-7")
    assert tree(far)[0].startswith("node-7 (it calls itself laptop): 1 package, 4 cores")


def test_this_machine() -> None:
    """The same by another way: psutil's interfaces, and the disks that hold this machine's file systems."""
    found = detect()
    known = psutil.net_if_stats()
    for one in found.interfaces:
        assert known[one.name].isup == one.up or not one.up
    if not found.disks:
        pytest.skip("this machine shows no disk (a container)")
    partitions = set(psutil.disk_io_counters(perdisk=True))
    assert {disk.name for disk in found.disks} <= partitions
