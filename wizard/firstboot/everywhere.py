"""The first boot asked on every console at once, as a machine starts: this process leads, one at each console asks.

What a person answers is carried out by the process at that console; what nobody answers, when the countdown is over, by
the one that leads. It ends when all of them have: then the login prompts may come.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wizard.data import program
from wizard.engine.runs import Run
from wizard.errors import STOPPED
from wizard.firstboot.session import Session, Turn
from wizard.firstboot.shared import Ended
from wizard.firstboot.system import RUN, Before, before, tell_systemd

#: Seconds until somebody must see a question: on an emulated machine screens take ten. Then nobody will.
PATIENCE = 180.0
#: Seconds by which the time limit of our unit is put off, again and again, as long as somebody may answer.
HELD = 120
_LOOK = 0.5  # seconds between two looks
_TRIES = 3  # times that the questions come again on a console whose process ended: a line that was unplugged
_PAUSE = 10.0  # seconds between two of them
_GOES = 20.0  # seconds a console has to give its terminal back
#: What the service manager has told us alone.
_OURS = ("NOTIFY_SOCKET", "INVOCATION_ID", "JOURNAL_STREAM", "COLUMNS", "LINES")
LEFT = "kameleon: nothing is configured yet; kameleon-tui firstboot asks again"


@dataclass(slots=True)
class _Asked:
    """A console, and the process that asks there; None when it could not be started."""

    console: Path
    process: subprocess.Popen[bytes] | None
    began: float = 0.0
    tries: int = 0

    def start(self, words: Sequence[str]) -> None:
        self.process, self.began = start_at(self.console, words), time.monotonic()
        self.tries += 1

    @property
    def status(self) -> int | None:
        """None while it asks; 0 where it could not be started, or left in peace."""
        return 0 if self.process is None else self.process.poll()


class Everywhere:
    """`ask` on these consoles. `words`: what is started at each; `heard` is called now and then while somebody may
    answer, with what is going on."""

    def __init__(
        self,
        session: Session,
        consoles: Iterable[Path],
        words: Sequence[str],
        heard: Callable[[str], None] = lambda what: None,
    ) -> None:
        self.session, self.words, self.heard = session, list(words), heard
        self._asked = [_Asked(console, None) for console in consoles]
        self._began = time.monotonic()
        self._heard = -float(HELD)
        self._applied = False

    def ask(self) -> Ended | None:
        """How it ended at a console. None: nobody is there (any more), or what a console began was cut off; then we
        are the one that carries the answers out, as they are in the session's sitting."""
        self.session.lead()
        for one in self._asked:
            one.start(self.words)
        left = False
        try:
            while True:
                turn = self.session.watch()
                self._say(turn)
                left = any(one.status == STOPPED for one in self._asked)
                if left:
                    return self.session.ended() or Ended(STOPPED, [LEFT])
                if turn is Turn.APPLIED:
                    self._applied = True
                elif self._is_over(turn):
                    return self.session.ended()
                time.sleep(_LOOK)
        finally:
            self._all_go(at_once=left)

    def _is_over(self, turn: Turn) -> bool:
        """Nobody carries it out at this moment: whether that is the end of it."""
        if self.session.ended() is not None:
            return True
        root = self.session.sitting.root
        if Run(root / RUN).living():
            return False  # its screens are gone, it goes on
        if self._applied and before(root) is Before.CUT:
            return self.session.apply()
        self._applied = False
        countdown = self.session.sitting.countdown
        again = [] if countdown.over else [one for one in self._asked if one.status and one.tries < _TRIES]
        for one in again:
            if time.monotonic() - one.began > _PAUSE:
                one.start(self.words)
        if not again and all(one.status is not None for one in self._asked):
            return self.session.apply()  # no console asks any more
        if time.monotonic() - self._began > PATIENCE:
            self.session.shown(anywhere=False)
        return turn is Turn.FREE and countdown.over and self.session.apply(for_nobody=True)

    def _say(self, turn: Turn) -> None:
        if time.monotonic() - self._heard > HELD / 4:
            self._heard = time.monotonic()
            where = self.session.where if turn is not Turn.FREE else ""
            self.heard(f"somebody answers on {where}" if where else "waits for somebody to answer")

    def _all_go(self, *, at_once: bool) -> None:
        """Each leaves as it learns that somebody carries it out; who does not is asked to, then made to."""
        processes = [one.process for one in self._asked if one.process is not None]
        for urge in (*(() if at_once else (0,)), signal.SIGTERM, signal.SIGKILL):
            end = time.monotonic() + _GOES
            for process in processes:
                process.send_signal(urge)
            for process in processes:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, end - time.monotonic()))


def start_at(console: Path, words: Sequence[str]) -> subprocess.Popen[bytes] | None:
    """This program, with that console as its controlling terminal; None where it cannot be opened."""
    environment = {name: value for name, value in os.environ.items() if name not in _OURS}
    environment["TERM"] = "linux" if re.fullmatch(r"tty\d+", console.name) else "vt220"  # as systemd has it
    try:
        # A serial line without carrier is not waited for; who reads it afterwards waits for keys.
        terminal = os.open(console, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.fcntl(terminal, fcntl.F_SETFL, fcntl.fcntl(terminal, fcntl.F_GETFL) & ~os.O_NONBLOCK)
            # setsid becomes the program itself: what we start leads no process group.
            return subprocess.Popen(
                ["setsid", "--ctty", *program(), *words],
                stdin=terminal, stdout=terminal, stderr=terminal, env=environment,
            )  # fmt: skip
        finally:
            os.close(terminal)
    except OSError:
        return None


def hold_the_unit(what: str) -> None:
    """Tells the service manager, and puts off the time limit: somebody may be in the middle of an answer."""
    tell_systemd(f"STATUS={what}\nEXTEND_TIMEOUT_USEC={HELD * 1_000_000}")
