"""The runner's loop sleeps while nothing happens."""

from __future__ import annotations

import os

from wizard.engine.loop import Loop, Script


def test_a_script_that_has_closed_its_events_wakes_nobody_until_it_ends() -> None:
    loop = Loop(lambda raw: None)
    words = 'printf "begin\\t1\\t\\0" >&"$KT_EVENTS"; eval "exec $KT_EVENTS>&-"; sleep 1'
    heard: list[list[str]] = []
    script = Script(loop, ["/bin/bash", "-c", words], dict(os.environ), lambda: heard.extend(script.messages()))
    rounds = 0
    while not script.ended:
        loop.turn()
        rounds += 1
    assert script.wait() == 0
    assert heard == [["begin", "1", ""]]
    # A dozen: a round takes a tenth of a second. Without sleep it would be tens of thousands.
    assert rounds < 200
    script.close()
    loop.close()
