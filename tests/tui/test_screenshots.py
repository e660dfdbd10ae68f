"""screenshots/ is what the program shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_screenshots_are_what_the_program_shows(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "screenshots.py", tmp_path], check=True, cwd=tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*.svg")}
    kept = {path.name: path.read_bytes() for path in (ROOT / "screenshots").glob("*.svg")}
    assert sorted(made) == sorted(kept)
    old = [name for name in made if made[name] != kept[name]]
    assert not old, f"make screenshots brings {', '.join(old)} up to date"
