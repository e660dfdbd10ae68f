"""Any keys, sizes and events in any order: nothing crashes, and there is always a way out."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.recorded import Recorder, control_server
from tests.tui.screen import showing, text, until
from wizard.tui import launch
from wizard.tui.app import KameleonApp
from wizard.tui.screens.build import BuildScreen
from wizard.tui.screens.questions import QuestionsScreen
from wizard.tui.setup import make_setup

KEYS = (
    "up down left right enter escape tab shift+tab space home end pageup pagedown f1 f10 backspace delete "
    "a b c e f h k l o p q r s t x"
).split()


@pytest.fixture(autouse=True)
def no_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys may quit, start a build or open a shell: here, none of that happens."""

    def refuse(*words: object) -> launch.Started:
        raise OSError(1, "not here", "build")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launch, "start_build", refuse)
    monkeypatch.setattr(KameleonApp, "outside", lambda app, do: ("", "not here"))


async def press(pilot: Pilot[Any], chance: random.Random) -> None:
    if chance.random() < 0.1:
        await pilot.resize_terminal(chance.randint(4, 200), chance.randint(3, 60))
    else:
        await pilot.press(chance.choice(KEYS))


def stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KameleonApp, "exit", lambda *words, **named: None)


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_wizard(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance, setup = random.Random(seed), make_setup()
    setup.problems = lambda setup: []
    async with showing(QuestionsScreen(setup)) as (_, pilot):
        with monkeypatch.context() as patch:
            stay(patch)
            for _ in range(40):
                await press(pilot, chance)
        await way_out(pilot)


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_build_screen(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance, recorder, step = random.Random(seed), Recorder(tmp_path), 0
    recorder.begin()
    with control_server(recorder):
        async with showing(BuildScreen(recorder.run, clock=recorder.clock)) as (_, pilot):
            with monkeypatch.context() as patch:
                stay(patch)
                for _ in range(40):
                    what = chance.choice(["key"] * 6 + ["done", "failed", "breakpoint"])
                    if what == "key" or step == len(recorder.steps):
                        await press(pilot, chance)
                    elif what == "breakpoint":
                        recorder.stop_at(step)
                    else:
                        recorder.start(step)
                        recorder.say(step, "output\n")
                        if what == "done":
                            recorder.finish(step, 1)
                        else:
                            recorder.fail(step)
                        step += 1
            await way_out(pilot)
    recorder.let_go()


async def way_out(pilot: Pilot[Any]) -> None:
    """F10 closes what is open, then asks; the first answer leaves."""
    app: Any = pilot.app
    await pilot.resize_terminal(80, 24)
    for _ in range(8):
        if "Quit?" in text(app) or "Leave?" in text(app):
            break
        await pilot.press("f10")
        await pilot.pause(0.3)
    await pilot.press("home", "enter")
    await until(pilot, lambda: app.return_code is not None, "the way out")
