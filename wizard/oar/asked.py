"""From what somebody asks for, in words, to hosts and a plan: every mistake is told before a database is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from wizard.errors import UserError
from wizard.machine.model import Machine
from wizard.oar import hosts, properties
from wizard.oar.plan import Granularity, Planner
from wizard.oar.resource import Host


def hosts_of(file: str | None, patterns: Sequence[str] | None, this_machine: Callable[[], Machine]) -> list[Host]:
    """The machines of a file, or this one, under the names that are given: of several machines in the file names
    choose, one machine is every host that is named. UserError for a name twice, or that OAR cannot store."""
    found = None
    if file:
        from wizard.oar import inventory  # the first boot has no file, and an import takes it a tenth of a second

        found = inventory.read(file)
    if patterns is not None:
        names = hosts.names(patterns)
        if not found or len(found) == 1:
            one = found[0] if found else Host("", this_machine())
            return [one._replace(name=name) for name in names]
        known = {host.name: host for host in found}
        if strange := [name for name in names if name not in known]:
            raise UserError(f"{file}: {hosts.short(strange)}: no such host in it")
        return [known[name] for name in names]
    wanted = found or [Host(machine.hostname, machine) for machine in (this_machine(),)]
    seen: set[str] = set()
    for host in wanted:
        hosts.check(host.name)
        if host.name in seen:
            raise UserError(f"the host {host.name!a} is there twice", hint="each line or node needs its own name")
        seen.add(host.name)
    return wanted


def check_whole(file: str) -> None:
    """UserError when hosts of this file did not answer: they would be taken for hosts that are no more."""
    from wizard.oar import inventory

    if silent := inventory.unanswered(file):
        raise UserError(
            f"{file} is not the whole cluster: {hosts.short(silent)} did not answer when it was made",
            hint="detect them again, or leave --whole out",
        )


def planner(
    wanted: list[Host], granularity: Granularity, *, gpus: bool, words: Iterable[str], whole: bool = False
) -> Planner:
    """The plan of these hosts, which are all of the cluster when it is `whole`; `words`: properties, `name=value` each.
    UserError for a machine that cannot be cut."""
    planned = Planner(wanted, granularity, gpus=gpus, properties=properties.parse(words), whole=whole)
    try:
        for host in wanted:
            planned.layout(host)
    except ValueError as error:
        raise UserError(str(error), hint=f"not by {granularity}, then: --granularity core") from error
    return planned
