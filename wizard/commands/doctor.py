"""`kameleon-tui doctor`: what this host has and lacks, for what, and how to get it."""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.data import shipped, state_directory
from wizard.errors import DONE, MACHINE, UserError
from wizard.host import apt, probe, tools

if TYPE_CHECKING:
    from wizard.recipe.model import OutputType

NAME = "doctor"
HELP = "which host tools are missing, for what, and how to get them"

#: Where work directories are unless a recipe says otherwise.
_WORK = Path("/var/tmp")
#: The default appliance's tree, squashfs and ISO (1.4 GB) and some; and room for a few hundred runs' logs.
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
        metavar="NAME",
        action="append",
        choices=list(dict.fromkeys([*tools.groups(), *_type_names()])),
        help="look only at the tools for this, may be repeated: an output type ("
        + ", ".join(_type_names())
        + "), or "
        + "; ".join(f"{name} ({text})" for name, text in tools.groups().items() if name not in _type_names())
        + ". Default: build, and which output types can be made here",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")


def _type_names() -> list[str]:
    """Every output type, by its file; without PyYAML, which set-up does not have yet."""
    files = sorted(shipped("recipes/steps/export").glob("*.yaml"))
    return [file.stem for file in files if "# OUTPUT" in file.read_text(encoding="utf-8").splitlines()]


def _types() -> tuple[OutputType, ...] | None:
    """The output types with what they need; None where their headers cannot be read: in set-up."""
    if importlib.util.find_spec("yaml") is None:
        return None
    from wizard.compose.catalog import load_outputs

    return load_outputs()


def _tools_for(names: list[str]) -> list[tools.Tool]:
    """The tools of groups, and those that the headers of output types name."""
    chosen, wanted = tools.tools_of(names), set(names) & set(_type_names())
    types = _types() if wanted else ()
    if types is None and wanted - set(tools.groups()):
        raise UserError(
            "the output types cannot be read: python3 has no yaml here", hint="apt-get install python3-yaml"
        )
    chosen += tools.tools_named(name for one in types or () if one.id in wanted for name in one.tools)
    return list(dict.fromkeys(chosen))


def _makable() -> list[tuple[OutputType, list[str]]]:
    """Each output type with the tools this host lacks for it."""
    found = []
    for one in _types() or ():
        looked = tools.look_for(tools.tools_named(one.tools), versions=False)
        found.append((one, [item.tool.name for item in looked if item.missing]))
    return found


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


def _as_json(
    found: list[tools.Found],
    facts: list[probe.Fact],
    missing: list[str],
    healthy: bool,
    makable: list[tuple[OutputType, list[str]]],
) -> str:
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
        "types": [{"name": one.id, "title": one.title, "missing": lacking} for one, lacking in makable],
        "packages": missing,
        "ok": healthy,
    }
    return json.dumps(value, indent=2)


def _packages(found: list[tools.Found]) -> list[str]:
    return sorted({item.tool.package for item in found if item.missing and item.tool.package})


def run(arguments: argparse.Namespace) -> int:
    """Status 0 when all that is needed is there (after --install: when it is there now), 3 otherwise."""
    wanted = arguments.tools or arguments.wanted or ["build"]
    chosen = tools.tools_named(wanted) if arguments.tools else _tools_for(wanted)
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
    makable = [] if arguments.tools or arguments.wanted else _makable()
    if arguments.json:
        print(_as_json(found, facts, missing, healthy, makable))
    elif not arguments.quiet or not healthy:
        options = [word for name in arguments.wanted or () for word in ("--for", name)]
        again = " ".join(["kameleon-tui doctor --install", *options, *arguments.tools])
        _print(found, facts, missing, healthy, again)
        _print_types(makable)
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


def _print_types(makable: list[tuple[OutputType, list[str]]]) -> None:
    if not makable:
        return
    rows: list[tuple[str, ...]] = [("output type", "what it is", "here")]
    rows += [(one.id, one.title, f"lacks {', '.join(lacking)}" if lacking else "ready") for one, lacking in makable]
    print(f"\n{_table(rows)}")
    if any(lacking for _, lacking in makable):
        print("\nTo install what an output type lacks: kameleon-tui doctor --install --for TYPE")
