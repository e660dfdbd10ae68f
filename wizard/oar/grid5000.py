"""Hosts from Grid'5000's reference API: the JSON of a node, of a list of nodes, or of a cluster with its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from wizard.machine.model import Machine
from wizard.oar.resource import Value


class Build(Protocol):
    def __call__(
        self, cpus: int, cores: int, threads: int, *, memory: int, numbering: str, gpus: list[int]
    ) -> Machine: ...


def nodes(value: Any) -> list[Mapping[str, Any]]:
    """The nodes in such a value, [] when it is something else."""
    if isinstance(value, list):
        return [node for one in value for node in nodes(one)]
    if not isinstance(value, dict):
        return []
    if "architecture" in value:
        return [value]
    inner = value.get("items", value.get("nodes"))
    if isinstance(inner, dict):  # the repository's files: name → node
        inner = [{"uid": name, **node} for name, node in inner.items() if isinstance(node, dict)]
    return nodes(inner) if isinstance(inner, list) else []


def host(node: Mapping[str, Any], build: Build) -> tuple[str, Machine, dict[str, Value]]:
    """Name, machine and properties of a node; the name is the address of the interface that is mounted. ValueError
    naming the node when what makes a machine is not there."""
    uid = node.get("uid")
    where = f"node {uid}" if isinstance(uid, str) and uid else "a node without uid"
    shape = node["architecture"] if isinstance(node["architecture"], dict) else {}
    cpus, cores, threads = (_count(shape, name, where) for name in ("nb_procs", "nb_cores", "nb_threads"))
    if cores % cpus or threads % cores:
        raise ValueError(f"{where}: {cpus} processors, {cores} cores and {threads} threads do not divide")
    numbering = shape.get("cpu_core_numbering", "contiguous")
    memory = node.get("main_memory")
    size = memory.get("ram_size", 0) if isinstance(memory, dict) else 0
    cards = node.get("gpu_devices") or {}
    near = [
        card["cpu_affinity"] if isinstance(card.get("cpu_affinity"), int) else -1
        for card in (cards.values() if isinstance(cards, dict) else ())
        if isinstance(card, dict) and card.get("reservation") is not False
    ]
    try:
        machine = build(
            cpus,
            cores // cpus,
            threads // cores,
            memory=size if isinstance(size, int) and size > 0 else 0,
            numbering=str(numbering),
            gpus=near,
        )
    except KeyError as error:
        raise ValueError(f"{where}: cpu_core_numbering {error} is not known") from error
    name = _address(node) or (uid if isinstance(uid, str) else "")
    if not name:
        raise ValueError(f"{where} has no network_address either")
    return name, machine, _properties(node)


def _count(shape: Mapping[str, Any], name: str, where: str) -> int:
    value = shape.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{where}: architecture.{name}: a number, 1 or more, was expected")
    return value


def _address(node: Mapping[str, Any]) -> str:
    adapters = node.get("network_adapters")
    if isinstance(adapters, dict):
        adapters = list(adapters.values())
    for adapter in adapters if isinstance(adapters, list) else ():
        if isinstance(adapter, dict) and adapter.get("mounted") is True and adapter.get("network_address"):
            return str(adapter["network_address"])
    return ""


def _properties(node: Mapping[str, Any]) -> dict[str, Value]:
    """What Grid'5000's own OAR calls cluster, cputype and cpuarch."""
    uid, processor = str(node.get("uid", "")), node.get("processor")
    found: dict[str, Value] = {}
    if "-" in uid:
        found["cluster"] = uid.rpartition("-")[0]
    if isinstance(processor, dict):
        words = [str(processor[name]) for name in ("model", "version") if processor.get(name)]
        if words:
            found["cputype"] = " ".join(words)[:255]
    kind = node["architecture"].get("platform_type")
    if isinstance(kind, str) and kind:
        found["cpuarch"] = kind[:255]
    return found
