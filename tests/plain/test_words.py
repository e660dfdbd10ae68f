"""What is said of failures and ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plain.told import NAME, Teller
from wizard.engine.events import Event, RunState
from wizard.plain.words import counted, duration, end_lines, failure_lines, last_line, telling_line
from wizard.units import size


def summed(events: list[Event]) -> RunState:
    state = RunState()
    for event in events:
        state.apply(event)
    return state


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (3725, "1 h 02 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_960, "1.0 MB"), (51_070_662, "51.1 MB"), (2e12, "2.0 TB")],
)
def test_size(count: int, text: str) -> None:
    assert size(count) == text


def test_counted() -> None:
    assert [counted(number, "step") for number in (0, 1, 2)] == ["0 steps", "1 step", "2 steps"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], ""),
        (["one", "", "two", "  "], "two"),
        (
            ["E: Failed to fetch http://m/debian/x", "E: Some index files failed to download."],
            "E: Failed to fetch http://m/debian/x",
        ),
        (["see http://docs/ for more", "false: no such thing"], "false: no such thing"),
        (["W: http://a/ timed out", "Err:2 http://b/ Could not connect", "bye"], "Err:2 http://b/ Could not connect"),
    ],
)
def test_the_telling_line_names_the_address_that_failed(lines: list[str], expected: str) -> None:
    assert telling_line(lines) == expected


def test_last_line_of_a_failure_is_one_line() -> None:
    teller = Teller()
    teller.failed_run()
    assert last_line(summed(teller.events)) == "kameleon-tui: toy failed at identity/hostname: exit status 1: two"


def test_last_line_when_the_step_printed_nothing() -> None:
    teller = Teller()
    teller.run()
    teller.begin(2)
    teller.failure(reason="killed by\nSIGKILL", output=[])
    teller.end("failed", step=2)
    assert last_line(summed(teller.events)) == "kameleon-tui: toy failed at identity/hostname: killed by SIGKILL"


def test_a_mended_failure_is_not_why_a_run_ended() -> None:
    teller = Teller()
    teller.run()
    teller.failure(step=0)
    teller.end("failed", step=3, message="the script of identity ended with status 2")
    assert "exit status 1" not in last_line(summed(teller.events))
    assert "status 2" in last_line(summed(teller.events))


@pytest.mark.parametrize(
    ("result", "message", "expected"),
    [
        ("done", "", ""),
        ("interrupted", "interrupted by SIGINT", "kameleon-tui: toy interrupted by SIGINT at identity/hostname"),
        ("stopped", "stopped after debian/root, as asked", "kameleon-tui: toy stopped after debian/root, as asked"),
        ("stopped", "aborted before x", "kameleon-tui: toy stopped at identity/hostname: aborted before x"),
    ],
)
def test_last_line_of_other_ends(result: str, message: str, expected: str) -> None:
    teller = Teller()
    teller.run()
    teller.end(result, message=message, step=2)
    assert last_line(summed(teller.events)) == expected


def test_failure_lines_say_where_and_why() -> None:
    teller = Teller()
    lines = "\n".join(failure_lines(teller.failure(), NAME))
    for part in (
        "steps/setup/identity.yaml:14:7",
        "command 2 of 3",
        "exec_in",
        "line 3: false",
        "exit status 1",
        "one",
        "two",
    ):
        assert part in lines
    assert f"kameleon-tui runs log {NAME} identity/hostname" in lines


def test_a_step_with_an_odd_name_is_quoted_in_the_command_to_type() -> None:
    lines = failure_lines(Teller().failure(microstep="it's $(odd)"), NAME)
    assert lines[-1].endswith(""" 'identity/it'"'"'s $(odd)'""")


def test_an_end_names_artefacts_and_skipped_steps() -> None:
    teller = Teller()
    teller.run()
    for name, count in (("toy.log", 5), ("toy.tar.zst", 51_070_662)):
        teller.event("artefact", path=f"/out/toy/{name}", size=count, sha256="ab" * 32)
    teller.end(skipped=2)
    lines = end_lines(summed(teller.events), Path("/runs") / NAME)
    assert lines[0] == "toy: done in 1 min 05 s, with 2 steps skipped"
    assert lines[1:3] == ["  /out/toy/toy.tar.zst", f"    51.1 MB, sha256 {'ab' * 32}"]
    assert "  beside      toy.log SHA256SUMS" in lines
    assert "  check       cd /out/toy && sha256sum -c SHA256SUMS" in lines


def test_a_failed_end_says_how_to_go_on() -> None:
    teller = Teller()
    lines = "\n".join(end_lines(summed(teller.failed_run()), Path("/runs") / NAME))
    for part in (
        "/work/toy",
        f"kameleon-tui build --resume {NAME}",
        f"kameleon-tui shell {NAME}",
        f"/runs/{NAME}/logs/1.log",
    ):
        assert part in lines


def test_an_end_that_keeps_nothing_offers_nothing_to_resume() -> None:
    teller = Teller()
    teller.run()
    teller.end("interrupted", step=2)
    assert "--resume" not in "\n".join(end_lines(summed(teller.events), Path("/runs") / NAME))
