"""The commands that compress archives. (recipes/steps/common/pack.yaml is for steps, which run without Python.)"""

from __future__ import annotations

import shutil


def command(kind: str, level: str) -> list[str]:
    """What compresses its stdin to its stdout as `kind` (zst, gz, xz)."""
    if kind == "gz":
        return [shutil.which("pigz") or "gzip", "--no-name", f"-{level}", "--stdout"]
    return ["zstd" if kind == "zst" else "xz", "--quiet", "-T0", f"-{level}", "--stdout"]
