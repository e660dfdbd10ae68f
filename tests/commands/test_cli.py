"""The command line as a user meets it: help, wrong usage, errors, a reader that goes away, faults of ours."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wizard import __version__, cli
from wizard.errors import HELD, UserError

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-m", "wizard"]


def program(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the real program without a terminal."""
    return subprocess.run(
        [*PROGRAM, *words], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
    )


def noting(seen: list[object], what: Callable[[Any], object]) -> Callable[[Any], int]:
    """A command's `run` that puts what it sees of its arguments into `seen` and succeeds."""

    def run(arguments: Any) -> int:
        seen.append(what(arguments))
        return 0

    return run


def command(monkeypatch: pytest.MonkeyPatch, run: object) -> None:
    """Let `build` be this function."""
    module = types.SimpleNamespace(add_arguments=lambda parser: None, run=run)
    monkeypatch.setattr(cli, "_command", lambda name: module)


def test_help_names_every_command() -> None:
    done = program("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for name, text in cli.COMMANDS.items():
        assert name in done.stdout
        assert text.split(",")[0] in done.stdout


def test_version() -> None:
    assert program("--version").stdout == f"kameleon-tui {__version__}\n"


def test_help_of_a_command_names_it_and_what_stands_everywhere() -> None:
    text = program("doctor", "--help").stdout
    assert text.startswith("usage: kameleon-tui doctor ")
    for option in ("--install", "--version", "--quiet", "--verbose", "--no-color"):
        assert option in text


@pytest.mark.parametrize("words", [["recipe", "list"], ["runs", "list"], ["runs", "log"], ["recipe", "show"]])
def test_what_stands_everywhere_stands_there_too(words: list[str]) -> None:
    assert program(*words, "--version").stdout == f"kameleon-tui {__version__}\n"
    text = program(*words, "--help").stdout
    assert text.startswith(f"usage: kameleon-tui {' '.join(words)} ")
    assert "--no-color" in text


def test_without_a_terminal_two_ways_to_go_on_are_named() -> None:
    done = program()
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("kameleon-tui: there is no terminal")
    assert "kameleon-tui --defaults" in done.stderr
    assert "kameleon-tui build RECIPE" in done.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["biuld"], "biuld"),
        (["--timeout", "3"], "--timeout is only of use with --defaults"),
        (["--defaults", "--timeout", "-1"], "a number of seconds was expected"),
        (["--defaults", "--timeout", "nan"], "a number of seconds was expected"),
        (["--defaults", "doctor"], "--defaults and --timeout go without a command"),
        (["doctor", "--nonsense"], "doctor: unrecognized arguments: --nonsense"),
        (["runs", "list", "--nonsense"], "runs list: unrecognized arguments: --nonsense"),
        (["runs"], "runs: "),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage_is_status_2_and_says_what(words: list[str], expected: str) -> None:
    done = program(*words)
    assert done.returncode == 2
    first, hint = done.stderr.splitlines()
    assert first.startswith("kameleon-tui: ")
    assert expected in first
    assert "kameleon-tui" in hint


def test_user_error_is_a_message_a_hint_and_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(arguments: object) -> int:
        raise UserError("hello is held by pid 7", status=HELD, hint="wait for it")

    command(monkeypatch, run)
    assert cli.main(["build"]) == HELD
    assert capsys.readouterr() == ("", "kameleon-tui: hello is held by pid 7\nwait for it\n")


def test_control_c_is_130_and_silent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(arguments: object) -> int:
        raise KeyboardInterrupt

    command(monkeypatch, run)
    assert cli.main(["build"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_fault_of_ours_is_short_and_the_traceback_is_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_directories: Path
) -> None:
    def run(arguments: object) -> int:
        raise KeyError("lost")

    command(monkeypatch, run)
    assert cli.main(["build"]) == cli.INTERNAL == 70
    output = capsys.readouterr()
    assert output.out == ""
    assert "internal error: KeyError: 'lost' (at " in output.err
    assert "Traceback" not in output.err
    (report,) = (own_directories / "state/kameleon-tui/errors").iterdir()
    assert str(report) in output.err
    assert "Traceback" in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_fault_of_ours_where_no_file_can_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def run(arguments: object) -> int:
        raise KeyError("lost")

    monkeypatch.setenv("XDG_STATE_HOME", "/proc/none")
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/proc/none")
    command(monkeypatch, run)
    assert cli.main(["build"]) == 70
    assert "could not be written" in capsys.readouterr().err


def test_options_before_and_after_the_command_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    command(monkeypatch, noting(seen, lambda arguments: (arguments.quiet, arguments.verbose)))
    for words in (["-q", "build"], ["build", "-q"], ["-v", "build"], ["build", "-vv"], ["build"]):
        assert cli.main(words) == 0
    assert seen == [(True, 0), (True, 0), (False, 1), (False, 2), (False, 0)]


def test_no_color_is_the_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")  # so that it is put back
    seen: list[object] = []
    command(monkeypatch, noting(seen, lambda arguments: os.environ["NO_COLOR"]))
    cli.main(["--no-color", "build"])
    assert seen == ["1"]


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    """As in `kameleon-tui recipe list | head -1`: nothing on stderr, the status a SIGPIPE would give."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*PROGRAM, "doctor"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE, timeout=30
    )
    os.close(write)
    assert done.stderr == b""
    assert done.returncode == 128 + signal.SIGPIPE


def test_a_broken_pipe_elsewhere_is_a_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(arguments: object) -> int:
        raise BrokenPipeError(32, "some other pipe")

    command(monkeypatch, run)
    assert cli.main(["build"]) == 70
    assert "some other pipe" in capsys.readouterr().err


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_descriptor_is_no_fault(closed: int) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}>&-', "sh", *PROGRAM, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_on_a_terminal_the_wizard_is_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r") as keys, os.fdopen(os.dup(theirs), "w") as screen, os.fdopen(ours):
        monkeypatch.setattr(sys, "stdin", keys)
        monkeypatch.setattr(sys, "stderr", screen)
        chosen: list[object] = []
        monkeypatch.setattr(cli, "_command", lambda name: types.SimpleNamespace(run=noting(chosen, lambda _: name)))
        assert cli.main([]) == 0
    assert chosen == ["wizard"]


def test_defaults_gets_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    module = types.SimpleNamespace(run=noting(seen, lambda arguments: arguments.timeout))
    monkeypatch.setattr(cli, "_command", lambda name: {"defaults": module}[name])
    assert cli.main(["--defaults", "--timeout", "1.5"]) == 0
    assert cli.main(["--defaults"]) == 0
    assert seen == [1.5, None]
