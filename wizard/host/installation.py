"""Copies the running kameleon-tui, with the Python packages it takes along, into a directory of an appliance.

`python -m wizard.host.installation DIRECTORY` is what recipes call; afterwards `python3 -m wizard` runs with
PYTHONPATH=DIRECTORY, whatever it was copied from: a checkout, a virtual environment, a wheel.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from wizard.data import SHIPPED, package, shipped
from wizard.errors import MACHINE, UserError

#: What an appliance gets from here, with what it requires in turn: Debian 12 has textual 0.1, which is of no use. What
#: is compiled (psutil) or needs a library (pyudev, PyYAML) comes from the appliance's distribution.
CARRIED = ("textual",)
#: Of a package's metadata only what is needed (textual asks for its version) and owed (licences): the others name
#: files and directories of this machine.
_METADATA = re.compile(r"\.(dist|egg)-info/(METADATA$|PKG-INFO$|licen[cs]es?/|LICEN[CS]E|COPYING)", re.I)
_COMPILED = (".so", ".pyd", ".dylib")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?[^;]*(?:;(.*))?")
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")


def closure(names: Iterable[str]) -> list[Distribution]:
    """The installed packages of these names and all they require, each once, in the order they are met.

    A requirement that does not hold here (its marker asks for another Python, or for an extra nobody wants) is not
    installed and is left out. UserError (status 3) when a package without such a condition is missing.
    """
    found: dict[str, Distribution] = {}
    waiting = [(name, frozenset[str](), False) for name in names]
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras, conditional = waiting.pop(0)
        key = re.sub(r"[-_.]+", "-", name).lower()
        if (key, extras) in done:
            continue
        done.add((key, extras))
        try:
            found.setdefault(key, distribution(name))
        except PackageNotFoundError:
            if conditional:
                continue
            raise UserError(
                f"the Python package {name} is not installed: the appliance needs a copy of it",
                status=MACHINE,
                hint="install kameleon-tui with what it requires (make setup, or pip install kameleon-tui)",
            ) from None
        for requirement in found[key].requires or ():
            waiting += _wanted(requirement, extras)
    return list(found.values())


def _wanted(requirement: str, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str], bool]]:
    match = _REQUIREMENT.match(requirement)
    if match is None:
        return
    name, own_extras, marker = match.groups()
    asked = _EXTRA.findall(marker or "")
    if not asked or extras.intersection(asked):
        yield name, frozenset(re.findall(r"[A-Za-z0-9._-]+", own_extras or "")), bool(marker)


def files_of(one: Distribution) -> Iterator[tuple[Path, PurePosixPath]]:
    """(file here, its place below the directory packages are imported from) of what is to be copied."""
    for file in one.files or ():
        name = file.as_posix()
        if file.is_absolute() or ".." in file.parts or "__pycache__" in file.parts or file.suffix == ".pyc":
            continue
        if file.suffix in _COMPILED:
            raise UserError(
                f"{one.name} holds compiled code ({name}): it cannot be copied into an appliance", status=MACHINE
            )
        if file.parts[0].endswith(("-info", ".pth")) and not _METADATA.search(name):
            continue
        yield Path(str(one.locate_file(file))), PurePosixPath(name)


def copy_installation(destination: Path) -> list[str]:
    """Copy the running program and what it carries below `destination`, which is made; what was there is replaced.

    Returns "name version" of each package copied. Files keep no time, owner or mode of this machine's.
    """
    shutil.rmtree(destination, ignore_errors=True)
    for file in sorted(package().rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            _copy(file, destination / "wizard" / file.relative_to(package()))
    for data in map(shipped, SHIPPED):
        for file in sorted(data.rglob("*")):
            if file.is_file():
                _copy(file, destination / "wizard" / "_shipped" / data.name / file.relative_to(data))
    carried = closure(CARRIED)
    for one in carried:
        for file, place in files_of(one):
            _copy(file, destination / place)
    return sorted(f"{one.name} {one.version}" for one in carried)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def main(arguments: list[str]) -> int:
    """The exit status: 0, or that of the UserError it tells."""
    try:
        if len(arguments) != 1:
            raise UserError("one argument is expected: the directory to copy into")
        print("\n".join(copy_installation(Path(arguments[0]))))
    except UserError as error:
        print(error.message, *([error.hint] if error.hint else []), sep="\n", file=sys.stderr)
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
