"""What OAR itself shows of a host's resources: oarnodes, asked and read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable

from wizard.oar.difference import Entry

#: OAR's tools put a host's name into SQL and shell commands as it is. Only such names are given to them.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:-]*\Z")
#: OAR 2.5 writes `name : value`, OAR 2.6 `name: value`.
_LINE = re.compile(r"(\w+) ?: (.*)")


def plain(host: str) -> bool:
    """Whether OAR's own tools can handle a host of this name."""
    return _PLAIN.match(host) is not None


def command() -> str:
    """The path of oarnodes, "" when it is not on this machine."""
    return shutil.which("oarnodes", path=f"{os.environ.get('PATH', os.defpath)}:/usr/bin") or ""


def ask(host: str, *, limit: float = 30) -> dict[int, dict[str, str]]:
    """resource_id → properties, as oarnodes shows them for the host, which must be `plain`. RuntimeError when it does
    not answer within `limit` seconds, or not well."""
    try:
        done = subprocess.run(
            [command(), host],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit,
            cwd="/",
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"oarnodes did not answer within {limit:g} s") from None
    except OSError as error:
        raise RuntimeError(f"oarnodes could not be started: {error}") from error
    if done.returncode:
        words = " ".join(done.stderr.split()) or "no message"
        raise RuntimeError(f"oarnodes ended with status {done.returncode}: {words[:300]}")
    return parse(done.stdout)


def parse(text: str) -> dict[int, dict[str, str]]:
    """oarnodes' text: for each resource lines `name: value`, of which `properties` holds `name=value, name=value`."""
    found: dict[int, dict[str, str]] = {}
    for block in text.split("\n\n"):
        lines = {match[1]: match[2] for line in block.splitlines() if (match := _LINE.match(line))}
        number = lines.get("resource_id", "")
        if number.isdigit():
            parts = re.split(r", (?=\w+=)", lines.get("properties", ""))
            properties = dict(part.split("=", 1) for part in parts if "=" in part)
            found[int(number)] = {**properties, "network_address": lines.get("network_address", "")}
    return found


def differences(entries: Iterable[Entry], shown: dict[int, dict[str, str]]) -> list[str]:
    """A sentence for each way in which these rows are not what oarnodes shows."""
    said = []
    for entry in entries:
        if entry.row is None:
            continue
        there = shown.get(entry.row.resource_id)
        if there is None:
            said.append(f"oarnodes does not show resource {entry.row.resource_id}")
            continue
        for name, value in entry.resource.properties.items():
            if there.get(name, "") != str(value):
                is_ = there.get(name) or "nothing"
                said.append(f"oarnodes shows {name}={is_} for resource {entry.row.resource_id}, not {value}")
    return said
