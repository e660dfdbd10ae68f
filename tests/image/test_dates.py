"""Dates of an ext4 image: the list for debugfs names every file that is too young, and no other mistakes creep in."""

from __future__ import annotations

import io
import os
import re
import subprocess
from pathlib import Path

import pytest

from wizard.image import dates

DATE = 1_700_000_000


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """An image of 300 files, every third of them younger than DATE, a MiB into a file; and that offset."""
    base = tmp_path_factory.mktemp("dates")
    tree = base / "tree"
    for number in range(300):
        file = tree / f"d{number % 7}/f{number}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
        os.utime(file, (5, DATE + 9 if number % 3 == 0 else DATE - 9))
    for directory in [*tree.iterdir(), tree]:
        os.utime(directory, (5, DATE - 9))
    file = base / "image"
    with file.open("wb") as stream:
        stream.truncate(40 << 20)
    words = ["mke2fs", "-q", "-F", "-t", "ext4", "-d", str(tree), "-E", f"offset={1 << 20}", str(file), "30000k"]
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    subprocess.run(words, check=True, env={**os.environ, "PATH": path, "E2FSPROGS_FAKE_TIME": str(DATE)})
    return file, 1 << 20


def test_every_date_is_set_that_is_not_the_archives(image: tuple[Path, int]) -> None:
    with image[0].open("rb") as stream:
        lines = list(dates.commands(stream, image[1], DATE))
    fields = [re.fullmatch(rf"sif <(\d+)> ([acm]time) @{DATE}\n", line) for line in lines]
    assert all(fields)
    count = {
        name: sum(field is not None and field[2] == name for field in fields) for name in ("atime", "ctime", "mtime")
    }
    assert count["mtime"] == 100
    assert count["ctime"] >= 307  # files and directories


def test_afterwards_nothing_is_left_to_set_and_the_file_system_is_whole(
    image: tuple[Path, int], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.write_bytes(image[0].read_bytes())
    with copy.open("rb") as stream:
        script = "".join(dates.commands(stream, image[1], DATE))
    path = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    name = f"{copy}?offset={image[1]}"
    subprocess.run(
        ["debugfs", "-w", "-f", "-", name], input=script, text=True, capture_output=True, env=path, check=True
    )
    with copy.open("rb") as stream:
        assert list(dates.commands(stream, image[1], DATE)) == []
    subprocess.run(["e2fsck", "-fn", name], capture_output=True, env=path, check=True)


def test_what_is_no_file_system_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no ext2, ext3 or ext4"):
        list(dates.commands(io.BytesIO(bytes(5000)), 0, DATE))
    (tmp_path / "short").write_bytes(b"x")
    assert dates.main([str(tmp_path / "short"), "0", "1"]) == 1
    assert dates.main([str(tmp_path / "none"), "0", "1"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 2
