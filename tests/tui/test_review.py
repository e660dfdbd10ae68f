"""The review: what is shown, saved and started."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.screen import seen, showing, text, until
from wizard.tui import launch
from wizard.tui.app import KameleonApp
from wizard.tui.screens.review import ReviewScreen, coloured
from wizard.tui.setup import Setup, check_output, host_problems, make_setup


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@asynccontextmanager
async def reviewing(setup: Setup | None = None, size: tuple[int, int] = (80, 24)) -> AsyncIterator[
    tuple[Setup, KameleonApp, Pilot[Any]]
]:  # fmt: skip
    if setup is None:
        setup = make_setup()
        setup.problems = lambda setup: []
    async with showing(ReviewScreen(setup), size) as (app, pilot):
        yield setup, app, pilot


async def type_over(pilot: Pilot[Any], words: str) -> None:
    """Replace what stands in the dialog's line, and confirm."""
    await until(pilot, lambda: pilot.app.screen.query(Input))
    pilot.app.screen.query_one(Input).value = words
    await pilot.press("enter")


async def test_recipe_command_and_place_are_shown() -> None:
    async with reviewing() as (setup, _, pilot):
        shown = await seen(pilot, "recipe", "The same without questions:")
        for line in setup.recipe.splitlines()[:8]:
            assert line in shown
        assert setup.command.split()[:3] == ["kameleon-tui", "build", setup.base.recipe]
        assert "kameleon-tui build" in shown
        assert f"Output directory: build/{setup.name}" in shown


async def test_save_asks_a_name_and_writes_the_recipe(here: Path) -> None:
    async with reviewing() as (setup, _, pilot):
        await pilot.press("s")
        await type_over(pilot, "sub/mine.yaml")
        await seen(pilot, "saved as sub/mine.yaml", "Output directory: build/mine")
        assert (here / "sub/mine.yaml").read_text() == setup.recipe
        assert setup.kept == here / "sub/mine.yaml"


async def test_save_never_replaces_silently(here: Path) -> None:
    (here / "mine.yaml").write_text("precious\n")
    async with reviewing() as (setup, app, pilot):
        await pilot.press("s")
        await type_over(pilot, "mine.yaml")
        await seen(pilot, "The file exists", "is lost")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query("#yaml"))
        assert (here / "mine.yaml").read_text() == "precious\n"
        await pilot.press("s")
        await type_over(pilot, "mine.yaml")
        await seen(pilot, "The file exists")
        await pilot.press("r")
        await until(pilot, lambda: (here / "mine.yaml").read_text() == setup.recipe)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "Type a file name"),
        ("mine.txt", "ends in .yaml"),
        ("debian-bookworm-x86_64-oar-2.5-iso.yaml", "It extends debian-"),
    ],
)
async def test_names_that_will_not_do(name: str, reason: str) -> None:
    async with reviewing() as (setup, _, pilot):
        await pilot.press("s")
        await type_over(pilot, name)
        await seen(pilot, reason)
        assert setup.saved is None


async def test_a_recipe_that_cannot_be_written_says_why(here: Path) -> None:
    (here / "file").write_text("")
    async with reviewing() as (_, _, pilot):
        await pilot.press("s")
        await type_over(pilot, "file/mine.yaml")
        await seen(pilot, "Not saved")


def test_a_saved_recipe_counts_only_while_it_is_this_one(here: Path) -> None:
    setup = make_setup()
    assert setup.save(here / "a.yaml") == ""
    assert setup.kept == here / "a.yaml"
    setup.flow.go("hostname")
    assert setup.flow.answer("other") == ""
    assert setup.kept is None
    assert setup.save(here / "a.yaml") == f"{here}/a.yaml exists."


async def test_the_output_directory_is_typed(here: Path) -> None:
    (here / "file").write_text("")
    async with reviewing() as (setup, _, pilot):
        await pilot.press("o")
        await type_over(pilot, "file")
        await seen(pilot, "is not a directory")
        await type_over(pilot, "~/images")
        await seen(pilot, "Output directory: ~/images")
        assert setup.output_path == Path.home() / "images"


async def test_nothing_starts_while_something_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "start_build", lambda *_: pytest.fail("started"))
    setup, found = make_setup(), ["This machine lacks mmdebstrap. Install: apt-get install mmdebstrap"]
    setup.problems = lambda setup: list(found)
    async with reviewing(setup) as (_, app, pilot):
        await seen(pilot, "! This machine lacks mmdebstrap.")
        await pilot.press("b")
        await seen(pilot, "Not yet", "Mend that")
        await pilot.press("escape")
        found.clear()
        await pilot.press("down", "up")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))


def test_the_host_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = make_setup()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("wizard.host.tools._SBIN", "/nowhere")
    problems = host_problems(setup)
    assert "mmdebstrap" in problems[0]
    assert "apt-get install" in problems[0]
    assert problems[-1].startswith("a build needs root")
    assert "Quit (F10), then as root: " in problems[-1]


def test_output_checks(here: Path) -> None:
    assert check_output("new/deep/er") == ""
    assert "empty" in check_output(" ")
    (here / "file").write_text("")
    assert "is not a directory" in check_output("file")
    assert "cannot be written" in check_output("file/below")


def test_build_is_started_as_a_process_of_its_own(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started, with which words, session, stdin and stderr: seen from inside the process."""
    stub = here / "python"
    stub.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@" >"$OUT.args"\nps -o sid= -p $$ >"$OUT.sid"; echo $$ >"$OUT.pid"\n'
        'read -r line; echo "read=$?" >>"$OUT.args"\nprintf "mended\\033[2J by you" >&2\nexit 3\n'
    )
    stub.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(stub))
    monkeypatch.setenv("OUT", str(here / "out"))
    started = launch.start_build("extend: hello\n", "it's $(mine)", here / "to here", None)
    assert started.process.wait(10) == 3
    assert started.failed_to_start
    assert started.complaint == "mended by you"
    started.close()
    words = (here / "out.args").read_text().splitlines()
    assert words[:4] == ["-P", "-m", "wizard", "build"]
    recipe = Path(words[4])
    assert (recipe.name, recipe.read_text()) == ("it's $(mine).yaml", "extend: hello\n")
    assert words[5:] == [
        "--run-id", started.run.name, "--output", str(here / "to here"), "--on-failure", "ask", "read=1",
    ]  # fmt: skip
    assert (here / "out.sid").read_text().strip() == (here / "out.pid").read_text().strip()


def test_yaml_stays_as_it_is() -> None:
    recipe = make_setup().recipe
    assert coloured(recipe).plain == recipe


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (200, 60), (20, 5)])
async def test_at_every_size(size: tuple[int, int]) -> None:
    async with reviewing(size=size) as (_, app, pilot):
        await pilot.press("down", "up")
        if size >= (40, 12):
            assert "> b  Build" in text(app)
