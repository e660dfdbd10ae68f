"""What there is to do to a server, in forms that others carry out: OAR's own commands, SQL, and what its API takes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import IO, Literal, TypeAlias, get_args

from wizard.errors import UserError
from wizard.oar.difference import Difference
from wizard.oar.resource import INTEGER, Resource, Value

Format: TypeAlias = Literal["commands", "sql", "json", "yaml"]
FORMATS: tuple[Format, ...] = get_args(Format)

#: OAR's Perl tools put values into SQL in quotes of their own, and names of hosts into shell commands.
_TAKEN_LITERALLY = re.compile(r"[\w .,:;/@+=~%#()\[\]{}<>*?!|&^-]*", re.A)


class Commands:
    """oarproperty and oarnodesetting, a line each, as oar_resources_add and people write them."""

    def __init__(self, stream: IO[str], missing: list[str], kinds: Mapping[str, str], *, retire: bool) -> None:
        self._stream = stream
        self._retire = retire
        stream.write("#!/bin/sh\n# Each line is a conversation with the server: about ten a second.\nset -e\n")
        for name in missing:
            kind = "" if kinds[name] == INTEGER else " -c"
            stream.write(f'oarproperty -l | grep -q -e "^{name}$" || oarproperty{kind} -a {name}\n')

    def see(self, one: Difference) -> None:
        for resource, row, changes in one.entries:
            if row is None:
                words = ["oarnodesetting -a -h", _word(resource.network_address), *_settings(resource.properties)]
                self._stream.write(" ".join(words) + "\n")
            elif changes:
                settings = _settings({name: value for name, (_, value) in changes.items()})
                self._stream.write(f"oarnodesetting -r {row.resource_id} {' '.join(settings)}\n")
        for extra in one.to_retire if self._retire else ():
            self._stream.write(f"oarnodesetting -n -r {extra.row.resource_id} -s Dead\n")

    def end(self) -> None:
        pass


def _settings(properties: Mapping[str, Value]) -> list[str]:
    return [f"-p {name}={_word(value)}" for name, value in properties.items()]


def _word(value: Value) -> str:
    if isinstance(value, int):
        return str(value)
    if not _TAKEN_LITERALLY.fullmatch(value) or value.startswith("-"):
        raise UserError(
            f"{value[:60]!a}: OAR's own tools would not take it to the letter: they put it into SQL and shell commands",
            hint="--format sql does, and so does `resources create`",
        )
    return shlex.quote(value)


class Api:
    """The new resources as a list, for POST /resources: JSON, or YAML as `oar_resources_add -Y` has it."""

    def __init__(self, stream: IO[str], form: Literal["json", "yaml"]) -> None:
        self._stream = stream
        self._yaml = form == "yaml"
        self._between = "" if self._yaml else "["
        stream.write("---\n" if self._yaml else "")

    def see(self, one: Difference) -> None:
        for resource, row, _ in one.entries:
            if row is None:
                self._stream.write(self._between + (_yaml(resource) if self._yaml else _json(resource)))
                self._between = "\n" if self._yaml else ",\n "

    def end(self) -> None:
        if not self._yaml:
            self._stream.write("]\n" if self._between != "[" else "[]\n")
        elif not self._between:
            self._stream.write("[]\n")


def _json(resource: Resource) -> str:
    return json.dumps({"network_address": resource.network_address, **resource.properties})


def _yaml(resource: Resource) -> str:
    values: dict[str, Value] = {"network_address": resource.network_address, **resource.properties}
    lines = [f"{name}: {_scalar(value)}" for name, value in values.items()]
    return "- " + "\n  ".join(lines) + "\n"


def _scalar(value: Value) -> str:
    if isinstance(value, int) or (value.isascii() and value.isdigit() and str(int(value)) == value):
        return str(value)
    # JSON's strings are YAML's, too: what has a line break, or another character that is not shown.
    return "'" + value.replace("'", "''") + "'" if value.isprintable() else json.dumps(value)
