"""The build screen on recorded runs: what it shows, and what a person's keys make it ask."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tui.recorded import Control, Recorder, control_server
from tests.tui.screen import lines, seen, showing, text, until
from wizard.engine import edited
from wizard.tui import launch
from wizard.tui.app import KameleonApp
from wizard.tui.screens.build import BuildScreen
from wizard.tui.screens.questions import QuestionsScreen
from wizard.tui.setup import make_setup
from wizard.tui.widgets.log import LogView
from wizard.tui.widgets.steps import Steps


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path)
    yield made
    made.let_go()


@pytest.fixture
def control(recorder: Recorder) -> Iterator[Control]:
    with control_server(recorder) as served:
        yield served


def screen_of(recorder: Recorder) -> BuildScreen:
    return BuildScreen(recorder.run, clock=recorder.clock)


def half(recorder: Recorder) -> None:
    """Five steps done, `packages` running for 5 s."""
    recorder.begin()
    for step in range(5):
        recorder.do(step, f"output of {step}\n")
    recorder.start(5)
    recorder.say(5, "Reading package lists...\n")
    recorder.now += 5


async def test_a_running_build(recorder: Recorder) -> None:
    half(recorder)
    async with showing(screen_of(recorder), (80, 34)) as (app, pilot):
        await seen(pilot, "Reading package lists...")
        shown = lines(app)
        assert shown[0].split("  ")[0] == " kameleon-tui: hello"
        assert shown[0].endswith("running · 12s")
        assert "] 5 of 9 steps  configure/packages" in shown[1]
        assert re.search(r"^  √ bootstrap: debian +4\.5s", text(app), re.MULTILINE)
        assert re.search(r"^    √ make_root +1\.5s", text(app), re.MULTILINE)
        assert re.search(r"^>   > packages +5\.0s", text(app), re.MULTILINE)
        assert re.search(r"^    · clean_apt$", text(app), re.MULTILINE)
        recorder.now += 2
        recorder.say(5, "Get:1 less\n")
        await seen(pilot, "Get:1 less", "7.0s")


async def test_the_log_follows_until_the_person_moves(recorder: Recorder) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "output: configure/packages (following)")
        await pilot.press("up")
        await seen(pilot, "output: configure/locales ", "output of 4")
        recorder.finish(5, 1)
        recorder.start(6)
        recorder.say(6, "cleaning\n")
        await asyncio.sleep(0.5)
        await seen(pilot, "output of 4")
        await pilot.press("f")
        await seen(pilot, "output: configure/clean_apt (following)", "cleaning")


async def test_a_macrosteps_row_shows_its_whole_log(recorder: Recorder) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "following")
        await pilot.press("home")
        await seen(pilot, "output: debian ", "output of 0", "output of 2")


async def test_folding(recorder: Recorder) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "make_root")
        await pilot.press("home", "left")
        assert "bootstrap: debian (+3)" in text(app)
        assert "make_root" not in text(app)
        await pilot.press("right")
        assert "make_root" in text(app)


async def test_a_hundred_megabytes_are_shown_by_their_end(recorder: Recorder) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "Reading")
        recorder.say(5, b"z" * 79 + b"\n" + (b"y" * 99 + b"\n") * 1_000_000 + b"\x1b[31mthe very end\n")
        await seen(pilot, "the very end")
        view = app.screen.query_one(LogView)
        assert view.virtual_size.height < 10_000
        await pilot.press("tab", "home")
        await seen(pilot, "(earlier lines are in the log only)")


async def test_reading_back_is_not_disturbed_by_what_comes(recorder: Recorder) -> None:
    half(recorder)
    recorder.say(5, "".join(f"line {number}\n" for number in range(200)))
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "line 199")
        await pilot.press("l", "home")
        await seen(pilot, "line 3\n")
        assert "make_root" not in text(app), "l: the output has the whole screen"
        recorder.say(5, "something new\n")
        await asyncio.sleep(0.5)
        assert "line 3\n" in text(app)
        await pilot.press("end")
        await seen(pilot, "something new")
        await pilot.press("escape")
        await seen(pilot, "─ steps ─", "something new")


async def test_breakpoints_are_toggled_on_the_tree(recorder: Recorder, control: Control) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "following")
        await pilot.press("end", "b")
        await until(pilot, lambda: control.taken == [{"do": "break", "step": 8}])
        assert "B" not in re.sub("[^B]", "", lines(app)[12]), "it is shown when the run says so"
        recorder.event("breakpoints", steps=[8])
        await until(pilot, lambda: re.search(r"^>   · checksum +B", text(app), re.MULTILINE))
        await pilot.press("b")
        await until(pilot, lambda: control.taken[1:] == [{"do": "unbreak", "step": 8}])
        recorder.event("breakpoints", steps=[])
        await until(pilot, lambda: not re.search(r"checksum +B", text(app)))


async def test_pause_and_stop(recorder: Recorder, control: Control) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "following")
        await pilot.press("p")
        await until(pilot, lambda: control.words == ["pause"])
        recorder.event("pausing", on=True)
        await seen(pilot, "pausing ·")
        recorder.finish(5, 1)
        recorder.stop_at(6, "pause")
        await seen(pilot, "Stopped before configure/clean_apt (paused).", "c  Continue")
        recorder.decide(6, "continue")
        recorder.event("pausing", on=False)
        recorder.start(6)
        await seen(pilot, "running ·")
        await pilot.press("t")
        await seen(pilot, "Stop?", "the work is kept")
        await pilot.press("g")
        await pilot.pause()
        await pilot.press("t")
        await seen(pilot, "Stop?")
        await pilot.press("t")
        await until(pilot, lambda: control.words == ["pause", "stop"])


async def test_a_refusal_is_shown(recorder: Recorder, control: Control) -> None:
    half(recorder)
    control.refuse["pause"] = "the run does not wait"
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "following")
        await pilot.press("p")
        await seen(pilot, "pause: not taken: the run does not wait")


async def test_a_failure_shows_its_facts(recorder: Recorder) -> None:
    half(recorder)
    recorder.say(5, "E: Unable to locate package openssh-server\n")
    recorder.fail(5)
    async with showing(screen_of(recorder)) as (app, pilot):
        shown = await seen(pilot, "┌─ failed ─")
        for words in (
            "FAILED, waiting ·", ">   x packages", "configure/packages: exit status 100",
            "command 2 of 2 (exec_in)  recipes/steps/setup/packages.yaml:12",
            "line 2: apt-get install -y openssh-server", "E: Unable to locate package openssh-server",
            "> r  Retry", "  e  Edit and retry", "  s  Skip", "  h  Shell", "  t  Stop", "  a  Abort",
        ):  # fmt: skip
            assert words in shown
        assert app.focused is not None
        assert app.focused.id == "decisions"


async def test_long_facts_leave_room_for_the_choices(recorder: Recorder) -> None:
    half(recorder)
    path = "recipes/" + "deep/" * 30 + "packages.yaml"
    script = "\n".join(f"echo line {number} " + "x" * 100 for number in range(20))
    recorder.fail(5, shell_text=script, file=path, reason="exit status 100; no space left in " + "/var" * 40)
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "> r  Retry", "  a  Abort", "no space left", "─ steps ─", "─ output: ")


@pytest.mark.parametrize(
    ("keys", "word"),
    [(["enter"], "retry"), (["r"], "retry"), (["s"], "skip"), (["down", "down", "enter"], "skip"), (["t"], "stop"),
     (["a"], "abort"), (["end", "enter"], "abort"), (["tab", "tab", "tab", "a"], "abort")],
)  # fmt: skip
async def test_what_is_chosen_at_a_failure_is_asked(
    recorder: Recorder, control: Control, keys: list[str], word: str
) -> None:
    half(recorder)
    recorder.fail(5)
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "> r  Retry")
        await pilot.press(*keys)
        await until(pilot, lambda: control.taken == [{"do": word}])


async def test_after_a_retry_the_panel_goes(recorder: Recorder, control: Control) -> None:
    half(recorder)
    recorder.fail(5)
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "> r  Retry")
        await pilot.press("r")
        await until(pilot, lambda: control.words == ["retry"])
        recorder.decide(5, "retry")
        recorder.start(5, attempt=2)
        await seen(pilot, "packages (attempt 2)", "running ·")
        assert "Retry" not in text(app)
        await pilot.press("r", "a", "c", "h", "e")
        await asyncio.sleep(0.3)
        assert control.words == ["retry"], "the keys of choices do nothing when nothing is asked"


@pytest.mark.parametrize(("key", "word"), [("c", "continue"), ("enter", "continue"), ("s", "skip"), ("t", "stop")])
async def test_what_is_chosen_at_a_breakpoint(recorder: Recorder, control: Control, key: str, word: str) -> None:
    half(recorder)
    recorder.finish(5, 1)
    recorder.stop_at(6)
    async with showing(screen_of(recorder)) as (app, pilot):
        shown = await seen(pilot, "Stopped before configure/clean_apt (breakpoint).")
        assert "Retry" not in shown
        assert ">   · clean_apt" in shown
        await pilot.press(key)
        await until(pilot, lambda: control.taken == [{"do": word}])
        assert app.return_code is None


class Outside:
    """Stands for the terminal that a Pilot does not have: what is done in the screen's place is noted, and done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands: list[list[str]] = []
        monkeypatch.setattr(KameleonApp, "outside", lambda app, do: do())
        for module in ("wizard.engine.edited", "wizard.tui.screens.actions"):
            monkeypatch.setattr(f"{module}.run_in_front", self.start)

    def start(self, command: list[str], keyboard: int = 0, screen: int = 1) -> int:
        assert (keyboard, screen) == (0, 2)
        self.commands.append(list(command))
        return subprocess.run(command).returncode if command[0] != sys.executable else 0


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    return Outside(monkeypatch)


def editing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    """EDITOR: a script that writes the next of `texts` over the file."""
    for number, words in enumerate(texts):
        (tmp_path / f"text{number}").write_text(words)
    script = tmp_path / "edit"
    script.write_text(
        f'#!/bin/sh\ncd {tmp_path}; n=$(cat count 2>/dev/null || echo 0); cat "text$n" >"$1"; echo $((n + 1)) >count\n'
    )
    script.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script))


async def test_edit_and_retry(
    recorder: Recorder, control: Control, outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused text can be mended; the mended text is what is asked."""
    editing(tmp_path, monkeypatch, "- exec_im: true\n", "- exec_in: true\n")
    control.refuse["replace"] = "edited/x.yaml:1:3: no command exec_im; did you mean exec_in?"
    recorder.resolved()
    half(recorder)
    recorder.fail(5)
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "> r  Retry")
        await pilot.press("e")
        await seen(pilot, "Not taken", "did you mean exec_in?")
        assert control.taken == [{"do": "replace", "yaml": "- exec_im: true\n"}]
        await pilot.press("enter")
        await until(pilot, lambda: control.taken[1:] == [{"do": "replace", "yaml": "- exec_in: true\n"}])
        assert [command[0] for command in outside.commands] == [str(tmp_path / "edit")] * 2
        assert outside.commands[0][1] == str(edited.commands_file(recorder.path, 5))


async def test_giving_up_an_edit_goes_back_to_the_choice(
    recorder: Recorder, control: Control, outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editing(tmp_path, monkeypatch, "nonsense\n")
    control.refuse["replace"] = "expected a list of commands"
    recorder.resolved()
    half(recorder)
    recorder.fail(5)
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "> r  Retry")
        await pilot.press("e")
        await seen(pilot, "Not taken")
        await pilot.press("g")
        await until(pilot, lambda: "Not taken" not in text(app))
        await pilot.press("s")
        await until(pilot, lambda: control.words == ["replace", "skip"])


async def test_an_editor_that_is_not_there(
    recorder: Recorder, control: Control, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", "/nowhere/editor")
    recorder.resolved()
    half(recorder)
    recorder.fail(5)
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "> r  Retry")
        await pilot.press("e")
        await seen(pilot, "Not edited", "/nowhere/editor")
        assert control.taken == []


async def test_a_shell_is_a_process_of_its_own_and_comes_back(
    recorder: Recorder, control: Control, outside: Outside
) -> None:
    half(recorder)
    recorder.fail(5)
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "> r  Retry")
        await pilot.press("h")
        await until(pilot, lambda: outside.commands)
        assert outside.commands == [[sys.executable, "-m", "wizard", "shell", recorder.path.name]]
        await seen(pilot, "> r  Retry")
        assert control.taken == []


async def test_quitting_asks_and_leaves_it_running(recorder: Recorder, control: Control) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "following")
        for key in ("q", "f10", "escape"):
            await pilot.press(key)
            await seen(pilot, "Leave?", f"kameleon-tui runs attach {recorder.path.name}")
            await pilot.press("escape")
            await until(pilot, lambda: "Leave?" not in text(app))
        await pilot.press("q")
        await seen(pilot, "Leave?")
        await pilot.press("l")
        await until(pilot, lambda: app.return_code is not None)
        assert (app.return_code, control.taken) == (0, [])
        assert app.farewell == [f"The build goes on. See it again: kameleon-tui runs attach {recorder.path.name}"]


@pytest.mark.parametrize(("key", "word", "status"), [("t", "stop", 4), ("a", "abort", 1)])
async def test_quitting_can_end_it_first(
    recorder: Recorder, control: Control, key: str, word: str, status: int
) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "following")
        await pilot.press("q")
        await seen(pilot, "Leave?")
        await pilot.press(key)
        await until(pilot, lambda: control.words == [word])
        await pilot.pause()
        assert app.return_code is None, "it leaves when the run has ended"
        recorder.finish(5, 1)
        recorder.end("stopped", status, message="stopped, as asked", kept="/var/tmp/w")
        await until(pilot, lambda: app.return_code is not None)
        assert app.return_value == status
        assert "Kept: /var/tmp/w" in app.farewell


def finished(recorder: Recorder) -> None:
    recorder.finish(5, 1)
    for step in range(6, 9):
        recorder.do(step)
    recorder.artefacts()
    recorder.end()


async def test_the_result(recorder: Recorder) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "following")
        finished(recorder)
        await seen(
            pilot, "┌─ done ─", "9 of 9 steps", "2 files in /srv/build/hello", "hello.tar.zst  96.4 MB",
            "sha256 " + "4e1243bd22c66e76" * 4, "sha256sum -c SHA256SUMS", "To use tar: ",
        )  # fmt: skip
        await pilot.press("end")
        await seen(pilot, "packages.tsv  3.2 kB")
        assert "Break" not in lines(app)[-1]
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
        assert app.return_code == 0
        assert "/srv/build/hello/hello.tar.zst  96.4 MB" in app.farewell


async def test_a_run_that_failed(recorder: Recorder) -> None:
    half(recorder)
    recorder.say(5, "E: broken\n")
    recorder.fail(5)
    recorder.decide(5, "abort")
    recorder.event("macrostep", macrostep=1, state="failed", seconds=9.0)
    recorder.end("failed", 1, message="failed at configure/packages: exit status 100", kept="/var/tmp/w", step=5)
    async with showing(screen_of(recorder)) as (app, pilot):
        shown = await seen(
            pilot, "┌─ failed ─", "Failed after ", "Kept: /var/tmp/w", "E: broken",
            f"kameleon-tui build --resume {recorder.path.name}", f"kameleon-tui runs log {recorder.path.name}",
        )  # fmt: skip
        assert "Retry" not in shown
        await pilot.press("q")
        await until(pilot, lambda: app.return_value == 1)


async def test_a_runner_that_was_killed(recorder: Recorder) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "running ·")
        recorder.let_go()
        await seen(pilot, "DIED ·", "is gone, and did not say why", "--resume")
        await pilot.press("q")
        await until(pilot, lambda: app.return_value == 1)


async def test_a_run_that_never_said_a_word(recorder: Recorder) -> None:
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "DIED ·", "is gone, and did not say why")


async def test_a_run_that_is_resumed_is_shown_again(recorder: Recorder) -> None:
    half(recorder)
    recorder.end("stopped", 4, message="stopped, as asked", kept="/var/tmp/w")
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "┌─ stopped ─")
        recorder.begin(done=range(5))
        recorder.start(5)
        await seen(pilot, "running ·", ">   > packages")


async def test_notes_are_shown(recorder: Recorder) -> None:
    half(recorder)
    async with showing(screen_of(recorder)) as (_, pilot):
        await seen(pilot, "following")
        recorder.event("note", step=5, text="the clean-up failed")
        await seen(pilot, "note: the clean-up failed")


async def test_skipped_steps_are_marked(recorder: Recorder) -> None:
    half(recorder)
    recorder.finish(5, 1, "skipped")
    async with showing(screen_of(recorder)) as (_, pilot):
        await until(pilot, lambda: re.search(r"^.   - packages +skipped", text(pilot.app), re.MULTILINE))  # type: ignore[arg-type]


def sleeping(recorder: Recorder, command: str = "sleep 60") -> launch.Started:
    stderr = tempfile.TemporaryFile()
    return launch.Started(recorder.run, subprocess.Popen(["sh", "-c", f"exec {command}"], stderr=stderr), stderr)


async def test_from_the_first_question_to_the_result(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    started = sleeping(recorder)
    asked: list[Any] = []

    def start(*words: object) -> launch.Started:
        asked.append(words)
        return started

    monkeypatch.setattr(launch, "start_build", start)
    setup = make_setup()
    setup.problems = lambda setup: []
    async with showing(QuestionsScreen(setup)) as (app, pilot):
        for _ in range(setup.flow.position[1]):
            await pilot.press("enter")
        await seen(pilot, "> Go on to the review")
        await pilot.press("enter")
        await seen(pilot, "The same without questions:")
        await pilot.press("enter")
        await seen(pilot, "starting ·")
        half(recorder)
        await seen(pilot, "Reading package lists...")
        finished(recorder)
        await seen(pilot, "┌─ done ─")
        await pilot.press("q")
        await until(pilot, lambda: app.return_code == 0)
    assert asked == [(setup.recipe, setup.name, tmp_path / "build" / setup.name, None)]
    assert started.process.poll() is None, "the build is no child that ends with the screen"
    started.process.kill()
    started.process.wait()


async def test_a_build_that_does_not_start_goes_back_to_the_review(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    started = sleeping(recorder, "sh -c 'echo it is wrong >&2; exit 2'")
    started.process.wait()
    monkeypatch.setattr(launch, "start_build", lambda *words: started)
    setup = make_setup()
    setup.problems = lambda setup: []
    async with showing(QuestionsScreen(setup)) as (_, pilot):
        for _ in range(setup.flow.position[1]):
            await pilot.press("enter")
        await seen(pilot, "> Go on to the review")
        await pilot.press("enter")
        await seen(pilot, "The same without questions:")
        await pilot.press("enter")
        await seen(pilot, "┌─ not started ─", "it is wrong", "exit 2")
        await pilot.press("escape")
        await seen(pilot, "The same without questions:")


def failing(recorder: Recorder) -> None:
    half(recorder)
    recorder.fail(5)


def complete(recorder: Recorder) -> None:
    half(recorder)
    finished(recorder)


#: What has been recorded → what a person must then see.
SITUATIONS: dict[str, tuple[Callable[[Recorder], None], str]] = {
    "nothing": (Recorder.hold, "starting"),
    "running": (half, "> packages"),
    "failure": (failing, "a  Abort"),
    "done": (complete, "sha256"),
}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("size", [(20, 5), (40, 12), (60, 16), (80, 24), (132, 43), (200, 60)])
async def test_at_every_size(recorder: Recorder, situation: str, size: tuple[int, int]) -> None:
    record, wanted = SITUATIONS[situation]
    record(recorder)
    async with showing(screen_of(recorder), size) as (app, pilot):
        await asyncio.sleep(0.25)
        await pilot.pause()
        assert len(lines(app)) == size[1]
        if size >= (60, 16):
            assert wanted in text(app)


async def test_resized_live(recorder: Recorder) -> None:
    half(recorder)
    recorder.fail(5)
    async with showing(screen_of(recorder)) as (app, pilot):
        for size in ((60, 16), (200, 60), (40, 12), (20, 5), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        shown = await seen(pilot, "> r  Retry", "  a  Abort", "─ steps ─")
        assert all(len(line) <= 80 for line in shown.splitlines())
        assert app.screen.query_one(Steps).size.height >= 3


async def test_every_glyph_is_in_the_font_of_a_linux_console(recorder: Recorder) -> None:
    half(recorder)
    recorder.fail(5)
    async with showing(screen_of(recorder)) as (app, pilot):
        await seen(pilot, "> r  Retry")
        text(app).encode("cp437")
        await pilot.press("q")
        await seen(pilot, "Leave?")
        text(app).encode("cp437")
        await pilot.press("escape", "f1")
        await seen(pilot, "Help: the build")
        text(app).encode("cp437")
