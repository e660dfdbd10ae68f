"""The countdown: on a clock of the test's own; nothing here waits."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.flow.countdown import Countdown


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_nobody_is_there() -> None:
    clock = Clock()
    countdown = Countdown(30, clock=clock)
    assert (countdown.left, countdown.stopped, countdown.over) == (30, False, False)
    clock.now += 29.9
    assert not countdown.over
    assert countdown.words() == "The defaults are taken in 1 s; a key stops this."
    clock.now += 0.1
    assert countdown.over
    assert countdown.left == 0


def test_a_key_stops_it_and_after_ten_minutes_without_one_it_comes_back() -> None:
    clock = Clock()
    countdown = Countdown(30, clock=clock)
    clock.now += 29.95
    countdown.key()
    assert countdown.stopped
    assert countdown.words() == ""
    clock.now += 599
    assert not countdown.over
    countdown.key()
    clock.now += 599
    assert countdown.stopped
    clock.now += 1
    assert not countdown.stopped
    assert countdown.returned
    assert countdown.words().startswith("No key for 10 minutes: the defaults are taken in 30 s")
    clock.now += 30
    assert countdown.over


def test_a_key_before_anybody_saw_the_end_counts_one_after_it_does_not() -> None:
    clock = Clock()
    late, too_late = Countdown(30, clock=clock), Countdown(30, clock=clock)
    clock.now += 30.05
    assert too_late.over
    for countdown in (late, too_late):
        countdown.key()
    assert not late.over
    assert too_late.over
    clock.now += 10_000
    assert too_late.over


def test_one_that_never_ends() -> None:
    clock = Clock()
    countdown = Countdown(math.inf, clock=clock)
    clock.now += 1e9
    assert not countdown.over
    assert countdown.words() == ""
    countdown.key()
    clock.now += 1e9
    assert not countdown.over


@pytest.mark.parametrize("seconds", [30.0, math.inf])
def test_another_process_goes_on_with_it(seconds: float) -> None:
    clock = Clock()
    here, there = Countdown(seconds, clock=clock), Countdown(seconds, clock=clock)
    clock.now += 3
    here.key()
    there.restore(json.loads(json.dumps(here.state())))
    clock.now += 601
    assert (there.left, there.stopped, there.over) == (here.left, here.stopped, here.over)
    with pytest.raises((KeyError, TypeError, ValueError)):
        there.restore({"end": "soon", "stopped_until": 0, "over": False})
    assert there.left == here.left


@given(st.lists(st.tuples(st.floats(0, 700), st.booleans()), max_size=30))
def test_whatever_is_pressed_and_when_it_ends_once_and_never_before_its_time(moves: list[tuple[float, bool]]) -> None:
    clock = Clock()
    countdown = Countdown(30, clock=clock)
    silent, limit, over = 0.0, 30.0, False
    for pause, key in moves:
        clock.now += pause
        silent += pause
        now_over = countdown.over
        assert now_over or not over
        assert now_over == (over or silent >= limit) or math.isclose(silent, limit, abs_tol=1e-6)
        over = now_over
        assert 0 <= countdown.left <= 30
        if key:
            countdown.key()
            if not over:
                silent, limit = 0.0, 630.0


def test_it_can_be_held_until_somebody_sees_it() -> None:
    clock = Clock()
    countdown = Countdown(30, clock=clock)
    countdown.hold()
    clock.now += 1000
    assert countdown.words() == ""
    assert not countdown.over
    countdown.begin()
    clock.now += 7
    assert countdown.left == 23
    countdown.key()
    countdown.begin()  # somebody is there
    clock.now += 31
    assert not countdown.over
