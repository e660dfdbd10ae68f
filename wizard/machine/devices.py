"""What a machine has besides processors: GPUs, disks, network interfaces, as sysfs shows them.

The names of GPUs are those that udev wrote down from its hardware database when it saw them (/run/udev/data): asking
libudev gives the same words, but only of this machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.machine.files import PCI_CLASSES, UDEV_PCI, Files
from wizard.machine.model import Disk, Gpu, Interface
from wizard.machine.numbers import parse_list

_PCI = "sys/bus/pci/devices"
#: Who makes GPUs that compute. A server's own screen (ASPEED, Matrox) and an emulated one are not among them.
_VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel", "0x1da3": "Habana"}
#: Block devices that are no disk: memory, files, layers over disks, drives for media.
_NO_DISK = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd|zd|mtdblock)\d|mmcblk\d+(boot|rpmb|gp)")
_KINDS = (("nvme", "nvme"), ("mmcblk", "flash"), ("vd", "virtual"), ("xvd", "virtual"))
_SECTOR = 512  # of /sys/block/*/size, whatever the disk's own is
_INFINIBAND = "32"


def gpus(files: Files) -> tuple[Gpu, ...]:
    """GPUs in the order of their PCI addresses. `device` is the number that NVIDIA's driver gave it (the N of
    /dev/nvidiaN), else the place in that order. Virtual functions of a GPU are left out."""
    found: list[Gpu] = []
    for address in files.names(_PCI):
        directory = f"{_PCI}/{address}"
        vendor = _line(files, f"{directory}/vendor")
        if (
            vendor not in _VENDORS
            or not _line(files, f"{directory}/class").startswith(PCI_CLASSES)
            or files.text(f"{directory}/physfn/vendor") is not None
        ):
            continue
        told = _colons(files.text(f"proc/driver/nvidia/gpus/{address}/information"))
        minor = told.get("Device Minor", "")
        model = told.get("Model") or _udev(files, address) or _line(files, f"{directory}/device").removeprefix("0x")
        node = _line(files, f"{directory}/numa_node")
        memory = _line(files, f"{directory}/mem_info_vram_total")
        found.append(
            Gpu(
                address=address,
                device=int(minor) if _digits(minor) else len(found),
                vendor=_VENDORS[vendor],
                model=model,
                node=int(node) if _digits(node) else -1,
                threads=_processors(files, f"{directory}/local_cpulist"),
                memory_kb=int(memory) // 1024 if _digits(memory) else 0,
            )
        )
    return tuple(found)


def disks(files: Files) -> tuple[Disk, ...]:
    """Whole disks that hold something, in the order of their names."""
    found = []
    for name in sorted(files.names("sys/block"), key=natural):
        directory = f"sys/block/{name}"
        size = _line(files, f"{directory}/size")
        if _NO_DISK.match(name) or not _digits(size) or int(size) == 0 or _line(files, f"{directory}/hidden") == "1":
            continue
        turning = _line(files, f"{directory}/queue/rotational") == "1"
        kind = next((kind for start, kind in _KINDS if name.startswith(start)), "hdd" if turning else "ssd")
        removable = _line(files, f"{directory}/removable") == "1"
        model = " ".join(_line(files, f"{directory}/device/model").split())
        found.append(Disk(name, int(size) * _SECTOR, kind, model, removable))
    return tuple(found)


def interfaces(files: Files) -> tuple[Interface, ...]:
    """Network interfaces with a device behind them: no bridge, no loopback, no container's end of a pair."""
    found = []
    for name in sorted(files.names("sys/class/net"), key=natural):
        directory = f"sys/class/net/{name}"
        event = files.text(f"{directory}/device/uevent")
        if event is None:
            continue
        driver = re.search(r"^DRIVER=(.+)$", event, re.M)
        kind = "ethernet"
        if files.text(f"{directory}/phy80211/index") is not None:
            kind = "wireless"
        elif _line(files, f"{directory}/type") == _INFINIBAND:
            kind = "infiniband"
        speed = _line(files, f"{directory}/speed")  # -1, or nothing at all, when there is no link
        found.append(
            Interface(
                name=name,
                mac=_line(files, f"{directory}/address"),
                speed=int(speed) if _digits(speed) else 0,
                up=_line(files, f"{directory}/operstate") == "up",
                kind=kind,
                driver=driver[1] if driver else "",
            )
        )
    return tuple(found)


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that puts eth2 before eth10."""
    return [(0, int(part), "") if _digits(part) else (1, 0, part) for part in re.split(r"([0-9]+)", name) if part]


def _udev(files: Files, address: str) -> str:
    found = re.search(r"^E:ID_MODEL_FROM_DATABASE=(.+)$", files.text(f"{UDEV_PCI}{address}") or "", re.M)
    return found[1] if found else ""


def _colons(text: str | None) -> dict[str, str]:
    """`name: value` lines."""
    pairs: Iterator[list[str]] = (line.split(":", 1) for line in (text or "").splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def _line(files: Files, path: str) -> str:
    return (files.text(path) or "").strip()


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


def _processors(files: Files, path: str) -> tuple[int, ...]:
    try:
        return parse_list(files.text(path) or "")
    except ValueError:
        return ()
