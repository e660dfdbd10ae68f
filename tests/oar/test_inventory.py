"""Hosts from CSV, Grid'5000's JSON and recorded machines; and what is said of files that are none of these."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.machine.trees import machine
from wizard.errors import UserError
from wizard.oar.inventory import NUMBERINGS, build, from_csv, read
from wizard.oar.plan import Planner, plan

#: A node as the reference API has it, without what nobody here reads.
NODE: dict[str, Any] = {
    "uid": "chifflot-1",
    "type": "node",
    "architecture": {
        "nb_procs": 2,
        "nb_cores": 8,
        "nb_threads": 16,
        "cpu_core_numbering": "round-robin",
        "platform_type": "x86_64",
    },
    "main_memory": {"ram_size": 206158430208},
    "processor": {"model": "Intel Xeon", "version": "Gold 6126", "clock_speed": 2600000000},
    "gpu_devices": {
        "nvidia0": {"cpu_affinity": 0, "device": "/dev/nvidia0", "model": "Tesla P100"},
        "nvidia1": {"cpu_affinity": 1, "device": "/dev/nvidia1", "model": "Tesla P100"},
        "nvidia2": {"cpu_affinity": 1, "reservation": False},
    },
    "network_adapters": [
        {"device": "eth0", "mounted": False, "network_address": "no.example"},
        {"device": "eth1", "mounted": True, "network_address": "chifflot-1.lille.grid5000.fr"},
    ],
}


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_csv() -> None:
    hosts = from_csv("host,cpus,cores,threads,memory,gpus,cluster,rack\nn[1-2],2,4,2,64,2,blue,7\nlogin,,2,,,,,\n")
    assert [host.name for host in hosts] == ["n1", "n2", "login"]
    assert hosts[0].machine is hosts[1].machine
    assert hosts[0].properties == {"cluster": "blue", "rack": 7}
    assert hosts[2].properties == {}
    (first, *_) = plan(hosts[0].machine, "n1", gpus=True)
    assert first.properties["cpuset"] == "0,8"
    assert first.properties["mem"] == 64
    assert len(hosts[0].machine.gpus) == 2
    assert (hosts[2].machine.cores, hosts[2].machine.memory_kb) == (2, 0)


def test_csv_of_a_spreadsheet(tmp_path: Path) -> None:
    """With semicolons, spaces, a mark at its beginning, and lines that end as on Windows."""
    path = tmp_path / "cluster.csv"
    path.write_bytes('\ufeffHost; Cpus ;Cores;note\r\n"n1"; 1;4;"two; words"\r\n'.encode())
    (host,) = read(str(path))
    assert (host.name, host.machine.cores, host.properties) == ("n1", 4, {"note": "two; words"})


@pytest.mark.parametrize("numbering", NUMBERINGS)
def test_every_numbering_uses_every_processor_once(numbering: str) -> None:
    found = build(2, 3, 2, memory=0, numbering=numbering, gpus=[])
    assert found.threads == tuple(range(12))
    assert found.cores == 6


def test_numberings() -> None:
    def first_core_of_the_second_cpu(numbering: str) -> tuple[int, ...]:
        return build(2, 4, 2, memory=0, numbering=numbering, gpus=[]).packages[1].cores[0].threads

    assert first_core_of_the_second_cpu("contiguous") == (4, 12)
    assert first_core_of_the_second_cpu("contiguous-including-threads") == (8, 12)
    assert first_core_of_the_second_cpu("contiguous-grouped-by-threads") == (8, 9)
    assert first_core_of_the_second_cpu("round-robin") == (1, 9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("host,cpus\nn1,two\n", "line 2: cpus: a number from 1 to 4096"),
        ("host,cpus\nn1,0\n", "line 2: cpus: a number from 1"),
        ("host,memory\nn1,nan\n", "line 2: memory: a number of GiB"),
        ("host,memory\nn1,-1\n", "line 2: memory: a number of GiB"),
        ("host,numbering\nn1,random\n", "line 2: numbering: one of contiguous"),
        ("host,cpus\nn1\n", "line 2: 2 cells were expected"),
        ("host,cpus\nn1,1,2\n", "line 2: 2 cells were expected"),
        ("host,cpus\n,1\n", "line 2: the host has no name"),
        ("host,host\na,b\n", "line 1: the names of the columns"),
        ("host,core\nn1,7\n", "line 2: core comes from the machine"),
        ("host,Rack Row\nn1,7\n", "cannot be the name of a property"),
        ("host\nn[2-1]\n", "backwards"),
        ("host,cpus,cores\nn1,4096,4096\n", "16777216 processors in one machine"),
        ('host,x\nn1,"open\n', "line 1: unexpected end of data"),
    ],
)
def test_no_csv(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read(write(tmp_path / "x.csv", text))
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize(
    "value",
    [
        NODE,
        [NODE],
        {"total": 1, "items": [NODE], "links": []},
        {"nodes": {"chifflot-1": {name: value for name, value in NODE.items() if name != "uid"}}},
    ],
)
def test_grid5000(value: Any, tmp_path: Path) -> None:
    (host,) = read(write(tmp_path / "g5k.json", json.dumps(value)))
    assert host.name == "chifflot-1.lille.grid5000.fr"
    assert host.properties == {"cluster": "chifflot", "cputype": "Intel Xeon Gold 6126", "cpuarch": "x86_64"}
    (first, *_, last) = [resource for resource, _ in Planner([host], gpus=True).resources(host)]
    assert dict(first.properties) == {
        "host": "chifflot-1.lille.grid5000.fr",
        "cpu": 1,
        "core": 1,
        "cpuset": "0,8",
        "mem": 192,
        "gpu": 1,
        "gpudevice": "0",
        **host.properties,
    }
    assert (last.properties["cpuset"], last.properties["gpu"], last.properties["gpudevice"]) == ("7,15", 2, "1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architecture": {}}, "node chifflot-1: architecture.nb_procs: a number"),
        ({"architecture": {**NODE["architecture"], "nb_cores": 7}}, "do not divide"),
        ({"architecture": {**NODE["architecture"], "cpu_core_numbering": "odd"}}, "numbering 'odd' is not known"),
        ({"uid": 7, "network_adapters": "none"}, "a node without uid has no network_address either"),
    ],
)
def test_no_grid5000(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        read(write(tmp_path / "g5k.json", json.dumps({**NODE, **change})))


def test_many_recorded_machines(tmp_path: Path) -> None:
    """As `detect --host --json` prints them, with those that were not reached."""
    lines = [json.dumps({**machine(name).to_json(), "address": f"a-{name}"}) for name in ("laptop", "gpu-node")]
    lines.insert(1, '{"v": 1, "address": "down", "error": "Connection refused"}')
    found = read(write(tmp_path / "many.json", "\n".join(lines) + "\n"))
    assert [host.name for host in found] == ["a-laptop", "a-gpu-node"]
    assert found[1].machine.gpus == machine("gpu-node").gpus


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting value"),
        ("{}\n{}", "was expected"),
        ('{"v": 1}\n{"v": 1, "host', "line 2"),
        ('{"items": []}', "was expected"),
        ('{"v": 1, "address": "down", "error": "x"}\n{"v": 1, "address": "down", "error": "x"}\n', "no machine is in"),
    ],
)
def test_nothing_in_it(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        read(write(tmp_path / "x.json", text))
