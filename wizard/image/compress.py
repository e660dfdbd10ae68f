"""The commands that compress archives. (recipes/steps/common/pack.yaml is for steps, which run without Python.)"""

from __future__ import annotations

import os


def command(kind: str, level: str) -> list[str]:
    """What compresses its stdin to its stdout as `kind` (zst, gz, xz)."""
    if kind == "gz":
        # With one processor pigz makes other bytes than with more.
        processors = max(2, len(os.sched_getaffinity(0)))
        return ["pigz", "--no-name", "--processes", str(processors), f"-{level}", "--stdout"]
    return ["zstd" if kind == "zst" else "xz", "--quiet", "-T0", f"-{level}", "--stdout"]
