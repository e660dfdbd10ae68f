"""What is published beside the images holds no credentials, however it is cut into pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.engine import publish


@pytest.mark.parametrize("before", range(40))
def test_credentials_are_left_out_wherever_a_piece_ends(
    before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "_PIECE", 37)
    output = tmp_path / "out"
    publish.partial(output, "run").mkdir(parents=True)
    log = tmp_path / "log"
    log.write_bytes(b"x" * before + b" http://user:secret@host/path and ftp://me@there\n" + b"y" * 100 + b" a@b://c\n")
    publish.publish(output, "run", {"toy.log": [b"=== one\n", log]})
    expected = b"=== one\n" + b"x" * before + b" http://host/path and ftp://there\n" + b"y" * 100 + b" a@b://c\n"
    assert (output / "toy.log").read_bytes() == expected
