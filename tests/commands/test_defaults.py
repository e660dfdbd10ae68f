"""--defaults: what it waits for, and what it does not."""

from __future__ import annotations

import argparse
import io
import os
import pty
import select
import sys
import termios
import threading
import time
from collections.abc import Iterator

import pytest

from wizard.commands import defaults
from wizard.engine.front import Build, FrontEnd
from wizard.plain.paper import Paper


@pytest.fixture
def keyboard() -> Iterator[int]:
    """A pseudo-terminal in the place of stdin: the descriptor that types."""
    typing, stdin = pty.openpty()
    saved = os.dup(0)
    os.dup2(stdin, 0)
    yield typing
    os.dup2(saved, 0)
    for descriptor in (typing, stdin, saved):
        os.close(descriptor)


def test_a_key_is_noticed_at_once_and_swallowed(keyboard: int) -> None:
    before = termios.tcgetattr(0)
    began = time.monotonic()
    typist = threading.Timer(0.3, os.write, (keyboard, b"x"))
    typist.start()
    assert defaults.key_within(Paper(io.StringIO()), 5)
    assert time.monotonic() - began < 2
    typist.join()
    assert not select.select([0], [], [], 0)[0]
    assert termios.tcgetattr(0) == before


def test_without_a_key_the_time_runs_out_visibly(keyboard: int) -> None:
    stream = io.StringIO()
    paper = Paper(stream, live=True)
    began = time.monotonic()
    assert not defaults.key_within(paper, 1.2)
    assert 1.2 <= time.monotonic() - began < 2
    assert "Building in 2 s" in stream.getvalue()
    assert "Building in 1 s" in stream.getvalue()


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Build, FrontEnd]]:
    """Builds that were begun: what was asked, and of which front end."""
    seen: list[tuple[Build, FrontEnd]] = []

    def start(asked: Build, front: FrontEnd) -> int:
        seen.append((asked, front))
        return 0

    monkeypatch.setattr("wizard.host.privilege.require_root", lambda what: None)
    monkeypatch.setattr("wizard.commands.build.start", start)
    return seen


def test_the_plan_is_printed_and_the_default_recipe_built(
    built: list[tuple[Build, FrontEnd]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = argparse.Namespace(timeout=600.0, quiet=False, verbose=0)
    began = time.monotonic()
    with open(os.devnull) as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert defaults.run(arguments) == 0
    assert time.monotonic() - began < 5  # nobody could press a key: not waited
    [(asked, front)] = built
    assert asked.recipe is not None
    assert asked.recipe.name == "debian-bookworm-x86_64-oar-2.5-iso.yaml"
    assert asked.on_failure == "abort"  # nobody is asked
    assert front.input_fd() == -1
    assert capsys.readouterr().out.startswith("debian-bookworm-x86_64-oar-2.5-iso  ")
