"""A first boot whose screens are gone does not wait for a word for ever."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from tests.engine.support import Front
from tests.firstboot.test_live import resolved
from wizard.engine.live import Lived, run_live
from wizard.flow.countdown import Countdown
from wizard.plain.left_alone import LeftAloneFront

FAILS = "- fails: [exec_local: 'echo tried; exit 3']\n- never: [exec_local: ':']"


def fail(tmp_path: Path, watched: int) -> Lived:
    recipe = resolved(tmp_path, FAILS)
    front = LeftAloneFront(Front(), watched, Countdown(0.2, idle=0.3))
    return run_live(recipe, tmp_path / "run", front, ask=True)


def test_who_watched_it_goes_while_it_waits(tmp_path: Path) -> None:
    watched, held = os.pipe()
    began = time.monotonic()
    threading.Timer(1.5, os.close, (held,)).start()
    lived = fail(tmp_path, watched)
    # As long as somebody watches it waits, however long that is.
    assert time.monotonic() - began > 1.9
    assert lived.outcome.result != "done"
    assert lived.failure is not None or lived.outcome.result == "stopped"


def test_who_watched_it_has_gone_before(tmp_path: Path) -> None:
    watched, held = os.pipe()
    os.close(held)
    assert fail(tmp_path, watched).outcome.result != "done"
