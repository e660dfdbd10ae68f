"""After a failure somebody is asked; when nobody answers, the run ends by itself, as a failure."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

from wizard.engine.live import resolve_live, run_live
from wizard.flow.countdown import Countdown
from wizard.plain.front import LineFront, Prompter
from wizard.plain.paper import Paper
from wizard.plain.patient import PatientFront
from wizard.plain.reporter import Reporter

RECIPE = """\
global: {target: live, strict: true}
setup:
  - one:
      - fails: [exec_local: 'test -e "%s"']
"""


def run(base: Path, countdown: Countdown, keyboard: int) -> tuple[str, int, str]:
    """(result, exit status, all that was told)."""
    (base / "live.yaml").write_text(RECIPE % (base / "good"))
    recipe = resolve_live(base / "live.yaml", {}, Path("/"), base / "run")
    paper = Paper(io.StringIO())
    front = PatientFront(LineFront(Reporter(paper, quiet=False, verbose=0), Prompter(paper, keyboard)), countdown)
    try:
        outcome = run_live(recipe, base / "run", front, ask=True).outcome
    finally:
        front.close()
    assert isinstance(paper.stream, io.StringIO)
    return outcome.result, outcome.exit, paper.stream.getvalue()


def test_nobody_answers(tmp_path: Path) -> None:
    reader, writer = os.openpty()
    try:
        result, status, told = run(tmp_path, Countdown(0.3, idle=0.3), writer)
    finally:
        os.close(reader)
        os.close(writer)
    assert (result, status) == ("failed", 1)
    assert "Nothing typed for 0 minutes: this is aborted in 1 s" in told
    assert told.count("[r]etry") == 2  # the prompt stands there again


def test_somebody_answers_in_time_and_has_all_the_time_again(tmp_path: Path) -> None:
    person, program = os.openpty()

    def types() -> None:
        (tmp_path / "good").touch()
        os.write(person, b"retry\n")

    typing = threading.Timer(0.5, types)
    typing.start()
    try:
        result, status, _ = run(tmp_path, Countdown(5, idle=5), program)
    finally:
        typing.join()
        os.close(person)
        os.close(program)
    assert (result, status) == ("done", 0)
