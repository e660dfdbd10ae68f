"""The workstation flow: which appliance, of which distribution, as which output types, with what in it.

Questions that everybody is led to come first. Behind them stand the settings: globals that few change, each a question
that a person comes to on a screen they all share (tui/screens/settings.py).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from wizard.compose.catalog import Catalog, Global
from wizard.flow.flow import Flow
from wizard.flow.question import Answer, Choice, Kind, Question, Source, Value, Values
from wizard.recipe.model import OutputType
from wizard.recipe.takes import problem

_KINDS = {"text": Kind.TEXT, "path": Kind.TEXT, "keys": Kind.LINES, "one": Kind.ONE}


def workstation_flow(catalog: Catalog) -> Flow:
    """Asks appliance, distribution, types, kernel, package_sets; then each setting, whose id is the global's name."""
    asked = _Asked(catalog)
    return Flow(
        (
            Question(
                "appliance",
                "Appliance",
                "What shall be built?",
                Kind.ONE,
                lambda values: Answer(catalog.appliances[0].id, Source.DEFAULT, "it is what this program is for"),
                lambda values: tuple(Choice(one.id, one.title, one.text) for one in catalog.appliances),
            ),
            Question(
                "distribution",
                "Distribution",
                "The system the appliance is made of.",
                Kind.ONE,
                lambda values: Answer(
                    asked.distributions(values)[0].id, Source.DEFAULT, "it is what this program is tried with"
                ),
                asked.distributions,
                ask=lambda values: len(asked.distributions(values)) > 1,
            ),
            Question(
                "types",
                "Output",
                "What the appliance is delivered as, one type or several. Space ticks.",
                Kind.MANY,
                asked.default_types,
                lambda values: tuple(_output(one) for one in catalog.outputs_of(str(values["appliance"]))),
                ask=lambda values: len(catalog.outputs_of(str(values["appliance"]))) > 1,
                least=1,
            ),
            Question(
                "kernel",
                "Kernel",
                "What is built starts by itself, so it holds a kernel.",
                Kind.ONE,
                asked.default_kernel,
                asked.kernels,
                when=asked.wants_kernel,
            ),
            Question(
                "package_sets",
                "Packages",
                "Sets of packages beside what the appliance is made of; any number of them.",
                Kind.MANY,
                lambda values: Answer((), Source.DEFAULT, "the smallest"),
                lambda values: tuple(
                    Choice(one.id, one.title, f"{one.text} ({', '.join(one.packages)}; {one.size})")
                    for one in catalog.package_sets_of(str(values["distribution"]))
                ),
                ask=lambda values: bool(catalog.package_sets_of(str(values["distribution"]))),
            ),
            *(_setting(asked, one) for one in catalog.globals),
        )
    )


def chosen_types(catalog: Catalog, values: Values) -> list[OutputType]:
    """The output types of these answers."""
    return [catalog.output(name) for name in values["types"]]


def read_setting(one: Global, text: str) -> tuple[Value, str]:
    """What a person typed as the value of a setting, and why it will not do ("" when it may: the flow checks it).

    A path is made absolute: the recipe may be built from elsewhere. A file of keys stands for the keys in it.
    """
    if one.kind == "path":
        path = os.path.expanduser(text.strip())
        return (os.path.abspath(path) if path and os.path.exists(path) else text.strip()), ""
    if one.kind != "keys":
        return text, ""
    if re.fullmatch(one.pattern or ".*", text.strip()):
        return (text.strip(),), ""
    keys: list[str] = []
    for part in filter(None, map(str.strip, text.split(","))):
        path = os.path.expanduser(part)
        if not os.path.isfile(path):
            keys.append(part)
            continue
        try:
            content = Path(path).read_text(errors="replace")
        except OSError as error:
            return (), f"{part}: {error.strerror}."
        if "PRIVATE KEY" in content:
            return (), f"{part} is a private key. Take the public one, often {part}.pub."
        lines = [line.strip() for line in content.splitlines() if line.strip() and not line.startswith("#")]
        if not lines:
            return (), f"{part} holds no key."
        keys += lines
    return tuple(keys), ""


class _Asked:
    """What the answers so far lead to."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._settings: dict[tuple[Value, ...], set[str]] = {}

    def recipe(self, values: Values) -> str:
        return self.catalog.appliance(str(values["appliance"])).recipes[str(values["distribution"])]

    def own(self, values: Values, name: str) -> str:
        """What the recipe itself says of a global."""
        return self.catalog.base(self.recipe(values)).globals.get(name, "")

    def distributions(self, values: Values) -> tuple[Choice, ...]:
        found = self.catalog.distributions_of(str(values["appliance"]))
        return tuple(Choice(one.id, one.title, one.text) for one in found)

    def default_types(self, values: Values) -> Answer:
        offered = [one.id for one in self.catalog.outputs_of(str(values["appliance"]))]
        own = tuple(name for name in offered if name in self.catalog.base(self.recipe(values)).types)
        return Answer(own or (offered[0],), Source.DEFAULT, "the recipe's own" if own else "the first there is")

    def wants_kernel(self, values: Values) -> bool:
        wanted = any(one.kernel for one in chosen_types(self.catalog, values))
        return wanted and not self.own(values, "kernel") and bool(self.kernels(values))

    def kernels(self, values: Values) -> tuple[Choice, ...]:
        found = self.catalog.kernels_of(str(values["distribution"]))
        return tuple(Choice(one.id, one.title, f"{one.text} ({one.size})") for one in found)

    def default_kernel(self, values: Values) -> Answer:
        offered = [choice.id for choice in self.kernels(values)]
        own = self.own(values, "default_kernel")
        return Answer(own if own in offered else offered[0], Source.DEFAULT, "it runs on any machine")

    def has_setting(self, one: Global, values: Values) -> bool:
        # Asked for each of some sixty globals whenever anything is drawn.
        key = (values["appliance"], values["distribution"], values["types"])
        if key not in self._settings:
            self._settings[key] = self._settings_of(values)
        return one.id in self._settings[key]

    def _settings_of(self, values: Values) -> set[str]:
        """The options of the output types, and what the appliance asks for where a step reads it."""
        types = chosen_types(self.catalog, values)
        base = self.catalog.base(self.recipe(values))
        steps = {"", *base.steps.get("setup", ()), *(name for output in types for name in output.setup)}
        asked = self.catalog.appliance(str(values["appliance"])).globals
        found = {one.id for one in self.catalog.globals if one.id in asked and one.step in steps}
        return found.union(*(output.options for output in types))

    def default_setting(self, one: Global, values: Values) -> Answer:
        own = self.own(values, one.id)
        # A global that no recipe has is an option of an output type, which knows its default.
        known = one.id in self.catalog.base(self.recipe(values)).globals
        value = tuple(own.splitlines()) if one.kind == "keys" else own
        return Answer(value, Source.DEFAULT, "the recipe's own" if known else "the output type's own")

    def options(self, one: Global, values: Values) -> tuple[str, ...]:
        """What each output type chosen says of an option, a line each."""
        types = chosen_types(self.catalog, values)
        return tuple(f"{output.id}: {output.options[one.id]}" for output in types if one.id in output.options)

    def setting_choices(self, one: Global, values: Values) -> tuple[Choice, ...]:
        own = self.own(values, one.id)
        first = () if own in one.choices or not one.choices else (Choice(own, own or "as the output type has it"),)
        return (*first, *(Choice(choice, choice) for choice in one.choices if not self._refused(one, choice, values)))

    def _refused(self, one: Global, value: str, values: Values) -> str:
        """Why an output type does not take the value as its option, as a sentence; "" when all do."""
        types = chosen_types(self.catalog, values)
        told = (
            problem(output.takes, one.id, value, lambda name: str(values[name]) if name in values else None)
            for output in types
        )
        return next((f"{one.title} {reason}." for reason in told if reason), "")

    def check_setting(self, one: Global, value: str, values: Values) -> str:
        if value == self.own(values, one.id):
            return ""
        if one.kind == "path" and os.path.exists(value):
            return ""
        if one.pattern or one.kind == "path":
            # A pattern that is missing is a path's, and no value matches it.
            if not (one.pattern and re.fullmatch(one.pattern, value)):
                return one.form or f"{value}: there is no such file here."
        return (_below(one, value) if one.below else "") or self._refused(one, value, values)


def _below(one: Global, value: str) -> str:
    folder = Path(one.below)
    if not folder.is_dir() or os.path.isfile(folder / value):
        return ""
    from difflib import get_close_matches

    # The zones stand there twice more, below posix and right; those are nobody's answer.
    known = [name for name in map(str, sorted(folder.rglob("*"))) if os.path.isfile(name)]
    known = [name for name in (path.removeprefix(f"{folder}/") for path in known) if name[0].isupper()]
    near = get_close_matches(value[:64], known, 3)
    return f"{one.title}: {value[:64]!r} is not in {folder}" + (f"; is it {' or '.join(near)}?" if near else ".")


def _setting(asked: _Asked, one: Global) -> Question:
    return Question(
        one.id,
        one.title,
        one.text,
        _KINDS[one.kind],
        lambda values: asked.default_setting(one, values),
        lambda values: asked.setting_choices(one, values),
        when=lambda values: asked.has_setting(one, values),
        check=lambda value, values: asked.check_setting(one, value, values),
        ask=lambda values: False,
        shows=lambda values: asked.options(one, values),
    )


def _output(one: OutputType) -> Choice:
    return Choice(one.id, one.title, f"Makes {one.makes}. {one.use}")
