"""The first boot as it goes, on a recorded run: with a person, and with nobody."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import work
from textual.screen import Screen

from tests.tui.recorded import Recorder, control_server
from tests.tui.screen import seen, showing, text, until
from wizard.engine.runs import Run
from wizard.tui.firstboot_run import StartedFirstBoot, _mark
from wizard.tui.screens.firstboot_apply import ApplyScreen

SHAPE = [("setup", "secrets", ["keys"]), ("setup", "server", ["database", "services"])]
DONE = "kameleon: first boot done: role=both host=head resources=4"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Before(Screen[None]):
    """What the screen is shown on; says when it came back."""

    def __init__(self, above: ApplyScreen) -> None:
        super().__init__()
        self.above, self.came_back = above, False

    def on_mount(self) -> None:
        self.go()

    @work
    async def go(self) -> None:
        await self.app.push_screen_wait(self.above)
        self.came_back = True


class Boot:
    """A first boot's process, as far as its screen sees it."""

    def __init__(self, path: Path, *, earlier: bool = False) -> None:
        if earlier:
            old = Recorder(path, "firstboot", SHAPE)
            old.begin()
            old.start(0)
            old.fail(0)
            old.end("failed", 1, message="an earlier end")
        self.process = subprocess.Popen(["sleep", "600"])
        self.said, self.stderr = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        state = path / "handed" / "answers.json"
        state.parent.mkdir()
        state.write_text("{}")
        run = Run(path / "firstboot")
        self.front = tempfile.TemporaryFile()
        self.started = StartedFirstBoot(
            run, self.process, self.stderr, self.said, state, self.front, _mark(run.path / "events.jsonl")
        )
        self.recorder = object.__new__(Recorder) if earlier else Recorder(path, "firstboot", SHAPE)
        if earlier:
            self.recorder.__dict__.update(old.__dict__)

    def ends(self, *lines: str, status: int = 0, complaint: str = "") -> None:
        """The process prints its last lines and is gone."""
        self.said.write("".join(f"{line}\n" for line in lines).encode())
        self.said.flush()
        self.stderr.write(complaint.encode())
        self.stderr.flush()
        self.process.kill()
        self.process.wait()
        self.process.returncode = status


@pytest.fixture
def boot(tmp_path: Path) -> Iterator[Boot]:
    made = Boot(tmp_path)
    yield made
    finish(made)


def finish(made: Boot) -> None:
    made.recorder.let_go()
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    for stream in (made.said, made.stderr, made.front):
        stream.close()


async def test_a_person_watches_it_to_its_end(boot: Boot) -> None:
    async with showing(Before(ApplyScreen(boot.started))) as (app, pilot):
        boot.recorder.begin()
        boot.recorder.do(0, "making keys\n")
        boot.recorder.start(1)
        await seen(pilot, "kameleon-tui: first boot", "running", "database")
        boot.recorder.finish(1, 1)
        boot.recorder.do(2)
        boot.recorder.end()
        await seen(pilot, "done")
        boot.ends("something else", DONE, "kameleon: OAR's state is here")
        await seen(pilot, DONE, "OAR's state is here")
        assert "something else" not in text(app)
        assert app.return_code is None
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
        assert app.return_value == 0
        assert app.farewell == [DONE, "kameleon: OAR's state is here"]
    assert not boot.started.state.exists()


async def test_nobody_there_leaves_the_terminal_at_once(boot: Boot) -> None:
    async with showing(Before(ApplyScreen(boot.started, attended=False))) as (app, pilot):
        boot.recorder.begin()
        for step in range(3):
            boot.recorder.do(step)
        boot.recorder.end()
        boot.ends(DONE)
        await until(pilot, lambda: app.return_code is not None)
        assert (app.return_value, app.farewell) == (0, [DONE])


async def test_a_failure_that_nobody_looks_at_ends_it(boot: Boot) -> None:
    clock = Clock()
    with control_server(boot.recorder) as control:
        async with showing(Before(ApplyScreen(boot.started, attended=False, clock=clock))) as (app, pilot):
            boot.recorder.begin()
            clock.now += 1000  # long steps
            boot.recorder.start(0)
            boot.recorder.fail(0)
            await seen(pilot, "Nobody decides: it ends in 30 s; a key stops this.", "> r  Retry")
            clock.now += 29
            await seen(pilot, "it ends in 1 s")
            assert control.words == []
            clock.now += 2
            await until(pilot, lambda: control.words == ["abort"])
            boot.recorder.end("failed", 1, message="exit status 100")
            boot.ends("kameleon: first boot failed at secrets/keys: exit status 100", status=1)
            await until(pilot, lambda: app.return_code is not None)
            assert app.return_value == 1
            assert app.farewell[0].startswith("kameleon: first boot failed")
            assert control.words == ["abort"]


async def test_a_key_holds_it_for_ten_minutes(boot: Boot) -> None:
    clock = Clock()
    with control_server(boot.recorder) as control:
        async with showing(Before(ApplyScreen(boot.started, attended=False, clock=clock))) as (app, pilot):
            boot.recorder.begin()
            boot.recorder.start(0)
            boot.recorder.fail(0)
            await seen(pilot, "it ends in 30 s")
            clock.now += 29.9
            await pilot.press("down")
            clock.now += 590
            await pilot.pause(0.3)
            assert "Nobody decides" not in text(app)
            clock.now += 20
            await seen(pilot, "Nobody decides: it ends in")
            assert control.words == []
            await pilot.press("s")
            await until(pilot, lambda: control.words == ["skip"])


async def test_what_an_earlier_process_said_is_not_its_word(tmp_path: Path) -> None:
    boot = Boot(tmp_path, earlier=True)
    try:
        async with showing(Before(ApplyScreen(boot.started))) as (app, pilot):
            await pilot.pause(0.3)
            assert "earlier" not in text(app)
            assert "FAILED" not in text(app)
            boot.recorder.begin(done=[])
            boot.recorder.start(0)
            await seen(pilot, "running", "keys")
            assert app.return_code is None
    finally:
        finish(boot)


async def test_all_was_done_by_an_earlier_process(boot: Boot) -> None:
    async with showing(Before(ApplyScreen(boot.started))) as (app, pilot):
        boot.ends(DONE)
        await until(pilot, lambda: app.return_code is not None)
        assert (app.return_value, app.farewell) == (0, [DONE])


async def test_it_does_not_start(boot: Boot) -> None:
    before = Before(ApplyScreen(boot.started))
    async with showing(before) as (_, pilot):
        boot.ends(status=5, complaint="kameleon-tui: firstboot is running")
        await seen(pilot, "not started", "firstboot is running", "Esc: back to the review")
        await pilot.press("escape")
        await until(pilot, lambda: before.came_back)


async def test_it_does_not_start_and_nobody_is_there(boot: Boot) -> None:
    async with showing(Before(ApplyScreen(boot.started, attended=False))) as (app, pilot):
        boot.ends(status=5, complaint="kameleon-tui: firstboot is running")
        await until(pilot, lambda: app.return_code is not None)
        assert (app.return_value, app.farewell) == (5, ["kameleon-tui: firstboot is running"])
