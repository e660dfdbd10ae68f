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
from textual.widgets import Input

from tests.firstboot.recorded import readers, tree
from tests.tui.recorded import Recorder
from tests.tui.screen import SIZE, seen
from tests.tui.test_resources import Server, changed
from wizard.firstboot import configure
from wizard.firstboot.sitting import sit_down
from wizard.host.tools import tools_named
from wizard.tui.app import KameleonApp
from wizard.tui.firstboot import FirstBoot
from wizard.tui.screens.build import BuildScreen
from wizard.tui.screens.firstboot import FirstBootScreen
from wizard.tui.screens.questions import QuestionsScreen
from wizard.tui.screens.resources import ResourcesScreen
from wizard.tui.setup import Setup, make_setup
from wizard.tui.theme import PLAIN

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


LAYOUTS = [
    ("be", "Belgian"), ("br", "Portuguese (Brazil)"), ("ca", "French (Canada)"), ("ch", "German (Switzerland)"),
    ("cz", "Czech"), ("de", "German"), ("dk", "Danish"), ("es", "Spanish"), ("fi", "Finnish"), ("fr", "French"),
    ("gb", "English (UK)"), ("gr", "Greek"), ("it", "Italian"), ("no", "Norwegian"), ("pl", "Polish"),
    ("pt", "Portuguese"), ("se", "Swedish"), ("tr", "Turkish"), ("us", "English (US)"),
]  # fmt: skip
VARIANTS = [
    ("us", "intl", "English (US, intl., with dead keys)"), ("us", "dvorak", "English (Dvorak)"),
    ("fr", "oss", "French (alt.)"), ("fr", "bepo", "French (BEPO)"), ("fr", "nodeadkeys", "French (no dead keys)"),
    ("ch", "fr", "French (Switzerland)"), ("de", "neo", "German (Neo 2)"),
]  # fmt: skip


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


async def take(first: Screen[None], keys: Keys, size: tuple[int, int] = SIZE, theme: str = "") -> str:
    """The picture of the screen that `keys` lead to from `first`."""
    app = KameleonApp(first)
    app.theme = theme or app.theme
    async with app.run_test(size=size) as pilot:
        await keys(pilot)
        await pilot.pause()
        return picture(app)


def fresh() -> Setup:
    """The wizard on a host that has everything but one tool."""
    setup = make_setup()
    setup.missing = lambda types: tools_named(name for one in types for name in one.tools if name == "mksquashfs")
    setup.problems = lambda setup: []
    return setup


async def appliance(pilot: Pilot[Any]) -> None:
    await seen(pilot, "What shall be built?")


async def types(pilot: Pilot[Any]) -> None:
    await pilot.press("down", "enter", "enter")
    await seen(pilot, "Space ticks")
    await pilot.press("down", "space")


async def packages(pilot: Pilot[Any]) -> None:
    await pilot.press("enter", "enter", "enter")
    await seen(pilot, "Administrator's tools")
    await pilot.press("space", "down")


async def settings(pilot: Pilot[Any]) -> None:
    await packages(pilot)
    await pilot.press("enter")
    await seen(pilot, "Go on to the review")
    await pilot.press(*["down"] * 5, "enter")
    await seen(pilot, "Enter: take it")
    pilot.app.screen.query_one(Input).value = "chameleon"
    await pilot.press("enter")
    await seen(pilot, "changed")


async def review(pilot: Pilot[Any]) -> None:
    await settings(pilot)
    await pilot.press("home", "enter")
    await seen(pilot, "The same without questions")


async def pictures(runs: Path) -> dict[str, str]:
    """File name → SVG."""
    taken = {
        "wizard-appliance": await take(QuestionsScreen(fresh()), appliance),
        "wizard-types": await take(QuestionsScreen(fresh()), types),
        "wizard-packages": await take(QuestionsScreen(fresh()), packages),
        "wizard-settings": await take(QuestionsScreen(fresh()), settings),
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
    taken["resources"] = await take(ResourcesScreen(server_with_changes(), every=0), resources)
    return taken | await first_boot(runs / "root")


def server_with_changes() -> Server:
    """A server whose resources of one host are not as planned: one changed, one missing, one too many."""
    return Server(changed())


async def resources(pilot: Pilot[Any]) -> None:
    await seen(pilot, "core 3: resource 4")
    await pilot.press("down", "down", "down", "right")
    await seen(pilot, "to change: mem is 8")


async def first_boot(root: Path) -> dict[str, str]:
    """The first boot's questions and review, of a recorded machine whose files have ever the same names."""
    layouts = "".join(f"  {name:<4}{title}\n" for name, title in LAYOUTS)
    rules = tree(root, graphical=True) / "usr/share/X11/xkb/rules/base.lst"
    variants = "".join(f"  {name:<9}{layout}: {title}\n" for layout, name, title in VARIANTS)
    rules.write_text(f"! layout\n{layouts}\n! variant\n{variants}\n! option\n")

    def asking() -> FirstBootScreen:
        sat = sit_down(root, command_line="kameleon.hostname=lab", readers=readers(of="numa"), clock=lambda: 0.0)
        return FirstBootScreen(FirstBoot(sat, "kameleon-tui: first boot", lambda: configure.preview(sat)))

    async def searched(pilot: Pilot[Any]) -> None:
        await pilot.press(*"fren")
        await seen(pilot, "search: fren_")

    async def reviewed(pilot: Pilot[Any]) -> None:
        await pilot.press(*"fren", "down", "enter", "f4")
        await seen(pilot, "Apply:", "person", "kernel command line")

    async def resources(pilot: Pilot[Any]) -> None:
        await pilot.press("f4", "end", "enter")
        await seen(pilot, "cpu 1:")

    return {
        "firstboot-keyboard": await take(asking(), lambda pilot: seen(pilot, "a key stops this")),
        "firstboot-search": await take(asking(), searched),
        "firstboot-resources": await take(asking(), resources),
        "firstboot-review": await take(asking(), reviewed),
        "firstboot-console": await take(asking(), reviewed, theme=PLAIN.name),
    }


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
