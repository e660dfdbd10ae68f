"""A million resources (8000 hosts of 128) really made. It takes minutes: only when `million` is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.bench.harness import Row
from tests.bench.oar_server import cluster, ours, psql, save, server, truncate


def rows() -> Iterator[Row]:
    if not any("million" in word for word in sys.argv[1:]):
        return
    with server() as found:
        if found is None:
            return
        oar, directory = found
        _, few = ours(oar, "create", *cluster(directory, 80, 2, 64))
        truncate(oar)
        seconds, many = ours(oar, "create", *cluster(directory, 8000, 2, 64))
        count = oar.sql("SELECT count(*) FROM resources")
        if count != "1024000":
            raise RuntimeError(f"{count} resources were made")
        detail = f"{many / 1024:.0f} MB against {few / 1024:.0f} MB for 10240; {seconds:.0f} s"
        yield Row("memory for making 1024000 resources", many / few, "x", 1.3, detail)
        looking, most = ours(oar, "plan", *cluster(directory, 8000, 2, 64))
        detail = f"{most / 1024:.0f} MB; a whole `resources plan`, one run"
        yield Row("difference with 1024000 rows", looking, "s", 20, detail)
        back = save(oar, directory)
        truncate(oar)
        bare = psql(oar, *back)
        detail = f"{seconds:.0f} s against {bare:.0f} s for psql copying the rows and log (one run each)"
        yield Row("1024000 resources", seconds / bare, "x", 1.3, detail)
