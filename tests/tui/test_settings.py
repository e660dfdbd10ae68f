"""The output types, several at once, and the screen of settings, by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.screen import SIZE, lines, seen, showing, text, until
from wizard.flow.question import Source
from wizard.host.tools import tools_named
from wizard.tui.app import KameleonApp
from wizard.tui.screens.questions import QuestionsScreen
from wizard.tui.screens.review import ReviewScreen
from wizard.tui.screens.settings import SettingsScreen
from wizard.tui.setup import Setup, make_setup
from wizard.tui.widgets.choices import Choices

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEfgVUs0mbpNJ8rCCrQiQMVfT2qGLr3kCmMGCRKEsq8q me"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the person is, and is at home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def whole() -> Setup:
    """The wizard on a host that has everything."""
    setup = make_setup()
    setup.missing = lambda types: []
    setup.problems = lambda setup: []
    return setup


@asynccontextmanager
async def at_settings(size: tuple[int, int] = SIZE, **answers: Any) -> AsyncIterator[
    tuple[Setup, KameleonApp, Pilot[Any]]
]:  # fmt: skip
    setup = whole()
    for question, value in answers.items():
        setup.flow.go(question)
        assert setup.flow.answer(value) == ""
    setup.flow.go(None)
    async with showing(SettingsScreen(setup), size) as (app, pilot):
        yield setup, app, pilot


async def to(pilot: Pilot[Any], title: str) -> None:
    """Put the cursor on a setting."""
    await pilot.press("home")
    for _ in range(60):
        shown = next(line for line in lines(pilot.app) if line.startswith(" >"))  # type: ignore[arg-type]
        if shown.startswith(f" > {title}"):
            return
        await pilot.press("down")
    raise AssertionError(f"{title} is not there:\n{text(pilot.app)}")  # type: ignore[arg-type]


async def change(pilot: Pilot[Any], title: str, value: str) -> None:
    await to(pilot, title)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.query(Input))
    pilot.app.screen.query_one(Input).value = value
    await pilot.press("enter")


async def test_types_tell_what_they_make_and_what_this_machine_lacks() -> None:
    setup = whole()
    setup.missing = lambda types: tools_named(name for one in types for name in one.tools if name in ("xorriso", "xz"))
    async with showing(QuestionsScreen(setup)) as (_, pilot):
        await pilot.press("down", "enter", "enter")
        shown = await seen(pilot, "[Output]", "> [x] Compressed tar archive")
        [tar] = [line for line in shown.splitlines() if "[x] Compressed" in line]
        assert tar.endswith("lacks xz, default")
        assert "Missing on this machine: xz (package xz-utils)." in shown
        while "> [ ] Live ISO" not in text(pilot.app):  # type: ignore[arg-type]
            await pilot.press("down")
        shown = text(pilot.app)  # type: ignore[arg-type]
        [iso] = [line for line in shown.splitlines() if "[ ] Live ISO" in line]
        assert iso.endswith("lacks xorriso")
        assert "xorriso (package xorriso)" in shown
        assert "kameleon-tui doctor --install --for iso" in shown
        while "> [ ] Container image" not in text(pilot.app):  # type: ignore[arg-type]
            await pilot.press("down")
        assert "Its tools are on this machine: tar, pigz" in text(pilot.app)  # type: ignore[arg-type]


async def test_several_types_at_once_and_never_none() -> None:
    setup = whole()
    async with showing(QuestionsScreen(setup)) as (app, pilot):
        await pilot.press("down", "enter", "enter", "space", "enter")
        assert "Output: at least 1 must be chosen." in text(app)
        await pilot.press("space")
        while "> [ ] Live ISO" not in text(app):
            await pilot.press("down")
        await pilot.press("space", "enter")
        await seen(pilot, "[Kernel]", "What is built starts by itself")
        assert setup.flow.values()["types"] == ("tar", "iso")
        assert setup.command == "kameleon-tui build hello -g kernel:linux-image-amd64 --type tar iso"


async def test_enter_all_the_way_builds_the_default_appliance() -> None:
    setup = whole()
    async with showing(QuestionsScreen(setup)) as (app, pilot):
        await seen(pilot, "What shall be built?", "> OAR cluster, live")
        await pilot.press("enter")
        await seen(pilot, "[Distribution]", "> Debian 12 (bookworm)", "Debian 13 (trixie)")
        await pilot.press("enter")
        await seen(pilot, "[Output]", "> [x] Live ISO")
        await pilot.press("enter")
        await seen(pilot, "[Packages]")
        await pilot.press("enter")
        await seen(pilot, "[Settings]", "> Go on to the review")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        await seen(pilot, "kameleon-tui build debian-bookworm-x86_64-oar-2.5-iso", "> b  Build")
        assert setup.output_directory == "build/debian-bookworm-oar-cluster"


async def test_the_cluster_is_made_of_another_distribution() -> None:
    setup = whole()
    async with showing(QuestionsScreen(setup)) as (app, pilot):
        await pilot.press("enter")
        await seen(pilot, "[Distribution]")
        await pilot.press("down", "enter", "enter", "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        await seen(pilot, "kameleon-tui build debian-trixie-x86_64-oar-2.6-iso", "> b  Build")
        assert setup.output_directory == "build/debian-trixie-oar-cluster"


async def test_settings_are_names_and_values() -> None:
    async with at_settings() as (_, app, pilot):
        shown = lines(app)
        done = [word for name in ("Appliance", "Distribution", "Output", "Packages") for word in ("√", name)]
        assert shown[1].split() == [*done, "[Settings]", "Review"]
        assert any(line.split() == ["Host", "name", "kameleon", "default"] for line in shown)
        await to(pilot, "Host name")
        assert "The global hostname. Default: kameleon (the recipe's own)." in text(app)


async def test_a_setting_is_typed_checked_and_set_back() -> None:
    async with at_settings() as (setup, app, pilot):
        await change(pilot, "Host name", "no such name")
        await seen(pilot, "A host name has letters, digits and hyphens only")
        app.screen.query_one(Input).value = "web"
        await pilot.press("enter")
        await seen(pilot, "Host name          web", "changed")
        assert setup.flow.answers()["hostname"].source is Source.PERSON
        assert setup.name == "web"
        await pilot.press("delete")
        await seen(pilot, "Host name          kameleon")
        assert "changed" not in text(app)
        await pilot.press("enter", "escape")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        assert setup.flow.values()["hostname"] == "kameleon"
        # Typing what stands there already changes nothing.
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query(Input))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        assert "changed" not in text(app)


async def test_a_setting_is_made_empty() -> None:
    async with at_settings(packages="nano") as (setup, app, pilot):
        await change(pilot, "Other packages", "")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        assert setup.flow.values()["packages"] == ""


async def test_keys_come_from_a_file(here: Path) -> None:
    (here / "id.pub").write_text(f"{KEY}\n")
    async with at_settings() as (setup, app, pilot):
        await change(pilot, "SSH keys", "~/nothere.pub")
        await seen(pilot, "neither a public key")
        app.screen.query_one(Input).value = "~/id.pub"
        await pilot.press("enter")
        await seen(pilot, "SSH keys           ssh-ed25519 AAAA")
        assert setup.flow.values()["ssh_keys"] == (KEY,)


async def test_a_directory_is_kept_with_its_whole_path(here: Path) -> None:
    (here / "mine").mkdir()
    async with at_settings() as (setup, _, pilot):
        await change(pilot, "Files of yours", "mine")
        await seen(pilot, "Files of yours     /")
        assert setup.flow.values()["overlay"] == str(here / "mine")


async def test_one_of_a_few_is_chosen() -> None:
    async with at_settings(appliance="minimal", types=("tar",)) as (setup, app, pilot):
        await to(pilot, "Compression of archives")
        await pilot.press("enter")
        await seen(pilot, "How archives are compressed.", "tar: zst (default)")
        await pilot.press("end", "enter")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        assert setup.flow.values()["archive_compression"] == "xz"
        await pilot.press("enter")
        await seen(pilot, "How archives are compressed.")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        assert setup.flow.values()["archive_compression"] == "xz"


async def test_options_of_the_types_chosen_are_settings() -> None:
    async with at_settings(appliance="minimal", types=("oci",)) as (setup, app, pilot):
        await to(pilot, "oci_command")
        assert "oci: what a container of it runs" in text(app)
        await change(pilot, "oci_command", "/bin/bash -l")
        await seen(pilot, "/bin/bash -l")
        assert "oci_command:/bin/bash -l" in setup.command
    async with at_settings(appliance="minimal") as (_, app, _):
        assert "oci_command" not in text(app)


async def test_esc_goes_back_to_the_last_question_and_f10_asks() -> None:
    setup = whole()
    async with showing(QuestionsScreen(setup)) as (app, pilot):
        await pilot.press("enter", "enter", "enter", "enter")
        await seen(pilot, "> Go on to the review")
        await pilot.press("f1")
        await seen(pilot, "Help: settings")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        await pilot.press("f10")
        await seen(pilot, "Quit?")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        await pilot.press("escape")
        await seen(pilot, "[Packages]")
        assert isinstance(app.screen, QuestionsScreen)


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (132, 43), (200, 60), (20, 5)])
async def test_at_every_size(size: tuple[int, int]) -> None:
    async with at_settings(size, appliance="minimal", types=("tar", "iso")) as (_, app, pilot):
        assert all(len(line) <= size[0] for line in lines(app))
        if size >= (40, 12):
            assert "> Go on to the review" in text(app)
            await pilot.press("end")
            items = app.screen.query_one(Choices).items
            assert f"> {items[-1].title.split('  ')[0]}" in text(app)
            await pilot.press("up")
            await pilot.resize_terminal(80, 24)
            await until(pilot, lambda: f"> {items[-2].title.split('  ')[0]}" in text(app))
