"""Hosts from a file: machines that `resources detect --json` recorded, Grid'5000's reference API, or a CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from wizard.errors import UserError
from wizard.machine.model import Core, Gpu, Machine, NumaNode, Package
from wizard.oar import grid5000, hosts, properties
from wizard.oar.resource import Host, Value

#: The columns of a CSV that make a machine, and what a cell without a word means; every other column is a property.
_COLUMNS = {"host": "", "cpus": "1", "cores": "1", "threads": "1", "gpus": "0", "memory": "0", "numbering": ""}
#: Each at most: more than any machine has.
_MOST = 4096

#: How Linux numbers processors: of cpu p (of P), its core c (of C) and that core's thread t (of T).
_Numbering = Callable[[int, int, int, int, int, int], int]
NUMBERINGS: Mapping[str, _Numbering] = {
    "contiguous": lambda p, c, t, P, C, T: p * C + c + t * P * C,
    "contiguous-including-threads": lambda p, c, t, P, C, T: p * C * T + c + t * C,
    "contiguous-grouped-by-threads": lambda p, c, t, P, C, T: (p * C + c) * T + t,
    "round-robin": lambda p, c, t, P, C, T: p + c * P + t * P * C,
}


def read(path: str) -> list[Host]:
    """The hosts of the file, in its order. UserError that names the place of what is not right."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")  # a spreadsheet may begin with a mark
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: {error}", hint=_HINT) from error
    try:
        found = _read(path, text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: {error}", hint=_HINT) from error
    if not found:
        raise UserError(f"{path}: no machine is in it", hint=_HINT)
    return found


_HINT = (
    "machines as `kameleon-tui resources detect --json` records them, the nodes of Grid'5000's reference API, or a CSV "
    "with a line a host: host,cpus,cores,threads,memory,gpus"
)


def _read(path: str, text: str) -> list[Host]:
    start = text.lstrip()[:1]
    if start and start not in "{[" and (path.endswith(".csv") or text.lstrip()[:4].lower() == "host"):
        return from_csv(text)
    found = []
    for value in _values(text):
        for node in grid5000.nodes(value):
            name, machine, given = grid5000.host(node, build)
            found.append(Host(name, machine, given))
        if not grid5000.nodes(value):
            machine = Machine.from_json(value)
            found.append(Host(machine.address or machine.hostname, machine))
    return found


def unanswered(path: str) -> list[str]:
    """The hosts that `detect --host` wrote down as not answering, in a file that `read` takes."""
    found = []
    for line in Path(path).read_text(encoding="utf-8-sig").splitlines():
        if line.startswith("{") and '"error"' in line:
            with suppress(ValueError):  # of a file that is one JSON value on several lines
                value = json.loads(line)
                if "error" in value and "packages" not in value:
                    found.append(str(value.get("address", "?")))
    return found


def _values(text: str) -> list[Any]:
    """The one JSON value of the text, or one a line."""
    try:
        return [json.loads(text)]
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines):
            raise
    values = []
    for number, line in enumerate(lines, start=1):
        try:
            value = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        if "error" not in value or "packages" in value:  # a host that `detect --host` did not reach has no machine
            values.append(value)
    return values


def from_csv(text: str) -> list[Host]:
    """A line a host, or a pattern of hosts. The first line names the columns: host; cpus, cores (of each cpu), threads
    (of each core), gpus, memory (GiB), numbering (of NUMBERINGS); any other is a property. ValueError."""
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    lines = csv.DictReader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True, strict=True)
    names = [name.strip().lower() for name in lines.fieldnames or ()]
    if "host" not in names or len(set(names)) != len(names):
        raise ValueError("line 1: the names of the columns were expected, host among them, each once")
    lines.fieldnames = names
    found = []
    machines: dict[tuple[str, ...], Machine] = {}  # one for all that are alike: hosts are planned by machine
    try:
        for cells in lines:
            where = f"line {lines.line_num}"
            if None in cells or None in cells.values():
                raise ValueError(f"{where}: {len(names)} cells were expected")
            values = {name: cells[name].strip() for name in names}
            if not values["host"]:
                raise ValueError(f"{where}: the host has no name")
            own = {name: values.get(name) or default for name, default in _COLUMNS.items()}
            key = tuple(own[name] for name in _COLUMNS if name != "host")
            if key not in machines:
                machines[key] = _machine(own, where)
            given: dict[str, Value] = {
                name: properties.value(name, value, where)
                for name, value in values.items()
                if name not in _COLUMNS and value
            }
            found += [Host(name, machines[key], given) for name in hosts.expand(values["host"])]
    except csv.Error as error:
        raise ValueError(f"line {lines.line_num}: {error}") from error
    except UserError as error:
        raise ValueError(error.message) from error
    return found


def _machine(cells: Mapping[str, str], where: str) -> Machine:
    def whole(name: str, least: int) -> int:
        text = cells[name]
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= _MOST:
            raise ValueError(f"{where}: {name}: a number from {least} to {_MOST} was expected, not {text[:40]!r}")
        return int(text)

    try:
        gibibytes = float(cells["memory"])
    except ValueError:
        gibibytes = -1.0
    if not 0 <= gibibytes < 1e9:
        raise ValueError(f"{where}: memory: a number of GiB was expected, not {cells['memory'][:40]!r}")
    numbering = cells["numbering"] or "contiguous"
    if numbering not in NUMBERINGS:
        raise ValueError(f"{where}: numbering: one of {', '.join(NUMBERINGS)} was expected, not {numbering[:40]!r}")
    shape = (whole("cpus", 1), whole("cores", 1), whole("threads", 1))
    return build(*shape, memory=int(gibibytes * 2**30), numbering=numbering, gpus=[-1] * whole("gpus", 0))


def build(cpus: int, cores: int, threads: int, *, memory: int, numbering: str, gpus: list[int]) -> Machine:
    """A machine of so many cpus, cores of each cpu, threads of each core; `memory` in bytes; `gpus`: for each the cpu
    it is near, -1 for all. ValueError for more processors than Linux knows."""
    if cpus * cores * threads > 8192:
        raise ValueError(f"{cpus * cores * threads} processors in one machine; Linux knows 8192")
    number = NUMBERINGS[numbering]
    packages = tuple(
        Package(
            p,
            tuple(
                Core(c, 0, tuple(sorted(number(p, c, t, cpus, cores, threads) for t in range(threads))))
                for c in range(cores)
            ),
        )
        for p in range(cpus)
    )
    # What a machine is sold with is more than its kernel gives away: `mem` is then the number on the label.
    kilobytes = max(memory // 1024 - 1, 0)
    nodes = tuple(NumaNode(package.package, package.threads, 0) for package in packages)
    cards = tuple(
        Gpu("", at, "", "", cpu, packages[cpu].threads if 0 <= cpu < cpus else ()) for at, cpu in enumerate(gpus)
    )
    return Machine("", kilobytes, packages, nodes, gpus=cards)
