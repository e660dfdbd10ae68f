"""Properties that somebody adds: `name=value`, what they may be called, and which SQL type they get."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from wizard.errors import FAILED, UserError
from wizard.oar.resource import INTEGER, PROPERTY_TYPES, TEXT, Host, Value

#: Columns of OAR's schema that have a default: a new resource that gets this value has nothing of it in the log.
DEFAULTS: Mapping[str, str] = {
    "cpuset": "0",
    "besteffort": "YES",
    "deploy": "NO",
    "desktop_computing": "NO",
    "drain": "NO",
    "available_upto": "2147483647",
    "last_available_upto": "0",
}
#: Columns that OAR's tools refuse to set, and those that the plan itself makes.
_OARS_OWN = frozenset(
    "resource_id type network_address state state_num next_state finaud_decision next_finaud_decision last_job_date "
    "suspended_jobs expiry_date scheduler_priority walltime nodes".split()
)
_PLANNED = frozenset(("host", "cpu", "core", "thread", "cpuset", "gpu", "gpudevice"))
#: PostgreSQL folds a name without quotes, as OAR's tools write it, to small letters, and keeps 63 characters.
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_LONGEST = 255


def parse(words: Iterable[str]) -> dict[str, Value]:
    """`name=value` words; a value of digits is a number. UserError for a name that is none or is OAR's own."""
    found: dict[str, Value] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise UserError(f"--property {word}: NAME=VALUE was expected", hint="such as --property cluster=blue")
        if name in found:
            raise UserError(f"--property {name} is given twice")
        found[name] = value(name, text, "--property")
    return found


def value(name: str, text: str, where: str) -> Value:
    """The value of a property somebody gave, `where` telling where. UserError when it may not be given."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{where}: {name[:70]!a} cannot be the name of a property",
            hint="small letters, digits and _, the first no digit, 63 characters at most",
        )
    if name in _OARS_OWN:
        raise UserError(f"{where}: {name} is OAR's own; its tools do not set it either")
    if name in _PLANNED:
        raise UserError(f"{where}: {name} comes from the machine")
    if len(text) > _LONGEST or "\0" in text or not text.isprintable():
        raise UserError(f"{where}: the value of {name} must be printable, {_LONGEST} characters at most")
    # 007 is a name, not a number; and OAR's own numbers have at most nine digits and a sign.
    if _INTEGER.fullmatch(text) and str(int(text)) == text:
        return int(text)
    return text


def types(names: Iterable[str], hosts: Iterable[Host], common: Mapping[str, Value]) -> dict[str, str]:
    """Property → the SQL type its column would get: a number, if it is one everywhere."""
    found = {name: PROPERTY_TYPES.get(name, INTEGER) for name in names}
    for given in (common, *{id(host.properties): host.properties for host in hosts}.values()):
        for name, what in given.items():
            if name not in PROPERTY_TYPES and isinstance(what, str):
                found[name] = TEXT
    return found


def check(kinds: Mapping[str, str], columns: Mapping[str, str], where: str) -> None:
    """UserError when a column is there already and cannot hold such values."""
    for name, kind in kinds.items():
        there = columns.get(name, "")
        if there and kind == INTEGER and name in PROPERTY_TYPES and not numeric(there):
            raise UserError(
                f"the property {name} is of type {there} in {where}; a number was expected",
                status=FAILED,
                hint=f"rename it (oarproperty -r {name},{name}_old) and let it be made again",
            )
        if there and kind == TEXT and numeric(there):
            raise UserError(
                f"the property {name} is a number ({there}) in {where}; not every value given is one", status=FAILED
            )


def numeric(kind: str) -> bool:
    """Whether a column of this SQL type holds whole numbers."""
    return kind.lower() in ("integer", "bigint", "smallint", "int")
