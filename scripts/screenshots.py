#!/usr/bin/env python3
"""Make screenshots/*.svg from the real program: its screens, driven by keys, on a recorded run at a fixed clock.

    scripts/screenshots.py [DIRECTORY]

The same program gives the same bytes (tests/tui/test_screenshots.py holds screenshots/ to that).
"""
# ruff: noqa: E402 (what is imported below is found, and coloured, by what is set above it)

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
for variable in ("NO_COLOR", "COLUMNS", "LINES"):
    os.environ.pop(variable, None)

from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.recorded import Recorder
from tests.tui.screen import SIZE, seen
from wizard.tui.app import KameleonApp
from wizard.tui.screens.build import BuildScreen
from wizard.tui.screens.questions import QuestionsScreen
from wizard.tui.setup import Setup, make_setup

LARGE = (120, 36)

Keys = Callable[[Pilot[Any]], Awaitable[object]]

SHAPE = [
    ("bootstrap", "debian", ["tools", "find_mirror", "try_mirror", "mmdebstrap"]),
    ("setup", "packages", ["install"]),
    ("setup", "identity", ["hostname", "motd"]),
    ("setup", "cleaning", ["traces_of_the_host", "secrets", "leftovers_of_packages"]),
    ("export", "tar", ["tools", "package_list", "archive"]),
]
APT = """\
Reading package lists...
Building dependency tree...
The following NEW packages will be installed:
  file less libmagic-mgc libmagic1 libncursesw6 libproc2-0 lsof procps psmisc
  rsync vim-common vim-tiny
0 upgraded, 12 newly installed, 0 to remove and 0 not upgraded.
Need to get 3,415 kB of archives.
Get:1 http://mirror.example/debian bookworm/main amd64 less amd64 590-2.1 [132 kB]
Get:2 http://mirror.example/debian bookworm/main amd64 libmagic-mgc amd64 1:5.44-3 [305 kB]
Get:3 http://mirror.example/debian bookworm/main amd64 libmagic1 amd64 1:5.44-3 [104 kB]
"""
UNPACKED = """\
Fetched 3,415 kB in 0s (18.2 MB/s)
Selecting previously unselected package less.
Unpacking less (590-2.1) ...
Selecting previously unselected package procps.
Unpacking procps (2:4.0.2-3) ...
Setting up less (590-2.1) ...
"""
MISSING = """\
Package vim-tinny is not available, but is referred to by another package.
E: Unable to locate package vim-tinny
"""


def running(runs: Path) -> Recorder:
    """A run in the middle of installing packages."""
    recorder = Recorder(runs, shape=SHAPE)
    recorder.begin()
    for step, seconds in enumerate((0.1, 0.6, 0.2, 31.4)):
        recorder.do(step, "", seconds)
    recorder.start(4)
    recorder.say(4, APT)
    recorder.now += 2.3
    return recorder


def picture(app: KameleonApp) -> str:
    """The screen as SVG with the viewer's own fixed-width font: no picture asks another machine for one."""
    svg = app.export_screenshot(title="kameleon-tui")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: [^;]*;", "font-family: 'DejaVu Sans Mono', monospace;", svg) + "\n"


async def take(first: Screen[None], keys: Keys, size: tuple[int, int] = SIZE) -> str:
    """The picture of the screen that `keys` lead to from `first`."""
    app = KameleonApp(first)
    async with app.run_test(size=size) as pilot:
        await keys(pilot)
        await pilot.pause()
        return picture(app)


def fresh() -> Setup:
    """The wizard on a host that has everything."""
    setup = make_setup()
    setup.problems = lambda setup: []
    return setup


async def distribution(pilot: Pilot[Any]) -> None:
    await seen(pilot, "Distribution")


async def packages(pilot: Pilot[Any]) -> None:
    setup = await to(pilot, "packages")
    await seen(pilot, setup.flow.questions[-1].title)
    await pilot.press("space", "down")


async def review(pilot: Pilot[Any]) -> None:
    await to(pilot, "packages")
    await pilot.press("space")
    screen: Any = pilot.app.screen
    while screen.setup.flow.current is not None:
        await pilot.press("enter")
    await seen(pilot, "The same without questions")


async def to(pilot: Pilot[Any], question: str) -> Setup:
    """Answer the questions before `question` with their defaults."""
    screen: Any = pilot.app.screen
    setup: Setup = screen.setup
    while setup.flow.current is not None and setup.flow.current.id != question:
        await pilot.press("enter")
    return setup


async def pictures(runs: Path) -> dict[str, str]:
    """File name → SVG."""
    taken = {
        "wizard-distribution": await take(QuestionsScreen(fresh()), distribution),
        "wizard-packages": await take(QuestionsScreen(fresh()), packages),
        "wizard-review": await take(QuestionsScreen(fresh()), review),
    }
    recorder = running(runs / "running")
    recorder.event("breakpoints", steps=[10])
    screen = BuildScreen(recorder.run, clock=recorder.clock)
    taken["build-running"] = await take(screen, lambda pilot: seen(pilot, "libmagic1 amd64", " B "), LARGE)
    recorder.let_go()

    recorder = running(runs / "failure")
    recorder.say(4, MISSING)
    recorder.fail(4, shell_text="apt-get install -y less procps vim-tinny", file="recipes/steps/setup/packages.yaml")
    screen = BuildScreen(recorder.run, clock=recorder.clock)
    taken["build-failure"] = await take(screen, lambda pilot: seen(pilot, "> r  Retry", "vim-tinny"))
    recorder.let_go()

    recorder = running(runs / "done")
    recorder.say(4, UNPACKED)
    recorder.finish(4, 3.1)
    for step, seconds in zip(range(5, len(recorder.steps)), (0.1, 0.1, 0.2, 0.1, 0.3, 0.1, 0.2, 4.6), strict=True):
        recorder.do(step, "", seconds)
    recorder.artefacts()
    recorder.end()
    screen = BuildScreen(recorder.run, clock=recorder.clock)
    taken["build-done"] = await take(screen, lambda pilot: seen(pilot, "To use tar"))
    return taken


def main(directory: Path) -> None:
    """Write every picture into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as runs:
        before = Path.cwd()
        os.chdir(runs)  # paths are shown as seen from here
        try:
            taken = asyncio.run(pictures(Path(runs)))
        finally:
            os.chdir(before)
    for name, svg in taken.items():
        (directory / f"{name}.svg").write_text(svg)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "screenshots").absolute())
