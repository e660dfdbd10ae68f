"""oar.conf is read as bash would, and nothing in it is run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from wizard.oar import conf

TEXT = r"""
# a comment with A="quotes
DB_TYPE="Pg"   # behind
DB_HOSTNAME='127.0.0.1'
 export DB_PORT=5432
EMPTY=
HASH=a#b
JOINED="one "'two '\three
ESCAPED="a \"quoted\" \\ back \x"
LONG="first
second # no comment
third"
CONTINUED="one \
two"
TWICE=1; IGNORED=2
TWICE=last
not an assignment = 3
SINGLE='it\n'
"""


def test_as_bash_reads_it() -> None:
    found = conf.parse(TEXT)
    found.pop("IGNORED", None)
    program = TEXT.replace("not an assignment = 3", "") + '\nfor name; do printf "%s\\0" "${!name}"; done'
    done = subprocess.run(["bash", "-c", program, "bash", *found], capture_output=True, check=True)
    assert dict(zip(found, done.stdout.decode().split("\0")[:-1], strict=True)) == found
    assert set(found) >= {"DB_TYPE", "DB_PORT", "EMPTY", "HASH", "JOINED", "ESCAPED", "LONG", "CONTINUED", "SINGLE"}


def test_nothing_is_run(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    text = f'A="$(touch {sign})"\nB=`touch {sign}`\nC="$HOME"\nD=$HOME\n'
    found = conf.parse(text)
    assert found["A"] == f"$(touch {sign})"
    assert found["C"] == found["D"] == "$HOME"
    assert not sign.exists()


@pytest.mark.parametrize("text", ["A='open", 'A="open', "A=\\", "=", "A", "\x00\xff", ""])
def test_garbage_ends(text: str) -> None:
    assert set(conf.parse(text)) <= {"A"}


def test_the_file_oar_would_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OARCONFFILE", raising=False)
    assert conf.path() == Path("/etc/oar/oar.conf")
    monkeypatch.setenv("OARCONFFILE", "/other")
    assert conf.path() == Path("/other")
