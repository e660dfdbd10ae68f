"""The workstation flow: which distribution, output, kernel, packages and host name; asked from the catalog."""

from __future__ import annotations

import re

from wizard.compose.catalog import Catalog, Distribution, Kernel, OutputType, PackageSet
from wizard.flow.flow import Flow
from wizard.flow.question import Answer, Choice, Kind, Question, Source, Values

# A label of RFC 1123; Linux takes 64 bytes, but a DNS label ends at 63.
_HOSTNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def workstation_flow(catalog: Catalog) -> Flow:
    """Asks distribution, output, kernel (when the output wants one), packages and hostname."""
    return Flow(
        (
            Question(
                "distribution",
                "Distribution",
                "The system the appliance is made of.",
                Kind.ONE,
                lambda values: Answer(
                    catalog.distributions[0].id, Source.DEFAULT, "it is what this program is tried with"
                ),
                lambda values: tuple(_distribution(one) for one in catalog.distributions),
            ),
            Question(
                "output",
                "Output",
                "What the appliance is delivered as.",
                Kind.ONE,
                lambda values: Answer(catalog.outputs[0].id, Source.DEFAULT, "it needs the fewest tools"),
                lambda values: tuple(_output(one) for one in catalog.outputs),
            ),
            Question(
                "kernel",
                "Kernel",
                "The output chosen starts by itself, so it holds a kernel.",
                Kind.ONE,
                lambda values: Answer(_kernels(catalog, values)[0].id, Source.DEFAULT, "it runs on any machine"),
                lambda values: tuple(_kernel(one) for one in _kernels(catalog, values)),
                when=lambda values: catalog.output(str(values["output"])).kernel,
            ),
            Question(
                "packages",
                "Packages",
                "Sets of packages beside the distribution's base; any number of them.",
                Kind.MANY,
                lambda values: Answer((), Source.DEFAULT, "the base system alone is the smallest"),
                lambda values: tuple(_package_set(one) for one in catalog.package_sets_of(str(values["distribution"]))),
            ),
            Question(
                "hostname",
                "Host name",
                "The name the appliance calls itself: letters, digits and hyphens.",
                Kind.TEXT,
                lambda values: Answer("hello", Source.DEFAULT, "the recipe's own"),
                check=lambda value, values: check_hostname(value),
            ),
        )
    )


def check_hostname(value: str) -> str:
    """Why `value` is no host name, as a sentence; "" when it is one."""
    if _HOSTNAME.fullmatch(value):
        return ""
    if not value:
        return "A host name has at least one letter or digit."
    if len(value) > 63:
        return f"A host name has at most 63 characters; this has {len(value)}."
    return "A host name has letters, digits and hyphens only, and no hyphen at either end."


def _distribution(one: Distribution) -> Choice:
    return Choice(one.id, one.title, one.text)


def _output(one: OutputType) -> Choice:
    return Choice(one.id, one.title, f"Makes {one.makes}. {one.use}")


def _kernel(one: Kernel) -> Choice:
    return Choice(one.id, one.title, f"{one.text} ({one.size})")


def _package_set(one: PackageSet) -> Choice:
    return Choice(one.id, one.title, f"{one.text} ({', '.join(one.packages)}; {one.size})")


def _kernels(catalog: Catalog, values: Values) -> tuple[Kernel, ...]:
    return catalog.kernels_of(str(values["distribution"]))
