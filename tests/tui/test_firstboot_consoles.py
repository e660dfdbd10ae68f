"""The first boot's screens beside another console's: one answers, the others wait, and none answers over another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.firstboot.recorded import tree
from tests.firstboot.test_session import Consoles, role, say
from tests.tui.screen import SIZE, text, until
from tests.tui.test_firstboot import quick_ticks as quick_ticks
from wizard.firstboot import configure
from wizard.firstboot.session import Session, Turn
from wizard.tui.app import KameleonApp
from wizard.tui.firstboot import FirstBoot
from wizard.tui.screens.firstboot import FirstBootScreen
from wizard.tui.screens.firstboot_elsewhere import Elsewhere


@pytest.fixture
def consoles(tmp_path: Path) -> Iterator[Consoles]:
    tree(tmp_path / "tree")
    found = Consoles(tmp_path / "tree", tmp_path / "run")
    yield found
    for process in found.processes.values():
        process.kill()
        process.wait()


@asynccontextmanager
async def here(consoles: Consoles) -> AsyncIterator[tuple[KameleonApp, Pilot[Any], Session]]:
    """The screens, on a console of their own."""
    session = consoles.sit("tty1")
    sitting = session.sitting
    first = FirstBoot(sitting, "kameleon-tui: first boot", lambda: configure.preview(sitting), session=session)
    app = KameleonApp(FirstBootScreen(first))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        yield app, pilot, session


async def test_a_key_elsewhere_is_seen_and_t_takes_over(consoles: Consoles) -> None:
    async with here(consoles) as (app, pilot, session):
        other = consoles.sit("ttyS0")
        assert other.key()
        other.sitting.countdown.key()
        say(other, "node")
        other.look()
        await until(pilot, lambda: isinstance(app.screen, Elsewhere))
        assert "Somebody answers on ttyS0." in text(app)
        # No other key does anything.
        for key in ("enter", "down", "escape", "a", "f4"):
            await pilot.press(key)
        assert isinstance(app.screen, Elsewhere)
        assert role(session) == "both"
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, FirstBootScreen))
        assert role(session) == "node"
        assert other.look() is Turn.ELSEWHERE
        await until(pilot, lambda: "Host name" in text(app))


async def test_the_first_key_here_is_seen_elsewhere(consoles: Consoles) -> None:
    async with here(consoles) as (_, pilot, session):
        other = consoles.sit("ttyS0")
        assert other.look() is Turn.FREE
        await pilot.press("down")
        assert other.look() is Turn.ELSEWHERE
        assert session.look() is Turn.OURS


async def test_when_the_other_is_killed_it_goes_on_here(consoles: Consoles) -> None:
    async with here(consoles) as (app, pilot, session):
        other = consoles.sit("ttyS0")
        other.key()
        say(other, "server")
        other.look()
        await until(pilot, lambda: isinstance(app.screen, Elsewhere))
        consoles.kill("ttyS0")
        await until(pilot, lambda: isinstance(app.screen, FirstBootScreen))
        assert role(session) == "server"


async def test_the_review_gives_way_too(consoles: Consoles) -> None:
    async with here(consoles) as (app, pilot, session):
        await pilot.press("f4")
        await until(pilot, lambda: "review" in text(app))
        other = consoles.sit("ttyS0")
        assert other.claim()
        await until(pilot, lambda: isinstance(app.screen, Elsewhere))
        await pilot.press("t")
        await until(pilot, lambda: "review" in text(app))
        assert session.look() is Turn.OURS


async def test_it_ends_when_another_console_carries_it_out(consoles: Consoles) -> None:
    async with here(consoles) as (app, pilot, _):
        other = consoles.sit("ttyS0")
        other.key()
        assert other.apply()
        await until(pilot, lambda: app.return_value is not None)
        assert app.return_value == 0
        assert app.farewell == ["kameleon: the first boot is carried out on ttyS0"]


async def test_at_the_end_of_the_countdown_one_of_them_applies(consoles: Consoles) -> None:
    async with here(consoles) as (app, pilot, session):
        other = consoles.sit("ttyS0")
        assert other.apply()
        consoles.clock.now += 31
        await until(pilot, lambda: app.return_value is not None)
        assert app.farewell == ["kameleon: the first boot is carried out on ttyS0"]
        assert not session.apply()


async def test_at_boot_who_leads_carries_out_what_nobody_answers(consoles: Consoles) -> None:
    leader = consoles.sit("nowhere")
    leader.lead()
    async with here(consoles) as (app, pilot, _):
        await until(pilot, lambda: "The defaults are taken in 30 s" in text(app))
        consoles.clock.now += 31
        assert leader.watch() is Turn.FREE
        await pilot.pause(0.3)
        assert app.return_value is None
        assert leader.apply(for_nobody=True)
        await until(pilot, lambda: app.return_value is not None)
        assert app.return_value == 0
        assert app.farewell == ["kameleon: nobody answered: the first boot takes the defaults"]
