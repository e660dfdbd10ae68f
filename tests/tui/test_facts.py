"""What screens say of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.recorded import Recorder
from wizard.tui import facts


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-1, "0.0s"), (0.04, "0.0s"), (9.94, "9.9s"), (59.9, "59s"), (61, "1m01s"), (3599, "59m59s"), (3725, "1h02m")],
)
def test_durations(seconds: float, shown: str) -> None:
    assert facts.duration(seconds) == shown


def test_every_mark_is_in_the_font_of_a_linux_console() -> None:
    for mark in (*facts.MARKS.values(), facts.BREAKPOINT):
        mark.encode("cp437")
        assert len(mark) == 1
    assert len(set(facts.MARKS.values())) == len(facts.MARKS), "states differ in text, not by colour only"


def test_keys_of_choices_differ() -> None:
    keys = [key for key, _, _ in facts.CHOICES.values()]
    assert len(set(keys)) == len(keys)


def test_a_failure_says_where_and_what(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.begin()
    recorder.start(5)
    recorder.fail(5)
    state = recorder.run.state()
    assert state.failure is not None
    assert facts.failure_facts(state.failure) == [
        "configure/packages: exit status 100",
        "command 2 of 2 (exec_in)  recipes/steps/setup/packages.yaml:12",
        "line 2: apt-get install -y openssh-server",
    ]
    assert facts.phase(state, living=True) == "FAILED, waiting"
    assert state.waiting is not None
    assert facts.choices_of(state.waiting) == ["retry", "replace", "skip", "shell", "stop", "abort"]


def test_a_status_the_reason_does_not_tell_is_added(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.begin()
    recorder.start(5)
    recorder.fail(5)
    failure = recorder.run.state().failure
    assert failure is not None
    assert facts.failure_facts({**failure, "reason": "the time limit of 5 s was reached"})[0].endswith("(status 100)")


def test_ends(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.begin()
    recorder.now += 42
    recorder.artefacts()
    recorder.end("done", skipped=1)
    summary = facts.end_summary(recorder.run.state(), "RUN", ["To use it: boot it."])
    assert summary[:5] == [
        "Done in 42s, with 1 step skipped: 2 files in /srv/build/hello",
        "/srv/build/hello/hello.tar.zst  96.4 MB",
        "  sha256 " + "4e1243bd22c66e76" * 4,
        "To check: cd /srv/build/hello && sha256sum -c SHA256SUMS",
        "To use it: boot it.",
    ]
    assert summary[5] == "packages.tsv  3.2 kB"


@pytest.mark.parametrize(
    ("result", "word"), [("failed", "Failed"), ("stopped", "Stopped"), ("interrupted", "Interrupted")]
)
def test_a_run_that_was_not_done_says_what_is_kept(tmp_path: Path, result: str, word: str) -> None:
    recorder = Recorder(tmp_path)
    recorder.begin()
    recorder.end(result, 1, message="failed at configure/packages", kept="/var/tmp/w")
    summary = facts.end_summary(recorder.run.state(), "RUN")
    assert summary[0] == f"{word} after 0.0s: failed at configure/packages"
    assert "Kept: /var/tmp/w" in summary
    assert "To go on: kameleon-tui build --resume RUN" in summary
