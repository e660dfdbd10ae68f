"""The real program in a real terminal, by keys: from nothing to an appliance with its checksums."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pty.tmux import Terminal, quoted, terminal
from wizard.engine import control
from wizard.engine.runs import Run, new_run_id, runs_directory

pytestmark = pytest.mark.real

ROOT = Path(__file__).resolve().parents[2]
NAME = "debian-bookworm-minimal"
PROGRAM = quoted(sys.executable, "-m", "wizard")


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, {"PYTHONPATH": str(ROOT)}) as made:
        yield made


def to_review(window: Terminal) -> None:
    """Start the wizard and take every default of the quickest appliance."""
    window.type(f"{PROGRAM}; echo status=$?")
    window.wait("[Appliance]", "Enter Next")
    window.press("Down")
    window.wait("> Minimal Debian")
    for question in ("[Distribution]", "[Output]", "[Packages]", "[Settings]", "The same without questions"):
        window.press("Enter")
        window.wait(question)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe of a few quick steps, the third of which fails until it is mended; each step that runs says so."""
    steps = tmp_path / "steps" / "setup"
    steps.mkdir(parents=True)
    (steps / "mend.yaml").write_text(
        "- before:\n"
        f"  - exec_local: echo before >>{tmp_path}/ran\n"
        "- broken:\n"
        f"  - exec_local: echo broken >>{tmp_path}/ran\n"
        "  - exec_local: |\n"
        "      echo looking\n"
        "      ls /nowhere/at/all\n"
        "- after:\n"
        f"  - exec_local: echo after >>{tmp_path}/ran\n"
    )
    path = tmp_path / "fails.yaml"
    path.write_text(
        "# DESCRIPTION: fails\nglobal:\n  strict: true\n"
        f"  workdir_base: {tmp_path}/work\nbootstrap: []\nsetup:\n  - mend\nexport: []\n"
    )
    return path


Start = Callable[[], Run]


@pytest.fixture
def start(recipe: Path) -> Iterator[Start]:
    """Builds in the background, as the wizard does; the run once it waits for a word. It is ended with the test."""
    made: list[tuple[Run, subprocess.Popen[bytes]]] = []

    def build() -> Run:
        name = new_run_id(recipe.stem)
        process = subprocess.Popen(
            [sys.executable, "-m", "wizard", "build", str(recipe), "--on-failure", "ask", "--run-id", name],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            cwd=recipe.parent, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        run = Run(runs_directory() / name)
        made.append((run, process))
        end = time.monotonic() + 30
        while not run.state().waiting:
            assert time.monotonic() < end, "the run never waited"
            time.sleep(0.1)
        return run

    yield build
    for run, process in made:
        if run.living():
            control.ask(run.path, {"do": "abort"})
        process.wait(20)


def test_from_nothing_to_checksums(window: Terminal, tmp_path: Path) -> None:
    to_review(window)
    shown = window.screen.partition("without questions:")[2].partition("\n\n")[0]
    command = " ".join(line.strip() for line in shown.splitlines())
    window.press("b")
    window.wait("bootstrap: debian", "mmdebstrap", limit=60)
    screen = window.wait("─ done ─", limit=240)
    assert "─ done ─" in screen
    window.press("q")
    window.wait("Done in ", "status=0")
    output = tmp_path / "build" / NAME
    assert f"{NAME}.tar.zst" in (output / "SHA256SUMS").read_text().split()
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=output, check=True)
    assert steps_of(json.loads((output / f"{NAME}.resolved.json").read_text())) == steps_of(shown_by(command))


def shown_by(command: str) -> dict[str, Any]:
    """The resolved recipe of the `build` command that the review showed."""
    words = shlex.split(command)
    assert words[:2] == ["kameleon-tui", "build"]
    show = [sys.executable, "-m", "wizard", "recipe", "show", "--json", *words[2:]]
    done = subprocess.run(show, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def steps_of(recipe: dict[str, Any]) -> str:
    """All commands of a resolved recipe, without what depends on its name and run."""
    text = json.dumps([
        (section["name"], macro["name"], micro["name"], micro["commands"])
        for section in recipe["sections"] for macro in section["macrosteps"] for micro in macro["microsteps"]
    ])  # fmt: skip
    for key in ("chroot", "workdir", "output", "name"):
        text = text.replace(recipe[key], key.upper())
    return text


def test_a_failure_is_repaired_by_edit_and_retry(window: Terminal, start: Start, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s,/nowhere/at/all,/, "$1"\n')
    editor.chmod(0o755)
    run = start()
    window.type(f"EDITOR={editor} {PROGRAM} runs attach {run.name}; echo status=$?")
    window.wait("mend/broken: exit status 2", "line 2: ls /nowhere/at/all", "> r  Retry")
    window.press("e")
    window.wait("─ done ─", "broken (attempt 2)")
    window.press("q")
    window.wait("status=0")
    assert (tmp_path / "ran").read_text().split() == ["before", "broken", "broken", "after"]
    assert (tmp_path / "build" / "fails" / "SHA256SUMS").exists()


def test_a_shell_comes_back_to_the_choice(window: Terminal, start: Start) -> None:
    run = start()
    window.type(f"{PROGRAM} runs attach {run.name}; echo status=$?")
    window.wait("> r  Retry")
    window.press("h")
    window.wait("A shell in ")
    window.type("echo in-the-$((40 + 2))")
    window.wait("in-the-42")
    window.type("exit")
    window.wait("> r  Retry", "FAILED, waiting")
    window.press("s")
    window.wait("─ done ─", "1 step skipped")
    window.press("q")
    window.wait("status=0")


def test_leaving_lets_it_run_and_attaching_shows_it_again(window: Terminal, start: Start) -> None:
    run = start()
    window.type(f"{PROGRAM} runs attach {run.name}; echo status=$?")
    window.wait("> r  Retry")
    window.press("q")
    window.wait("Leave?")
    window.press("l")
    window.wait("The build goes on.", "status=0")
    assert run.living()
    window.type(f"clear; {PROGRAM} runs attach {run.name}; echo status=$?")
    window.wait("> r  Retry")
    window.press("a")
    window.wait("Failed after")
    window.press("q")
    window.wait("status=1")
    assert not run.living()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back_and_leaves_the_build(
    window: Terminal, start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    run = start()
    window.wait("$")
    modes = window.modes()
    window.type(f"sh -c 'echo $$ >pid; exec {PROGRAM} runs attach {run.name}'; echo status=$?")
    window.wait("> r  Retry")
    assert window.fact("alternate_on") == "1"
    os.kill(int((tmp_path / "pid").read_text()), number)
    window.wait(f"status={128 + number}")
    assert window.fact("alternate_on") == "0"
    assert window.fact("cursor_flag") == "1"
    assert window.modes() == modes
    assert run.living()


def test_closing_the_window_leaves_the_build(start: Start, tmp_path: Path) -> None:
    run = start()
    with terminal(tmp_path, {"PYTHONPATH": str(ROOT)}) as window:
        window.type(f"{PROGRAM} runs attach {run.name}")
        window.wait("> r  Retry")
    time.sleep(0.5)
    assert run.living()


def test_resizing(window: Terminal) -> None:
    to_review(window)
    for columns, lines in ((60, 16), (160, 50), (40, 12), (80, 24)):
        window.tmux("resize-window", "-x", str(columns), "-y", str(lines))
        time.sleep(0.3)
    window.wait("> b  Build", "─ recipe ─", "F10 Quit")
    window.press("F10")
    window.wait("Quit?")
    window.press("q")
    window.wait("status=0")


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_a_terminal_that_cannot_show_screens(window: Terminal, term: str) -> None:
    window.type(f"TERM={term} {PROGRAM}; echo status=$?")
    screen = window.wait("status=2")
    assert "kameleon-tui --defaults" in screen
    assert "kameleon-tui build RECIPE" in screen


@pytest.mark.parametrize("redirection", ["</dev/null", "2>err"])
def test_without_a_terminal_on_stdin_or_stderr(window: Terminal, tmp_path: Path, redirection: str) -> None:
    window.type(f"{PROGRAM} {redirection}; echo status=$?")
    screen = window.wait("status=2")
    if redirection.startswith("2"):
        screen = (tmp_path / "err").read_text()
    assert "kameleon-tui --defaults" in screen


def test_stdout_may_be_a_file(window: Terminal, start: Start, tmp_path: Path) -> None:
    run = start()
    window.type(f"{PROGRAM} runs attach {run.name} >out; echo status=$?")
    window.wait("> r  Retry")
    window.press("a")
    window.wait("Failed after")
    window.press("q")
    window.wait("status=1")
    assert "Failed after" in (tmp_path / "out").read_text()


@pytest.mark.parametrize("term", ["linux", "vt220", "xterm-256color", "screen"])
def test_only_glyphs_of_a_console(window: Terminal, start: Start, term: str) -> None:
    run = start()
    window.type(f"TERM={term} {PROGRAM} runs attach {run.name}; echo status=$?")
    screen = window.wait("> r  Retry", "─ steps ─")
    screen.encode("cp437")
