"""A run told in lines."""

from __future__ import annotations

import io
from pathlib import Path

from tests.plain.told import BEGAN, NAME, Teller, screen_of
from wizard.plain.paper import Paper
from wizard.plain.reporter import STATUS_EVERY, Reporter


class Wide(Paper):
    def width(self) -> int:
        return 60


def reporter(
    teller: Teller, *, live: bool = False, quiet: bool = False, verbose: int = 0
) -> tuple[Reporter, io.StringIO]:
    stream = io.StringIO()
    told = Reporter(Wide(stream, live=live), quiet=quiet, verbose=verbose, clock=lambda: teller.now)
    told.begin(Path("/runs") / NAME)
    return told, stream


def test_a_failed_run_in_a_pipe() -> None:
    teller = Teller()
    told, stream = reporter(teller)
    for event in teller.failed_run():
        told.event(event)
        told.output(2, b"noise\n")
        told.tick()
    assert (
        stream.getvalue()
        == f"""\
toy  toy.yaml
  4 microsteps in 2 macrosteps, to /out/toy
  run {NAME}
ok    1/4  debian/tools       1.5 s
ok    2/4  debian/root        1.5 s
FAIL  3/4  identity/hostname  1.5 s
      at      steps/setup/identity.yaml:14:7, command 2 of 3 (exec_in, in)
      shell   line 3: false
      why     exit status 1
      output  one
              two
      log     kameleon-tui runs log {NAME} identity/hostname
toy: failed in 1 min 05 s
  work kept   /work/toy
  go on       kameleon-tui build --resume {NAME}
  look inside kameleon-tui shell {NAME}
  log         /runs/{NAME}/logs/1.log
kameleon-tui: toy failed at identity/hostname: exit status 1: two
"""
    )


def test_quiet_tells_failures_and_the_result() -> None:
    teller = Teller()
    told, stream = reporter(teller, quiet=True)
    for event in teller.failed_run():
        told.event(event)
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("FAIL  3/4  identity/hostname")
    assert "debian" not in stream.getvalue()
    assert lines[-1].startswith("kameleon-tui: toy failed at identity/hostname")


def test_verbose_prints_output_between_the_lines_of_its_step() -> None:
    teller = Teller()
    told, stream = reporter(teller, verbose=1)
    told.event(teller.run())
    told.event(teller.begin(0))
    told.output(0, b"hal")
    told.output(0, b"f\n\x1b[31mlast without an end")
    told.event(teller.finish(0))
    assert stream.getvalue().splitlines()[3:] == [
        "..    1/4  debian/tools",
        "      half",
        "      last without an end",
        "ok    1/4  debian/tools       1.5 s",
    ]


def test_the_running_step_is_on_the_last_line() -> None:
    teller = Teller()
    told, stream = reporter(teller, live=True)
    told.event(teller.run())
    told.event(teller.begin(0))
    told.output(0, b"reading 10%\rreading 20%\r")
    teller.now += 2
    told.tick()
    assert screen_of(stream.getvalue())[-1] == ">     1/4  debian/tools  2.0 s  reading 20%"
    told.output(0, b"x" * 200)
    teller.now += 1
    told.tick()
    assert len(screen_of(stream.getvalue())) == 4  # never wraps
    told.event(teller.finish(0))
    told.event(teller.begin(1))
    assert screen_of(stream.getvalue())[-1] == "ok    1/4  debian/tools       1.5 s"
    told.tick()
    assert screen_of(stream.getvalue())[-2:] == [
        "ok    1/4  debian/tools       1.5 s",
        ">     2/4  debian/root  0.0 s",
    ]


def test_the_last_line_is_rewritten_five_times_a_second_at_most() -> None:
    teller = Teller()
    told, stream = reporter(teller, live=True)
    told.event(teller.run())
    told.event(teller.begin(0))
    written = len(stream.getvalue())
    rewritten = 0
    for tick in range(100):
        teller.now = BEGAN + 1 + tick / 100
        told.output(0, b"line %d\n" % tick)
        told.tick()
        rewritten += len(stream.getvalue()) != written
        written = len(stream.getvalue())
    assert 4 <= rewritten <= 1 / STATUS_EVERY + 1


def test_while_the_run_waits_no_line_is_rewritten() -> None:
    teller = Teller()
    told, stream = reporter(teller, live=True)
    told.event(teller.run())
    told.event(teller.begin(2))
    told.event(teller.finish(2, "failed"))
    told.event(teller.failure())
    told.event(teller.waiting())
    before = stream.getvalue()
    for _ in range(5):
        teller.now += 1
        told.tick()
    assert stream.getvalue() == before


def test_a_retry_counts_attempts_and_says_who_decided() -> None:
    teller = Teller()
    told, stream = reporter(teller)
    told.event(teller.run())
    told.event(teller.begin(2))
    told.event(teller.finish(2, "failed"))
    told.event(teller.failure())
    told.event(teller.event("decision", step=2, do="retry", by="policy"))
    told.event(teller.begin(2, attempt=2))
    told.event(teller.finish(2))
    lines = stream.getvalue().splitlines()
    assert lines[-2:] == ["      retry (by policy)", "ok    3/4  identity/hostname  1.5 s, attempt 2"]


def test_steps_left_out_in_a_row_take_one_line_and_a_last() -> None:
    teller = Teller()
    told, stream = reporter(teller)
    told.event(teller.run())
    for step in range(3):
        told.event(teller.finish(step, "skipped", 0))
    told.event(teller.begin(3))
    assert stream.getvalue().splitlines()[3:] == [
        "skip  1/4  debian/tools       and 1 more, to",
        "skip  3/4  identity/hostname",
    ]


def test_a_resumed_run_says_what_was_done_before() -> None:
    teller = Teller()
    told, stream = reporter(teller)
    told.past(Teller().failed_run())
    told.event(teller.run(done=[0, 1]))
    assert stream.getvalue().splitlines()[-1] == f"  run {NAME}, goes on: 2 steps done before"
    assert [step.state for step in told.state.steps] == ["done", "done", "waiting", "waiting"]
