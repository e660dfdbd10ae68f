"""The host tools kameleon-tui uses, from tools.toml, and which of them are here.

Only the standard library: set-up runs this with the system's python3, before anything is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wizard.errors import MACHINE, UserError

#: Where administrators' commands are; an ordinary user's PATH often lacks them (Debian's su keeps it so).
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
#: A tool that needs longer to say its version than this is not worth waiting for, seconds.
_VERSION_LIMIT = 5.0


@dataclass(frozen=True, slots=True)
class Tool:
    """One entry of tools.toml. `file` or `module` is "" unless that, and not a command, is looked for."""

    name: str
    package: str
    purpose: str
    groups: tuple[str, ...]
    file: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a tool: `path` is "" when it is missing, `version` when it does not tell."""

    tool: Tool
    path: str
    version: str

    @property
    def missing(self) -> bool:
        return not self.path


@cache
def _table() -> tuple[dict[str, str], tuple[Tool, ...]]:
    import tomllib  # 5 ms, which the wizard need not wait for before its first screen

    # importlib.resources would be the other way; it takes 20 ms to import.
    loaded = tomllib.loads(Path(__file__).with_name("tools.toml").read_text(encoding="utf-8"))
    tools = tuple(
        Tool(
            entry["name"],
            entry["package"],
            entry["for"],
            tuple(entry["groups"]),
            entry.get("file", ""),
            entry.get("module", ""),
        )
        for entry in loaded["tool"]
    )
    return loaded["groups"], tools


def groups() -> dict[str, str]:
    """Name of every group → what it is, in the table's order."""
    return dict(_table()[0])


def tools_of(wanted: Iterable[str]) -> list[Tool]:
    """The tools that any of these groups needs, in the table's order."""
    chosen = set(wanted)
    return [tool for tool in _table()[1] if chosen.intersection(tool.groups)]


def tools_named(names: Iterable[str]) -> list[Tool]:
    """These tools; one that the table does not know is a command on PATH, of a package that is not known ("")."""
    known = {tool.name: tool for tool in _table()[1]}
    return [known.get(name) or Tool(name, "", "", ()) for name in dict.fromkeys(names)]


def search_path() -> str:
    """PATH with the administrators' directories, as root would have it."""
    return f"{os.environ.get('PATH', os.defpath)}:{_SBIN}"


def which(command: str) -> str:
    """The command's path, also where only root has it on PATH; "" when there is none."""
    return shutil.which(command, path=search_path()) or ""


def _find(tool: Tool) -> str:
    if tool.file:
        return tool.file if os.path.exists(tool.file) else ""
    if tool.module:
        # This interpreter, because it is the one that .venv is made with. It may have been installed a moment ago.
        import importlib.util

        importlib.invalidate_caches()
        spec = importlib.util.find_spec(tool.module)
        return (spec.origin or "") if spec else ""
    return which(tool.name)


def _version(tool: Tool, path: str) -> str:
    if tool.file or tool.module:
        return ""
    option = {"tmux": "-V", "mksquashfs": "-version"}.get(tool.name, "--version")
    try:
        done = subprocess.run(
            [path, option],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_LIMIT,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(rb"\d+(?:\.\d+)+[\w.+~-]*", done.stdout + done.stderr)
    return match.group().decode("ascii", "replace").rstrip(".") if match else ""


def look_for(tools: Iterable[Tool], *, versions: bool = True) -> list[Found]:
    """Look for each tool; asking for versions starts each one that was found (up to 5 s for a tool that hangs)."""
    found = []
    for tool in tools:
        path = _find(tool)
        found.append(Found(tool, path, _version(tool, path) if path and versions else ""))
    return found


def require(commands: Iterable[str], wanted_by: str) -> None:
    """UserError (status 3) naming every command that is missing and how to get them all; `wanted_by` is who asks."""
    missing = [found.tool for found in look_for(tools_named(commands), versions=False) if found.missing]
    if missing:
        known = [tool for tool in missing if tool.package]
        packages = " ".join(sorted({tool.package for tool in known}))
        names = " ".join(tool.name for tool in known)
        how = f"as root: apt-get install {packages}\nor the same by: kameleon-tui doctor --install {names}"
        raise UserError(
            f"{wanted_by} needs {', '.join(tool.name for tool in missing)}: not on this machine",
            status=MACHINE,
            hint=how if packages else "",
        )
