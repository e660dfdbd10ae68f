"""Machines of fixtures/*.json: the values their kernel shows, as the files it shows them in; and what is to be found.

The files are written here in the form the kernel gives them (Documentation/ABI/stable/sysfs-devices-system-cpu).
What we do not read (the bit masks beside the lists) is written, too: hwloc is asked about the same trees.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wizard.machine.model import Machine
from wizard.machine.numbers import parse_list

_FIXTURES = Path(__file__).with_name("fixtures")
NAMES = sorted(path.stem for path in _FIXTURES.glob("*.json"))


def fixture(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((_FIXTURES / f"{name}.json").read_text())
    return loaded


def machine(name: str) -> Machine:
    """The machine that is to be found."""
    return Machine.from_json(fixture(name)["machine"])


def write_tree(root: Path, name: str) -> Path:
    """The files of this machine under a new directory, which is returned."""
    shown = fixture(name)
    root = root / name
    cpu = root / "sys/devices/system/cpu"
    files = {
        cpu / "present": shown["present"],
        cpu / "online": shown["online"],
        root / "proc/meminfo": f"MemTotal:       {shown['memory_kb']} kB\nMemFree:          123456 kB",
        root
        / "proc/self/status": f"Name:\tpython3\nCpus_allowed:\tff\nCpus_allowed_list:\t{shown['allowed']}\nThreads:\t1",
        root / "proc/sys/kernel/hostname": shown["hostname"],
        root / "proc/sys/kernel/ostype": "Linux",
    }
    packages: dict[int, list[int]] = {}
    dies: dict[tuple[int, int], list[int]] = {}
    for processor in shown["processors"]:
        packages.setdefault(processor["package"], []).append(processor["processor"])
        dies.setdefault((processor["package"], processor["die"]), []).append(processor["processor"])
    for processor in shown["processors"]:
        topology = cpu / f"cpu{processor['processor']}/topology"
        files |= {
            topology / "physical_package_id": processor["package"],
            topology / "die_id": processor["die"],
            topology / "core_id": processor["core"],
            topology / "thread_siblings_list": processor["siblings"],
            topology / "thread_siblings": _mask(parse_list(processor["siblings"])),
            topology / "core_siblings": _mask(packages[processor["package"]]),
            topology / "die_cpus": _mask(dies[processor["package"], processor["die"]]),
        }
    nodes = root / "sys/devices/system/node"
    if shown["nodes"]:
        files[nodes / "online"] = ",".join(str(node["node"]) for node in shown["nodes"])
    for node in shown["nodes"]:
        directory = nodes / f"node{node['node']}"
        files |= {
            directory / "cpulist": node["cpulist"],
            directory / "cpumap": _mask(parse_list(node["cpulist"])),
            directory / "meminfo": f"\nNode {node['node']} MemTotal:       {node['memory_kb']} kB",
        }
    files |= {root / name: value for name, value in shown.get("files", {}).items()}
    for path, value in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")
    return root


def _mask(processors: Iterable[int]) -> str:
    """A bit a processor, in hexadecimal words of 32 bits, as the kernel writes them."""
    number = sum(1 << processor for processor in processors)
    digits = f"{number:08x}"
    digits = digits.zfill(-(-len(digits) // 8) * 8)
    return ",".join(digits[at : at + 8] for at in range(0, len(digits), 8))
