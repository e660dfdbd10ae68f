"""The view that output types work in (recipes/steps/common/view.yaml), wherever overlays can be mounted or not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.contracts.tree import ROOT

pytestmark = pytest.mark.real

_SCRIPT = r"""
set -eo pipefail
eval "$1"
look_in_view 'ls "$view/etc"; ! : 2>/dev/null >"$view/etc/new" || echo written'
in_view 'rm "$view/etc/old"; echo "$1" >"$view/etc/own"' word
look_in_view 'ls "$view/etc"; cat "$view/etc/own"'
in_view ': >"$view/etc/more"'
in_view 'ls "$view/etc"'
in_view 'exit 7' || echo "$?"
"""


@pytest.mark.parametrize(
    "refused",
    ["nothing", "*volatile*", "*overlay*"],
    ids=["as here", "before Linux 5.10", "in a container on an overlay"],
)
def test_changes_stay_in_the_view_and_who_looks_sees_them(refused: str, tmp_path: Path) -> None:
    chroot, programs = tmp_path / "chroot", tmp_path / "programs"
    (chroot / "etc").mkdir(parents=True)
    (chroot / "etc/old").touch()
    programs.mkdir()
    mount = programs / "mount"
    mount.write_text(f'#!/bin/sh\ncase "$*" in {refused}) exit 32 ;; esac\nPATH=${{PATH#*:}} exec mount "$@"\n')
    mount.chmod(0o755)
    step = yaml.safe_load((ROOT / "recipes/steps/common/view.yaml").read_text())["view"][0]["view"][0]["exec_local"]
    done = subprocess.run(
        ["bash", "-c", _SCRIPT, "bash", step],
        env={"PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin", "KAMELEON_WORKDIR": str(tmp_path),
             "KAMELEON_CHROOT": str(chroot)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["old", "own", "word", "more", "own", "7"], done.stdout
    assert done.returncode == 0
    assert [path.name for path in chroot.rglob("*")] == ["etc", "old"]
