"""Following a run from its directory."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plain.told import NAME, Teller
from wizard.engine.runs import Run
from wizard.errors import UserError
from wizard.plain.follow import Follower, follow
from wizard.plain.log import chosen_steps, print_log
from wizard.plain.paper import Paper
from wizard.plain.reporter import Reporter


@pytest.fixture
def teller(tmp_path: Path) -> Iterator[Teller]:
    made = Teller(tmp_path / "runs" / NAME)
    yield made
    made.let_go()


def run_of(teller: Teller) -> Run:
    assert teller.path is not None
    return Run(teller.path)


def flat(follower: Follower) -> list[object]:
    """Events by kind and state, output as bytes."""
    return [
        item[1] if isinstance(item, tuple) else f"{item['event']} {item.get('state', '')}".strip()
        for item in follower.poll()
    ]


def test_output_comes_between_the_events_of_its_step(teller: Teller) -> None:
    teller.run()
    teller.begin(0)
    teller.printed(0, b"first\n")
    teller.finish(0)
    teller.begin(1)
    teller.printed(1, b"second")
    follower = Follower(run_of(teller))
    assert flat(follower) == ["run", "step begin", b"first\n", "step done", "step begin", b"second"]
    assert flat(follower) == []
    teller.printed(1, b" goes on\n")
    assert flat(follower) == [b" goes on\n"]
    teller.finish(1)
    teller.begin(2)
    teller.printed(2, b"of another log\n")
    assert flat(follower) == ["step done", "step begin", b"of another log\n"]


def test_a_backlog_is_the_end_of_the_output(teller: Teller) -> None:
    teller.run()
    teller.begin(0)
    teller.printed(0, b"0123456789")
    assert flat(Follower(run_of(teller), backlog=4))[-1] == b"6789"


def told_by_follow(teller: Teller) -> tuple[int, str]:
    stream = io.StringIO()
    status = follow(run_of(teller), Reporter(Paper(stream)), None)
    return status, stream.getvalue()


def test_a_past_run_is_told_to_its_end(teller: Teller) -> None:
    teller.failed_run()
    status, text = told_by_follow(teller)
    assert status == 1
    assert text.splitlines()[-1] == "kameleon-tui: toy failed at identity/hostname: exit status 1: two"


def test_a_living_run_is_followed_until_it_ends(teller: Teller) -> None:
    teller.hold()
    teller.run()

    def go_on() -> None:
        time.sleep(0.3)
        teller.begin(0)
        teller.finish(0)
        teller.end("stopped", message="stopped after debian/tools, as asked")
        teller.let_go()

    thread = threading.Thread(target=go_on)
    thread.start()
    status, text = told_by_follow(teller)
    thread.join()
    assert status == 4
    assert "ok    1/4  debian/tools" in text


def test_a_runner_that_was_killed_is_noticed(teller: Teller) -> None:
    teller.run()
    teller.begin(1)
    status, text = told_by_follow(teller)
    assert status == 1
    assert text.splitlines()[-1] == "kameleon-tui: toy: its runner was killed at debian/root"


def test_log_prints_steps_safely_with_headings(teller: Teller, capsys: pytest.CaptureFixture[str]) -> None:
    teller.run()
    for step, raw in ((0, b"\x1b[31mred\x1b[0m\nunfinished"), (1, b"10%\r20%\n"), (2, b"other log\n")):
        teller.begin(step)
        teller.printed(step, raw)
        teller.finish(step)
    print_log(run_of(teller), "", follow=False, raw=False)
    assert capsys.readouterr().out.splitlines() == [
        "--- debian/tools", "red", "unfinished", "--- debian/root", "20%", "--- identity/hostname", "other log",
    ]  # fmt: skip
    print_log(run_of(teller), "debian/root", follow=False, raw=False)
    assert capsys.readouterr().out == "20%\n"


def test_raw_log_is_the_bytes(teller: Teller, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    raw = bytes(range(256)) * 10
    teller.run()
    teller.begin(0)
    teller.printed(0, raw)
    teller.finish(0)
    print_log(run_of(teller), "debian", follow=False, raw=True)
    assert capfdbinary.readouterr().out == raw


def test_steps_by_name(teller: Teller) -> None:
    teller.run()
    state = run_of(teller).state()
    assert chosen_steps(state, "") is None
    assert chosen_steps(state, "identity") == {2, 3}
    assert chosen_steps(state, "setup/identity/motd") == {3}
    with pytest.raises(UserError, match="nope"):
        chosen_steps(state, "nope")
