"""Making OAR's resources, whole processes: beside OAR's own tools, and beside psql copying the same rows from files."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.bench.harness import Row, compare
from tests.bench.oar_server import cluster, ours, processor_seconds, psql, save, server, truncate
from tests.oar.postgres import Oar

#: 64 hosts of 32 cores; and as many rows as nobody types.
_FEW = (64, 2, 16)
_MANY = (800, 2, 64)
#: So many of the lines of oar_resources_add are carried out; the rest is extrapolated.
_SAMPLE = 48


def rows() -> Iterator[Row]:
    with server() as found:
        if found is None:
            return
        oar, directory = found
        few, seconds = _beside_copy(oar, directory, _FEW, limit=6, runs=7)
        yield few
        yield _beside_commands(oar, directory, seconds)
        yield _beside_function(oar, seconds)
        many, _ = _beside_copy(oar, directory, _MANY, limit=1.3, runs=3)
        yield many
        yield _difference(oar, directory)
        yield from _memory(oar, directory)


def _beside_copy(
    oar: Oar, directory: Path, shape: tuple[int, int, int], *, limit: float, runs: int
) -> tuple[Row, float]:
    """The row, and our seconds. The first of ours adds the properties, which OAR's schema does not have."""
    words = cluster(directory, *shape)
    oar.empty()
    ours(oar, "create", *words)
    back = save(oar, directory)
    taken: list[float] = []
    used: tuple[list[float], list[float]] = ([], [])

    def mine() -> float:
        truncate(oar)
        before = processor_seconds(oar)
        taken.append(ours(oar, "create", *words)[0])
        used[0].append(processor_seconds(oar) - before)
        return taken[-1]

    def theirs() -> float:
        truncate(oar)
        before = processor_seconds(oar)
        seconds = psql(oar, *back)
        used[1].append(processor_seconds(oar) - before)
        return seconds

    count = shape[0] * shape[1] * shape[2]
    row = compare(f"{count} resources", mine, theirs, limit=limit, runs=runs, against="psql copying the rows and log")
    mine_used, theirs_used = map(statistics.median, used)
    of_processor = f"; {mine_used / theirs_used:.2f} x of processors' time, both ends ({mine_used:.2f} s)"
    return replace(row, detail=row.detail + of_processor), statistics.median(taken)


def _beside_commands(oar: Oar, directory: Path, seconds: float) -> Row:
    """oar_resources_add | sh: a sample of its lines, and what all of them would take."""
    truncate(oar)
    hosts, cpus, cores = _FEW
    text = oar.tool("oar_resources_add", "-H", str(hosts), "-C", str(cpus), "-c", str(cores), "-p")
    lines = [line for line in text.splitlines() if line.startswith("oarnodesetting")]
    oar.install("oarnodesetting", directory)
    script = f"PATH={directory}:$PATH\n" + "\n".join(lines[:_SAMPLE])
    began = time.perf_counter()
    subprocess.run(["sh", "-s"], input=script, text=True, stdout=subprocess.DEVNULL, check=True)
    sample = time.perf_counter() - began
    whole = sample * len(lines) / _SAMPLE
    if len(oar.resources()) != _SAMPLE:
        raise RuntimeError("oarnodesetting did not add what it was told to")
    detail = (
        f"{seconds:.2f} s against {whole:.0f} s, {whole / seconds:.0f} x "
        f"({_SAMPLE} of {len(lines)} lines took {sample:.1f} s; the rest is extrapolated)"
    )
    return Row("of the time of oar_resources_add | sh", 100 * seconds / whole, "%", 0.2, detail)


def _beside_function(oar: Oar, seconds: float) -> Row:
    """OAR::IO::add_resources, which POST /resources calls: it makes no property and repairs no sequence."""
    hosts, cpus, cores = _FEW
    program = f"""
        use OAR::IO; my $base = OAR::IO::connect(); my ($core, @new) = (0);
        for my $host (1..{hosts}) {{ for my $n (0..{cpus * cores - 1}) {{ push @new, {{
            network_address => "node-$host", host => "node-$host",
            cpu => {cpus} * ($host - 1) + int($n / {cores}) + 1, core => ++$core, cpuset => $n }} }} }}
        OAR::IO::add_resources($base, \\@new);
    """

    def run() -> float:
        truncate(oar)
        began = time.perf_counter()
        oar.perl(program)
        return time.perf_counter() - began

    theirs = statistics.median(run() for _ in range(3))
    if len(oar.resources()) != hosts * cpus * cores:
        raise RuntimeError("OAR::IO::add_resources did not add what it was told to")
    detail = f"{seconds:.2f} s against {theirs:.2f} s (median of 3), with the look whether they are there"
    return Row("of the time of OAR::IO::add_resources", seconds / theirs, "x", 6, detail)


def _difference(oar: Oar, directory: Path) -> Row:
    """Of the plan and the rows that are it."""
    words = cluster(directory, *_MANY)
    if len(oar.sql("SELECT 1 FROM resources").split()) != 102400:
        truncate(oar)
        ours(oar, "create", *words)
    before = processor_seconds(oar)
    taken = [ours(oar, "plan", *words)[0] for _ in range(5)]
    used = (processor_seconds(oar) - before) / 5
    detail = f"median of 5, least {min(taken):.2f} s, {used:.2f} s of processors' time; a whole `resources plan`"
    return Row("difference with 102400 rows", statistics.median(taken), "s", 2, detail)


def _memory(oar: Oar, directory: Path) -> Iterator[Row]:
    """Of what does not end in a database: a million resources planned and written as statements."""
    truncate(oar)
    _, few = ours(oar, "export", "--format", "sql", *cluster(directory, 8, 2, 64))
    seconds, many = ours(oar, "export", "--format", "sql", *cluster(directory, 8000, 2, 64))
    detail = f"{many / 1024:.0f} MB against {few / 1024:.0f} MB for 1024; {seconds:.1f} s to export them as SQL"
    yield Row("memory for 1024000 resources", many / few, "x", 1.3, detail)
