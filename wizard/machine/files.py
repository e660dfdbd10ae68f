"""The files a kernel shows its machine in, wherever they come from: a directory, or the stream another machine sent."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

#: What is read, as patterns below /: one list for the tests' trees, for the script that runs on another machine
#: (`remote.SCRIPT`), and for whoever wants to record one by hand.
PATTERNS = (
    "proc/sys/kernel/hostname",
    "proc/meminfo",
    "proc/self/status",
    "etc/hostname",
    "sys/devices/system/cpu/present",
    "sys/devices/system/cpu/online",
    "sys/devices/system/cpu/cpu[0-9]*/topology/physical_package_id",
    "sys/devices/system/cpu/cpu[0-9]*/topology/die_id",
    "sys/devices/system/cpu/cpu[0-9]*/topology/core_id",
    "sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list",
    "sys/devices/system/cpu/cpu[0-9]*/cpu_capacity",
    "sys/devices/cpu_core/cpus",
    "sys/devices/cpu_atom/cpus",
    "sys/devices/system/node/online",
    "sys/devices/system/node/node[0-9]*/cpulist",
    "sys/devices/system/node/node[0-9]*/meminfo",
    "sys/block/*/size",
    "sys/block/*/removable",
    "sys/block/*/hidden",
    "sys/block/*/queue/rotational",
    "sys/block/*/device/model",
    "sys/class/net/*/address",
    "sys/class/net/*/speed",
    "sys/class/net/*/operstate",
    "sys/class/net/*/type",
    "sys/class/net/*/device/uevent",
    "sys/class/net/*/phy80211/index",
    "proc/driver/nvidia/gpus/*/information",
)
#: The same below sys/bus/pci/devices/ADDRESS, of display controllers and accelerators only: a server has hundreds of
#: other PCI devices.
PCI_FILES = ("class", "vendor", "device", "numa_node", "local_cpulist", "mem_info_vram_total", "physfn/vendor")
#: Beginnings of the class of those.
PCI_CLASSES = ("0x03", "0x12")
#: What udev knows of a PCI device, below run/udev/data: its names from the hardware database are there.
UDEV_PCI = "run/udev/data/+pci:"


class Files(Protocol):
    """Paths are below /, without it."""

    @property
    def where(self) -> str:
        """How messages call their root."""

    def text(self, path: str) -> str | None:
        """The file's text, what is not UTF-8 replaced; None when it cannot be read."""

    def names(self, directory: str) -> list[str]:
        """The names in a directory, sorted; [] when there is none."""


class Tree:
    """The files below a directory."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.where = str(root)

    def text(self, path: str) -> str | None:
        try:
            return (self._root / path).read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError):  # EINVAL: the speed of an interface that is down
            return None

    def names(self, directory: str) -> list[str]:
        try:
            return sorted(path.name for path in (self._root / directory).iterdir())
        except OSError:
            return []


class Stream:
    """The files of `(path, text)` pairs."""

    def __init__(self, where: str, files: Iterable[tuple[str, str]]) -> None:
        self.where = where
        self._files = dict(files)
        self._names: dict[str, set[str]] = {}
        for path in self._files:
            above, _, name = path.rpartition("/")
            while above and name not in self._names.setdefault(above, set()):
                self._names[above].add(name)
                above, _, name = above.rpartition("/")

    def text(self, path: str) -> str | None:
        return self._files.get(path)

    def names(self, directory: str) -> list[str]:
        return sorted(self._names.get(directory, ()))
