"""The screen of resources over a server that is made up; tests/oar/test_resources_screen.py has a real one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from textual.pilot import Pilot

from tests.machine.trees import machine
from tests.oar.rows import found, planner, row, rows_of, with_properties
from tests.tui.screen import lines, seen, showing, text, until
from wizard.errors import FAILED, MACHINE, UserError
from wizard.oar import create, read
from wizard.oar.create import Created
from wizard.oar.database import Database
from wizard.oar.difference import Totals
from wizard.oar.plan import Planner, plan
from wizard.oar.reach import Found
from wizard.oar.resource import Host, Row, Snapshot
from wizard.tui.resources import Resources
from wizard.tui.screens.resources import ResourcesScreen
from wizard.tui.widgets.tree import Tree

T = TypeVar("T")
COLUMNS = dict.fromkeys(("cpu", "core", "mem"), "integer") | dict.fromkeys(("host", "cpuset"), "text")


class Server(Resources):
    """One host; what the server has of it is `rows`, and `down` is why it does not answer. Carrying out makes it so."""

    def __init__(self, rows: list[Row], one: Planner | None = None) -> None:
        super().__init__(one or planner("laptop", "laptop"), self.answer, self.never)
        self.rows = rows
        self.down = ""
        self.looks = 0
        self.refuses = ""
        self.done: list[bool] = []
        self.wrong: list[str] = []

    @contextmanager
    def answer(self, one: Planner) -> Iterator[Found]:
        self.looks += 1
        if self.down:
            raise UserError(self.down, status=MACHINE)
        snapshot = Snapshot(COLUMNS, {"cpu": 1, "core": 4})
        yield Found(found(one, snapshot, self.rows) if self.rows else read.nothing(one), True, [])

    def never(self) -> tuple[Database, None]:
        raise AssertionError("there is none")

    def create(self) -> Created:
        if self.refuses:
            raise UserError(self.refuses, hint="do something")
        self.done.append(self.retire)
        self.rows = rows_of(plan(machine("laptop"), "laptop"))
        return Created(Totals(1, 4, add=1, change=1, retire=1), [], self.retire, self.wrong)


def changed() -> list[Row]:
    rows = rows_of(plan(machine("laptop"), "laptop"))
    rows[1] = with_properties(rows[1], mem=8)
    del rows[2]
    return [*rows, row(9, "17")]


async def close(pilot: Pilot[Any]) -> None:
    """The dialog, and wait until it is gone."""
    await pilot.press("escape")
    await until(pilot, lambda: not pilot.app.screen.is_modal)


async def apply(pilot: Pilot[Any], *words: str) -> None:
    """Apply, say yes, and wait for these words."""
    await pilot.press("a")
    await seen(pilot, "Change OAR's resources?")
    await pilot.press("enter")
    await seen(pilot, *words)


async def test_the_difference_is_marked_in_text() -> None:
    async with showing(ResourcesScreen(Server(changed()), every=0)) as (app, pilot):
        shown = await seen(
            pilot,
            "1 to add; 1 to change; 2 as planned; 1 not planned (t: retire)",
            "~ » core 1: resource 2, core 2, cpuset 1,5  mem 8 -> 16",
            "+ » core 2: new, core 5, cpuset 2,6  to add",
            "= » core 3: resource 4",
            "-   resource 9: cpuset 17, Alive  left alone: processor 17 not on this",
        )
        assert "> ~ ▼ laptop" in shown
        assert all(len(line) <= 80 for line in lines(app))
        await pilot.press("down", "down", "down")
        await seen(pilot, "core 1 of laptop: resource 2, Alive", "mem 8 -> 16\n", "to change: mem is 8")


async def test_open_close_and_differences_only() -> None:
    async with showing(ResourcesScreen(Server(changed()), every=0)) as (app, pilot):
        await seen(pilot, "core 3: resource 4")
        await pilot.press("down", "down", "right")
        await seen(pilot, "=   thread 4")
        await pilot.press("right")
        await seen(pilot, "thread 0, one of its resource's")
        await pilot.press("left")
        await seen(pilot, "> ", "core 0 of laptop: resource 1")
        await pilot.press("enter")
        await until(pilot, lambda: "thread 4" not in text(app))
        await pilot.press("d")
        await seen(pilot, "differences only")
        assert "core 0:" not in text(app)
        assert "core 1:" in text(app)
        await pilot.press("d", "left", "left", "left")
        await seen(pilot, "> ~ » laptop")


async def test_apply_after_a_question() -> None:
    server = Server(changed())
    screen = ResourcesScreen(server, every=0)
    async with showing(screen) as (app, pilot):
        await seen(pilot, "1 to add")
        await pilot.press("t")
        await seen(pilot, "1 to retire", "-   resource 9: cpuset 17, Alive  to retire")
        await pilot.press("a")
        await seen(pilot, "Change OAR's resources?", "What is retired gets no job any more.", "one transaction")
        await pilot.press("n")
        await until(pilot, lambda: "Change OAR's" not in text(app))
        assert server.done == []
        await pilot.press("a")
        await seen(pilot, "Change OAR's resources?")
        await pilot.press("a")
        await seen(pilot, "Done", "laptop: 4 resources: 1 added, 1 changed, 1 retired", "4 as planned")
        assert server.done == [True]
        await close(pilot)
        await pilot.press("a")
        await seen(pilot, "There is nothing to do")
        await close(pilot)
        await pilot.press("f10")
        await until(pilot, lambda: not app.is_running)
    assert app.return_value == 0
    assert screen.told == ["laptop: 4 resources: 1 added, 1 changed, 1 retired"]


async def test_a_change_that_was_refused_or_does_not_show() -> None:
    server = Server(changed())
    async with showing(ResourcesScreen(server, every=0)) as (app, pilot):
        await seen(pilot, "1 to add")
        server.refuses = "the disk is full"
        await apply(pilot, "Nothing was changed", "the disk is full", "do something")
        await close(pilot)
        server.refuses, server.wrong = "", ["core of it is 3, not 4"]
        await apply(pilot, "Not as planned: core of it is 3, not 4")
        await close(pilot)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_value == FAILED


async def test_rows_in_the_way_are_not_applied() -> None:
    rows = rows_of(plan(machine("laptop"), "laptop"))
    server = Server(rows, planner("laptop", "laptop", "thread"))
    async with showing(ResourcesScreen(server, every=0)) as (_, pilot):
        await seen(pilot, "8 to add; 4 not planned")
        await pilot.press("a")
        await seen(pilot, "Not to be done", "4 resources that OAR has share processors")
    assert server.done == []


async def test_a_first_look_that_is_there_before_the_screen_has_a_size_is_opened_too() -> None:
    class Quick(ResourcesScreen):
        def _aside(self, do: Callable[[], T], then: Callable[[T | None, UserError | None], None]) -> None:
            then(do(), None)

    async with showing(Quick(Server(rows_of(plan(machine("laptop"), "laptop"))), every=0)) as (_, pilot):
        await seen(pilot, "4 as planned", "core 3: resource 4")


async def test_another_look_shows_what_changed_and_stays_where_one_was() -> None:
    server = Server(rows_of(plan(machine("laptop"), "laptop")))
    async with showing(ResourcesScreen(server, every=0.05)) as (app, pilot):
        await seen(pilot, "4 as planned", "core 3: resource 4")
        await pilot.press("down", "down", "down", "right")
        await seen(pilot, "> ", "=   thread 5")
        server.rows = changed()
        await seen(pilot, "1 to add", "core 1 of laptop", "~   thread 5", "mem 8 -> 16")
        assert app.query_one(Tree).selected is not None
        assert app.query_one(Tree).selected.title.startswith("core 1:")  # type: ignore[union-attr]
        server.down = "the database is gone"
        await seen(pilot, "the last look failed, so this is what was before: the database is gone", "1 to add")
        server.down = ""
        await until(pilot, lambda: "the last look failed" not in text(app))


async def test_without_a_first_look_there_is_no_screen() -> None:
    server = Server([])
    server.down = "nobody answers"
    screen = ResourcesScreen(server, every=0)
    async with showing(screen) as (app, pilot):
        await until(pilot, lambda: not app.is_running)
    assert app.return_value == FAILED
    assert screen.failure is not None
    assert screen.failure.message == "nobody answers"


async def test_a_silent_database_keeps_nobody() -> None:
    silent = threading.Event()

    class Silent(Server):
        @contextmanager
        def answer(self, one: Planner) -> Iterator[Found]:
            silent.wait(60)
            yield Found(read.nothing(one), True, [])

    async with showing(ResourcesScreen(Silent([]), every=0)) as (app, pilot):
        await seen(pilot, "Asking OAR's database")
        await pilot.press("f10")
        await until(pilot, lambda: not app.is_running)
    silent.set()


async def test_a_hundred_thousand_resources_open_as_few() -> None:
    one = Planner([Host(f"n{number}", machine("cores-256")) for number in range(400)])
    server = Server([], one)
    async with showing(ResourcesScreen(server, every=0)) as (app, pilot):
        await seen(pilot, "102400 to add", "400 hosts", "> + » n0  256 to add")
        await pilot.press("end", "right", "right", "right")
        await seen(pilot, "core 0: new, core 102145")
        assert app.query_one(Tree).count() < 1000
    made = [difference for difference, _ in server.look().hosts if difference._entries is not None]
    assert made == []


async def test_no_database_is_told() -> None:
    class Nobody(Server):
        @contextmanager
        def answer(self, one: Planner) -> Iterator[Found]:
            yield Found(read.nothing(one), False, ["no database was reached, so this is the plan for an empty one: x"])

    async with showing(ResourcesScreen(Nobody([]), every=0)) as (_, pilot):
        await seen(pilot, "4 to add", "no database was reached")
        await pilot.press("a")
        await seen(pilot, "Not to be done", "no database was reached")


async def test_small_and_plain() -> None:
    async with showing(ResourcesScreen(Server(changed()), every=0), (40, 12)) as (app, pilot):
        await seen(pilot, "1 to add", "laptop", "F10 Quit")
        await pilot.press("f1")
        await seen(pilot, "Help: resources")
        assert all(len(line) <= 40 for line in lines(app))


def test_stale_sequences_are_told() -> None:
    assert create.sequence_notes(Snapshot()) == []
