"""The first boot's screens: by keys to a plan, under a clock of the test, at every size."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from tests.firstboot.recorded import AT_HOME, CABLE, KEY, MACHINES, NO_CABLE, SERIAL, readers, sitting, tree
from tests.firstboot.test_same_plan import CHOSEN, by_person, plan
from tests.tui.screen import SIZE, lines, seen, text, until
from wizard.errors import STOPPED
from wizard.firstboot import configure
from wizard.firstboot.devices import Devices
from wizard.firstboot.sitting import Sitting, sit_down
from wizard.flow.question import Kind, Source, Value
from wizard.tui.app import KameleonApp
from wizard.tui.firstboot import FirstBoot
from wizard.tui.screens.firstboot import FirstBootScreen
from wizard.tui.screens.firstboot_review import ReviewFirstBoot
from wizard.tui.widgets.choices import Choices


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Keys:
    """Stands for a console's: what was loaded, in order; "" is what was there before."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def load(self, layout: str) -> str:
        self.loaded.append(layout)
        return ""

    def restore(self) -> None:
        self.loaded.append("")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def quick_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("firstboot.TICK", "firstboot_review.TICK", "firstboot.LOOK"):
        monkeypatch.setattr(f"wizard.tui.screens.{name}", 0.05)


def at(root: Path, clock: Clock, line: str = "", devices: Devices = AT_HOME) -> Sitting:
    return sit_down(root, command_line=line, readers=readers(devices), clock=clock)


@asynccontextmanager
async def asking(
    sat: Sitting, size: tuple[int, int] = SIZE, keys: Any = None
) -> AsyncIterator[tuple[KameleonApp, Pilot[Any], FirstBoot]]:
    first = FirstBoot(sat, "kameleon-tui: first boot", lambda: configure.preview(sat), keyboard=keys)
    app = KameleonApp(FirstBootScreen(first))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot, first


# From keys to a plan


async def move(app: KameleonApp, pilot: Pilot[Any], value: str) -> None:
    """Up and Down until the cursor is on that row."""
    choices = app.screen.query_one(Choices)
    target = [item.value for item in choices.items].index(value)
    steps = target - choices.cursor
    await pilot.press(*["down" if steps > 0 else "up"] * abs(steps))
    assert choices.current is not None
    assert choices.current.value == value


async def give(app: KameleonApp, pilot: Pilot[Any], sat: Sitting, wanted: dict[str, Value]) -> None:
    """Answer the current question as a person does: what is wanted, or what is offered."""
    question = sat.flow.current
    assert question is not None
    assert question.title in text(app)
    value = wanted.pop(question.id, None)
    if value is not None and question.kind is Kind.ONE:
        await move(app, pilot, str(value))
    elif value is not None and question.kind is Kind.TEXT:
        await pilot.press("ctrl+u")
        await paste(app, pilot, str(value))
    elif value is not None:
        for line in value:
            await paste(app, pilot, line)
            await pilot.press("enter")
    await pilot.press("enter")
    await pilot.pause()


async def paste(app: KameleonApp, pilot: Pilot[Any], line: str) -> None:
    """As people do with a key: its last character typed (each takes 80 ms here), what is before it all at once."""
    app.post_message(events.Paste(line[:-1]))
    await pilot.pause()
    await pilot.press(named(line[-1]))


def named(character: str) -> str:
    return {" ": "space", "+": "plus", "-": "minus", ".": "full_stop", "/": "slash", "@": "at"}.get(
        character, character
    )


async def by_keys(root: Path, wanted: dict[str, Value], devices: Devices, of: str) -> Sitting:
    sat = sitting(root, devices=devices, of=of)
    wanted = {name: value for name, value in wanted.items() if name != "x" or "x" in sat.flow.values()}
    async with asking(sat) as (app, pilot, _):
        for _ in range(60):
            await until(pilot, lambda: sat.flow.current or isinstance(app.screen, ReviewFirstBoot))
            if sat.flow.current is not None:
                await give(app, pilot, sat, wanted)
                continue
            there = [name for name in wanted if name in sat.flow.values()]
            await move(app, pilot, there[0] if there else "apply")
            await pilot.press("enter")
            await pilot.pause()
            if not there:
                break
        await until(pilot, lambda: app.return_code is not None, "the end")
        assert app.return_value == 0
    assert wanted == {}
    return sat


@pytest.mark.parametrize("devices", [AT_HOME, SERIAL], ids=["at home", "serial"])
@pytest.mark.parametrize("chosen", CHOSEN)
async def test_the_plan_is_the_one_that_is_made_with_nobody_there(
    tmp_path: Path, chosen: str, devices: Devices
) -> None:
    root = tree(tmp_path, graphical=devices is AT_HOME)
    of = MACHINES[list(CHOSEN).index(chosen) % len(MACHINES)]
    expected = plan(by_person(root, CHOSEN[chosen], devices, of))
    assert plan(await by_keys(root, CHOSEN[chosen], devices, of)) == expected


@pytest.mark.parametrize("of", MACHINES)
async def test_on_every_machine(tmp_path: Path, of: str) -> None:
    root = tree(tmp_path)
    wanted: dict[str, Value] = {"granularity": "thread"}
    assert plan(await by_keys(root, wanted, AT_HOME, of)) == plan(by_person(root, wanted, AT_HOME, of))


# The countdown


async def test_nobody_there(tmp_path: Path, clock: Clock) -> None:
    sat = at(tree(tmp_path), clock)
    async with asking(sat) as (app, pilot, _):
        await seen(pilot, "The defaults are taken in 30 s; a key stops this.")
        clock.now += 12.5
        await seen(pilot, "The defaults are taken in 18 s")
        clock.now += 17.4
        await seen(pilot, "The defaults are taken in 1 s")
        assert app.return_code is None
        clock.now += 0.2
        await until(pilot, lambda: app.return_code is not None)
        assert app.return_value == 0
    assert plan(sat) == plan(at(tree(tmp_path), clock))


async def test_a_key_in_the_last_tenth_of_a_second(tmp_path: Path, clock: Clock) -> None:
    sat = at(tree(tmp_path), clock)
    async with asking(sat) as (app, pilot, _):
        clock.now += 29.95
        await pilot.press("down")
        clock.now += 5
        await pilot.pause(0.2)
        assert app.return_code is None
        assert "defaults are taken" not in text(app)
        # And once nobody has pressed one for ten minutes, it returns, for all to see.
        clock.now += 600
        await seen(pilot, "No key for 10 minutes: the defaults are taken in 25 s; a key stops this.")
        await pilot.press("f1")
        clock.now += 40
        await pilot.pause(0.2)
        assert app.return_code is None


async def test_it_counts_on_the_review_and_over_a_dialog(tmp_path: Path, clock: Clock) -> None:
    sat = at(tree(tmp_path), clock)
    async with asking(sat) as (app, pilot, _):
        await pilot.press("f4")
        await seen(pilot, "review")
        await pilot.press("c")
        clock.now += 615
        await pilot.pause(0.2)
        await pilot.press("escape")
        clock.now += 605
        await seen(pilot, "defaults are taken in 25 s")
        await pilot.press("c")
        clock.now += 631
        await until(pilot, lambda: app.return_code is not None)
        assert app.return_value == 0


async def test_an_answer_that_cannot_stay_alone_is_taken_back(tmp_path: Path, clock: Clock) -> None:
    """A person wanted a fixed address, and went away before giving one."""
    sat = at(tree(tmp_path), clock, devices=SERIAL)
    async with asking(sat) as (app, pilot, _):
        wanted: dict[str, Value] = {"network": "static"}
        while wanted:
            await give(app, pilot, sat, wanted)
        clock.now += 631
        await until(pilot, lambda: app.return_code is not None)
    assert sat.flow.values()["network"] == "dhcp"


async def test_what_only_a_person_can_say_is_told(tmp_path: Path, clock: Clock) -> None:
    """A file said half of it: whoever wrote that wants no other network."""
    sat = at(tree(tmp_path), clock)
    sat.flow.give("network", "static", Source.FILE)
    async with asking(sat) as (app, pilot, first):
        clock.now += 31
        await until(pilot, lambda: app.return_code is not None)
    assert first.unanswered is not None
    assert "Address: " in first.unanswered.message


# What a person meets


async def test_back_keeps_answers_and_first_asks_to_leave(tmp_path: Path, clock: Clock) -> None:
    sat = at(tree(tmp_path), clock)
    async with asking(sat) as (app, pilot, _):
        await pilot.press("down", "enter")
        await seen(pilot, "2 of 6", "Role")
        await pilot.press("escape")
        await seen(pilot, "1 of 6", ">   English (US, intl.")
        await pilot.press("escape")
        await seen(pilot, "Quit?", "Nothing was changed.")
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
        assert app.return_value == STOPPED


async def test_the_default_and_its_reason(tmp_path: Path, clock: Clock) -> None:
    (root := tree(tmp_path)).joinpath("etc/hostname").write_text("lab-7\n")
    sat = at(root, clock, "kameleon.timezone=Europe/Paris kameleon.role=king")
    async with asking(sat) as (_, pilot, _):
        await seen(pilot, "Default: English (US) (it is what most firmware", "kameleon.role='king'")
        await pilot.press("enter", "enter")
        await seen(pilot, "Default: lab-7 (detected: the system is called so).")
        await pilot.press("enter")
        await seen(pilot, "> Europe/Paris", "Default: Europe/Paris (kernel command line")
        await pilot.press("f4")
        assert "kernel command line" in next(
            line for line in (await seen(pilot, "Apply:")).splitlines() if "Time zone" in line
        )


async def test_a_wrong_answer_says_why_and_stays(tmp_path: Path, clock: Clock) -> None:
    sat = at(tree(tmp_path), clock)
    async with asking(sat) as (_, pilot, _):
        await pilot.press("enter", "enter")
        await seen(pilot, "Host name")
        await pilot.press("underscore", "enter")
        await seen(pilot, "Host name", "kameleon_")
        await pilot.press("backspace", "enter")
        await seen(pilot, "Time zone", "4 of 6")


async def test_several_lines(tmp_path: Path, clock: Clock) -> None:
    sat = at(tree(tmp_path), clock)
    sat.flow.go("ssh_keys")
    async with asking(sat) as (app, pilot, _):
        await pilot.press(*map(named, "nonsense"), "enter")
        await seen(pilot, "A public key is")
        await pilot.press("ctrl+u")
        for number in "123":
            await paste(app, pilot, KEY + number)
            await pilot.press("enter")
        await seen(pilot, "oar@head1", "oar@head3")
        await pilot.press("down", "down", "delete")
        await until(pilot, lambda: "oar@head2" not in text(app))
        await pilot.press("enter")
        await seen(pilot, "Apply:")
    assert sat.flow.values()["ssh_keys"] == (f"{KEY}1", f"{KEY}3")


def many_layouts(root: Path) -> None:
    names = ["Arabic", "Czech", "Danish", "Finnish", "German", "Greek", "Italian", "Polish", "Turkish", "Español"]
    more = [f"  {chr(97 + at)}x  {name} {chr(65 + at)}" for at, name in enumerate(names * 2)]
    rules = root / "usr/share/X11/xkb/rules/base.lst"
    rules.write_text(rules.read_text().replace("! layout\n", "\n".join(["! layout", *more, ""])))


async def test_long_lists_are_searched_by_typing_and_opened(tmp_path: Path, clock: Clock) -> None:
    many_layouts(root := tree(tmp_path))
    sat = at(root, clock)
    async with asking(sat) as (app, pilot, _):
        await seen(pilot, "choices; type to search, Right and Left: more and less", "> English (US)")
        assert "intl" not in text(app)
        await pilot.press("right")
        await seen(pilot, "English (US, intl., with dead keys)")
        await pilot.press("left")
        await until(pilot, lambda: "intl" not in text(app))
        await pilot.press(*"espanol")
        await seen(pilot, "search: espanol_  (2 of", "> Español J")
        await pilot.press(*["backspace"] * 6, "escape", *"fr")
        screen = await seen(pilot, "search: fr_")
        found = [line.strip(" >") for line in screen.splitlines()[4:] if line.startswith("   ") or " > " in line[:4]]
        assert found[:3] == ["French", "French (alt.)", "French (Switzerland)"]
        await pilot.press("down", "enter")
        await seen(pilot, "2 of 6")
        assert sat.flow.values()["keymap"] == "fr:oss"
        await pilot.press("escape")
        await seen(pilot, ">   French (alt.)")


async def test_what_is_not_there_is_not_searched_for(tmp_path: Path, clock: Clock) -> None:
    many_layouts(root := tree(tmp_path))
    async with asking(at(root, clock)) as (_, pilot, _):
        await pilot.press(*"fr", "q", "x")
        await seen(pilot, "search: fr_", "> French")


async def test_a_layout_is_tried_while_it_is_loaded(tmp_path: Path, clock: Clock) -> None:
    keys, sat = Keys(), at(tree(tmp_path), clock)
    async with asking(sat, keys=keys) as (_, pilot, _):
        await seen(pilot, "F2 Try it")
        await pilot.press("down", "down", "f2")
        await seen(pilot, "French", "It counts now")
        await pilot.press("a", "escape")
        await until(pilot, lambda: keys.loaded == ["fr", ""])
        await seen(pilot, "1 of 6")
        await pilot.press("f2")
        await seen(pilot, "It counts now")
        await pilot.press("a", "enter")
        await seen(pilot, "2 of 6")
        assert keys.loaded == ["fr", "", "fr"]
        assert sat.flow.values()["keymap"] == "fr"


async def test_a_serial_line_has_no_layout_to_try(tmp_path: Path, clock: Clock) -> None:
    async with asking(at(tree(tmp_path), clock)) as (app, pilot, _):
        assert "F2" not in text(app)
        await pilot.press("f2")
        assert "1 of 6" in text(app)


async def test_a_cable_that_is_plugged_in_is_seen(tmp_path: Path, clock: Clock) -> None:
    now = [Devices((), (NO_CABLE,), leased=False)]
    known = readers()
    sat = sit_down(
        tree(tmp_path), command_line="", readers=type(known)(known.machine, lambda: now[0]), clock=clock
    )  # fmt: skip
    sat.flow.go("network")
    async with asking(sat) as (_, pilot, _):
        await seen(pilot, "eth1: 52:54:00:ab:cd:f0, no cable")
        await pilot.press("down")
        now[0] = Devices((), (NO_CABLE, CABLE), leased=False)
        await seen(pilot, "eth0: A network card", "a cable is in", "> A fixed address")


async def test_the_review_tells_each_source_and_all_that_will_be_done(tmp_path: Path, clock: Clock) -> None:
    sat = at(tree(tmp_path, graphical=True), clock, "kameleon.hostname=head")
    async with asking(sat) as (app, pilot, _):
        await pilot.press("down", "enter", "f4")
        screen = await seen(pilot, "Apply: show the plan", "what will be done")
        rows = [line.split() for line in screen.splitlines()]
        assert ["Keyboard", *"English (US, intl., with dead keys)".split(), "person"] in rows
        assert ["Screen", "Graphical", "session", "detected"] in rows
        assert ["Host", "name", "head", "kernel", "command", "line"] in rows
        await pilot.press("c", "end")
        await seen(pilot, "INSERT INTO")
        await pilot.press("escape")
        await move(app, pilot, "hostname")
        await pilot.press("enter", "2", "enter")
        await seen(pilot, "head2", "review")
        await pilot.press("escape")
        await seen(pilot, "7 of 7")


# Sizes, and any keys

SIZES = [(40, 12), (200, 60), (60, 16), (80, 24)]


@pytest.mark.parametrize("name", ["keymap", "x", "role", "hostname", "timezone", "ssh_keys", "granularity", None])
async def test_resized_at_each_question(tmp_path: Path, clock: Clock, name: str | None) -> None:
    many_layouts(root := tree(tmp_path, graphical=True))
    sat = at(root, clock)
    sat.flow.go(name)
    async with asking(sat) as (app, pilot, _):
        for columns, rows in SIZES:
            await pilot.resize_terminal(columns, rows)
            await pilot.pause(0.1)
            screen = lines(app)
            assert len(screen) == rows
            column, row = app.cursor_position
            # The terminal's cursor is where the focus is: on a row that begins with its mark, or in the line to type.
            title = "Apply" if name is None else sat.flow.current.title  # type: ignore[union-attr]
            assert any(title in line for line in screen)
            if screen[row].lstrip().startswith(">"):
                assert screen[row][column] == ">"
            else:
                assert name in ("hostname", "ssh_keys")
                assert "kameleon" in screen[row] or name == "ssh_keys"
            assert "F10 Quit" in screen[-1]
            assert any("Defaults in 30 s" in line or "are taken in 30 s" in line for line in screen)


KEYS = (
    "up down left right enter escape tab home end pageup pagedown f1 f2 f4 f5 backspace delete space a c q s f".split()
)


@pytest.mark.parametrize("seed", range(4))
async def test_any_keys(tmp_path: Path, clock: Clock, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, sizes, a clock that jumps, in any order: nothing fails, there is a way out, the answers are possible."""
    chance = random.Random(seed)
    many_layouts(root := tree(tmp_path, graphical=True))
    sat = at(root, clock)
    async with asking(sat, keys=Keys()) as (app, pilot, _):
        with monkeypatch.context() as patch:
            patch.setattr(KameleonApp, "exit", lambda *words, **named: None)
            for _ in range(60):
                what = chance.random()
                if what < 0.1:
                    await pilot.resize_terminal(chance.randint(1, 200), chance.randint(1, 60))
                elif what < 0.15:
                    clock.now += chance.choice([1, 20, 599])
                else:
                    await pilot.press(chance.choice(KEYS))
        assert sat.flow.problems() == []
        await pilot.resize_terminal(80, 24)
        for _ in range(8):
            if "Quit?" in text(app):
                break
            await pilot.press("f10")
            await pilot.pause(0.1)
        await pilot.press("home", "enter")
        await until(pilot, lambda: app.return_code is not None, "the way out")
