"""The screen of resources over a real database: what it has, what changes under it, and a plan carried out."""

from __future__ import annotations

from functools import partial

import pytest

from tests.oar.postgres import Oar
from tests.oar.rows import planner
from tests.tui.screen import seen, showing, text, until
from wizard.oar import reach
from wizard.oar.database import DatabaseError
from wizard.tui.resources import Resources
from wizard.tui.screens.resources import ResourcesScreen

pytestmark = pytest.mark.real


def resources(oar: Oar) -> Resources:
    named = oar.database.conninfo
    return Resources(
        planner("numa", "n"), partial(reach.found, named=named, limit=30), partial(reach.database_of, named)
    )


async def test_from_an_empty_server_to_the_plan(oar: Oar) -> None:
    async with showing(ResourcesScreen(resources(oar), every=0.2)) as (app, pilot):
        await seen(pilot, "to add; properties to add: host cpu core mem")
        await pilot.press("a")
        await seen(pilot, "Change OAR's resources?", "Properties to add: host cpu core mem.")
        await pilot.press("enter")
        await seen(pilot, "Done", "added")
        count = len(oar.resources())
        assert count > 0
        await seen(pilot, f"{count} as planned")
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen.is_modal)
        oar.sql("UPDATE resources SET mem = 1 WHERE resource_id = 2; UPDATE resources SET state = 'Absent'")
        await seen(pilot, "1 to change")
        oar.sql("UPDATE resources SET next_state = 'Dead' WHERE resource_id = 1")
        await pilot.press("right", "right", "right")
        await seen(pilot, "Absent, Dead next")
        assert "mem 1 -> " in text(app)


async def test_a_database_without_oars_tables(oar: Oar) -> None:
    one = resources(oar)
    one.reach = partial(reach.found, named=oar.server.database("template1").conninfo, limit=30)
    screen = ResourcesScreen(one, every=0)
    async with showing(screen) as (app, pilot):
        await until(pilot, lambda: not app.is_running)
    assert isinstance(screen.failure, DatabaseError)
    assert "oar-database --create" in screen.failure.hint
