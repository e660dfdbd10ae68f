"""A machine as lines for people: its tree, what is left out, and what it has besides processors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from wizard.machine.model import OFFLINE, RESTRICTED, Core, Gpu, Machine
from wizard.machine.numbers import format_list

_REASONS = {OFFLINE: "offline", RESTRICTED: "this process may not use it (taskset, cgroup or container)"}
#: Cores that are alike and interfaces that are alike are shown together when there are more: a screen has 24 lines.
_MANY = 16


def tree(machine: Machine) -> list[str]:
    """A line for the machine, and one for each part of it, indented."""
    return [head(machine), *(f"  {line}" for line in _parts(machine))]


def head(machine: Machine) -> str:
    """The machine in one line: its name, how many of what, memory."""
    name = machine.address or machine.hostname or "(no host name)"
    called = f" (it calls itself {machine.hostname})" if machine.hostname not in ("", name) else ""
    return f"{name}{called}: {counts(machine)}"


def counts(machine: Machine) -> str:
    """ "2 packages, 8 cores, 16 threads, 15.5 GiB of memory"."""
    found = [
        (len(machine.packages), "package"),
        (machine.cores, "core"),
        (len(machine.threads), "thread"),
        *([(len(machine.gpus), "GPU")] if machine.gpus else []),
    ]
    count = ", ".join(_several(number, word) for number, word in found)
    return f"{count}, {memory(machine.memory_kb)} of memory"


def memory(kilobytes: int) -> str:
    return f"{kilobytes / 1024 / 1024:.1f} GiB" if kilobytes else "an unknown amount"


def _several(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _parts(machine: Machine) -> Iterator[str]:
    for package in machine.packages:
        yield f"package {package.package}"
        for _, alike in groupby(package.cores, key=lambda core: (core.die, core.kind, len(core.threads))):
            yield from (f"  {line}" for line in _cores(list(alike)))
    for node in machine.nodes:
        yield f"NUMA node {node.node}: processors {format_list(node.threads)}, {memory(node.memory_kb)}"
    for gpu in machine.gpus:
        yield _gpu(gpu)
    for disk in machine.disks:
        removable = ", removable" if disk.removable else ""
        yield f"disk {disk.name}: {_bytes(disk.size)} {disk.kind}{removable}{_more(disk.model)}"
    yield from _interfaces(machine)
    for why in dict.fromkeys(left.why for left in machine.left_out):
        which = format_list(left.processor for left in machine.left_out if left.why == why)
        yield f"left out: processor {which}: {_REASONS.get(why, why)}"


def _cores(cores: list[Core]) -> Iterator[str]:
    """Cores that differ in their numbers only."""
    where = [f"die {cores[0].die}"] if cores[0].die else []
    where += [f"kind {cores[0].kind}"] if cores[0].kind else []
    behind = f"  ({', '.join(where)})" if where else ""
    if len(cores) > _MANY:
        threads = format_list(thread for core in cores for thread in core.threads)
        each = _several(len(cores[0].threads), "processor")
        yield f"{len(cores)} cores of {each} each: {threads}{behind}"
        return
    for core in cores:
        word = "processors" if len(core.threads) > 1 else "processor "
        yield f"core {core.core:<4} {word} {format_list(core.threads)}{behind}"


def _gpu(gpu: Gpu) -> str:
    size = f", {memory(gpu.memory_kb)}" if gpu.memory_kb else ""
    near = f", near processors {format_list(gpu.threads)}" if gpu.threads else ""
    model = gpu.model if gpu.model.startswith(gpu.vendor) else f"{gpu.vendor} {gpu.model}"
    return f"GPU {gpu.device}: {model} at {gpu.address}{size}{near}"


def _interfaces(machine: Machine) -> Iterator[str]:
    if len(machine.interfaces) <= _MANY:
        for one in machine.interfaces:
            yield f"interface {one.name}: {one.kind}, {_speed(one.speed, one.up)}{_more(one.driver)}, {one.mac}"
        return
    shapes: dict[tuple[str, str], list[str]] = {}
    for one in machine.interfaces:
        shapes.setdefault((one.kind, _speed(one.speed, one.up)), []).append(one.name)
    for (kind, speed), names in shapes.items():
        yield f"{_several(len(names), 'interface')} {names[0]} … {names[-1]}: {kind}, {speed}"


def _speed(speed: int, up: bool) -> str:
    if not speed:
        return "up" if up else "no link"
    return f"{speed // 1000} Gb/s" if speed % 1000 == 0 else f"{speed} Mb/s"


def _more(text: str) -> str:
    return f", {text}" if text else ""


def _bytes(size: int) -> str:
    for unit, power in (("TB", 12), ("GB", 9)):  # as makers count, and as the disk's label says
        if size >= 10**power:
            return f"{size / 10**power:.1f} {unit}"
    return f"{size / 10**6:.1f} MB"
