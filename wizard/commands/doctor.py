"""`kameleon-tui doctor`: what this host has and lacks, for what, and how to get it."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wizard.data import state_directory
from wizard.errors import DONE, MACHINE
from wizard.host import apt, probe, tools

NAME = "doctor"
HELP = "which host tools are missing, for what, and how to get them"

#: Where work directories are unless a recipe says otherwise.
_WORK = Path("/var/tmp")
#: hello's tree and archive (0.4 GB) five times over; and room for a few hundred runs' logs.
_WORK_BYTES = 2 * 10**9
_STATE_BYTES = 10**8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "tools", metavar="TOOL", nargs="*", help="look for these commands only (default: those of --for)"
    )
    parser.add_argument("--install", action="store_true", help="install what is missing, with apt (as root or by sudo)")
    parser.add_argument(
        "--for",
        dest="wanted",
        metavar="GROUP",
        action="append",
        choices=list(tools.groups()),
        help="look only at the tools for this, may be repeated: "
        + "; ".join(f"{name} ({text})" for name, text in tools.groups().items())
        + ". Default: build",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")


def _facts() -> list[probe.Fact]:
    return [
        probe.root(),
        probe.namespaces(),
        probe.overlay(_WORK),
        probe.space("work space", _WORK, _WORK_BYTES),
        probe.space("state space", state_directory(), _STATE_BYTES),
        probe.terminal(),
    ]


def _table(rows: list[tuple[str, ...]]) -> str:
    """Columns as wide as they need; the last one runs free."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    )


def _as_json(found: list[tools.Found], facts: list[probe.Fact], missing: list[str], healthy: bool) -> str:
    value: dict[str, Any] = {
        "v": 1,
        "python": platform.python_version(),
        "system": platform.platform(),
        "tools": [
            {
                "name": item.tool.name,
                "package": item.tool.package,
                "for": item.tool.purpose,
                "groups": item.tool.groups,
                "state": "missing" if item.missing else "ok",
                "path": item.path,
                "version": item.version,
            }
            for item in found
        ],
        "facts": [asdict(fact) for fact in facts],
        "packages": missing,
        "ok": healthy,
    }
    return json.dumps(value, indent=2)


def _packages(found: list[tools.Found]) -> list[str]:
    return sorted({item.tool.package for item in found if item.missing and item.tool.package})


def run(arguments: argparse.Namespace) -> int:
    """Status 0 when all that is needed is there (after --install: when it is there now), 3 otherwise."""
    wanted = arguments.tools or arguments.wanted or ["build"]
    chosen = tools.tools_named(wanted) if arguments.tools else tools.tools_of(wanted)
    if arguments.install:
        # Set-up calls this each time: with nothing missing it must cost nothing, so no versions, no facts.
        looked = tools.look_for(chosen, versions=False)
        missing = _packages(looked)
        if not missing:
            if not arguments.quiet:
                print(f"nothing to install for {', '.join(wanted)}")
            return MACHINE if any(item.missing for item in looked) else DONE
        print(f"installing {' '.join(missing)}", file=sys.stderr)
        apt.install(missing)
        if arguments.quiet:
            return MACHINE if _packages(tools.look_for(chosen, versions=False)) else DONE

    found, facts = tools.look_for(chosen), _facts()
    missing = _packages(found)
    healthy = not any(item.missing for item in found) and all(fact.state != "missing" for fact in facts)
    if arguments.json:
        print(_as_json(found, facts, missing, healthy))
    elif not arguments.quiet or not healthy:
        options = [word for name in arguments.wanted or () for word in ("--for", name)]
        again = " ".join(["kameleon-tui doctor --install", *options, *arguments.tools])
        _print(found, facts, missing, healthy, again)
    return DONE if healthy else MACHINE


def _print(found: list[tools.Found], facts: list[probe.Fact], missing: list[str], healthy: bool, again: str) -> None:
    rows: list[tuple[str, ...]] = [("tool", "state", "version", "package", "what for")]
    for item in found:
        state = "missing" if item.missing else "ok"
        rows.append((item.tool.name, state, item.version or "-", item.tool.package or "?", item.tool.purpose))
    print(_table(rows))
    print()
    print(_table([("this machine", "state", ""), *((fact.name, fact.state, fact.text) for fact in facts)]))
    print()
    if missing:
        print(f"To install what is missing:\n  {apt.install_command(missing)}\nor the same by: {again}")
    elif healthy:
        print("Everything needed is here.")
    else:
        print("What this machine lacks is marked `missing` above.")
