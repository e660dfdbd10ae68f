"""What OAR gives away of this machine: its cores, or each of their threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from wizard.firstboot.facts import Facts
from wizard.flow.question import Answer, Choice, Kind, Question, Source, Values

if TYPE_CHECKING:
    from wizard.oar.plan import Granularity
    from wizard.oar.resource import Resource


def resources(facts: Facts) -> Question:
    """granularity: core or thread. Only where this machine's processors become resources of the OAR on it."""

    @cache
    def planned(host: str, granularity: Granularity) -> list[Resource]:
        # What a server that has none yet would get, once somebody looks: 4 ms with 256 cores, and the look at the
        # machine with its imports a second of a start where nobody does.
        from wizard.oar.plan import plan

        return [] if facts.machine is None else plan(facts.machine, host, granularity=granularity)

    @cache  # choices are compared, to draw what is another now
    def words(host: str, granularity: Granularity, what: str) -> Callable[[], str]:
        def text() -> str:
            count = len(planned(host, granularity))
            return f"{_counted(count)}: {what}." if count else f"{what.capitalize()}."

        return text

    def choice(id: Granularity, title: str, what: str, values: Values) -> Choice:
        return Choice(id, title, words(str(values["hostname"]), id, what))

    return Question(
        "granularity",
        "Resources",
        "The smallest piece of this machine that a job can get.",
        Kind.ONE,
        lambda values: Answer("core", Source.DEFAULT, "threads of one core slow each other down"),
        lambda values: (
            choice("core", "Core", "a resource for each core, with all its threads", values),
            choice("thread", "Thread", "a resource for each thread", values),
        ),
        when=lambda values: values["role"] == "both",
        shows=lambda values: tree(planned(str(values["hostname"]), "core")),
    )


def tree(found: list[Resource]) -> tuple[str, ...]:
    """The resources as lines: the host, each cpu below it with its cores and their processors."""
    if not found:
        return ("This machine's processors cannot be detected.",)
    lines = [f"{found[0].network_address}: {_counted(len(found))}"]
    cpus: dict[object, list[Resource]] = {}
    for resource in found:
        cpus.setdefault(resource.properties["cpu"], []).append(resource)
    for cpu, members in cpus.items():
        name = "thread" if "thread" in members[0].properties else "core"
        numbers = [f"{resource.properties[name]} (cpuset {resource.properties['cpuset']})" for resource in members]
        more = f" and {len(numbers) - 4} more" if len(numbers) > 4 else ""
        lines.append(f"  cpu {cpu}: {name} {', '.join(numbers[:4])}{more}")
    return tuple(lines)


def _counted(number: int) -> str:
    return f"{number} {'resource' if number == 1 else 'resources'}"
