"""The commands that compress archives. (recipes/steps/common/pack.yaml is for steps, which run without Python.)"""

from __future__ import annotations

import shutil

from wizard.errors import UserError

_LEVELS = {"zst": range(1, 20), "gz": range(1, 10), "xz": range(10)}


def command(kind: str, level: str) -> list[str]:
    """What compresses its stdin to its stdout as `kind` (zst, gz, xz); UserError for a kind or level that is none."""
    if kind not in _LEVELS:
        raise UserError(f"archive_compression: one of {', '.join(_LEVELS)} was expected, not {kind!r}")
    levels = _LEVELS[kind]
    if not (level.isascii() and level.isdigit() and int(level) in levels):
        raise UserError(f"compression: {kind} takes {levels[0]} to {levels[-1]}, not {level!r}")
    if kind == "gz":
        return [shutil.which("pigz") or "gzip", "--no-name", f"-{level}", "--stdout"]
    return ["zstd" if kind == "zst" else "xz", "--quiet", "-T0", f"-{level}", "--stdout"]
