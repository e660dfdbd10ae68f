"""/etc/oar/oar.conf: assignments in bash's syntax, read without running them."""

from __future__ import annotations

import os
import re
from pathlib import Path

#: OAR's own tools look at this variable too.
VARIABLE = "OARCONFFILE"
DEFAULT = Path("/etc/oar/oar.conf")

_ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=")
#: A value is any number of these, one after the other: '…', "…", \x, or plain characters.
_PIECE = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\;&|()<>]+)""", re.S)
#: What a backslash hides within double quotes; a hidden newline is none at all.
_HIDDEN = re.compile(r"""\\([$`"\\\n])""")


def path() -> Path:
    """The file that OAR's own tools would read."""
    return Path(os.environ.get(VARIABLE) or DEFAULT)


def read(file: Path) -> dict[str, str]:
    """Name → value of every assignment in the file; of two, the last. OSError when it cannot be read."""
    return parse(file.read_text(encoding="utf-8", errors="surrogateescape"))


def parse(text: str) -> dict[str, str]:
    """The assignments in the text. `$NAME` and `$(…)` stay as they are: nothing is expanded, as OAR's Perl tools do,
    which read the same file. A line that is no assignment is passed over."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        assignment = _ASSIGNMENT.match(text, at)
        if assignment:
            at = assignment.end()
            value = ""
            while piece := _PIECE.match(text, at):
                at = piece.end()
                single, double, escaped, plain = piece.groups()
                if double is not None:
                    value += _HIDDEN.sub(lambda hidden: hidden[1].replace("\n", ""), double)
                else:
                    value += single or plain or (escaped or "").replace("\n", "")
            found[assignment[1]] = value
        end = text.find("\n", at)
        at = len(text) if end < 0 else end + 1
    return found
