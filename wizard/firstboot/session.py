"""The first boot on several consoles: one state in /run/kameleon that all of them look at, and one that answers.

The first key owns it; another console may claim it, and the owner yields; a dead owner's place is taken by who notices.
Whoever applies does so once. At boot a process without a console leads (everywhere.py): it has the consoles asked, and
what nobody answers it carries out itself. The state is changed under a short lock, and written aside and renamed: who
only looks needs no lock.
"""

from __future__ import annotations

import enum
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wizard.errors import HELD, UserError
from wizard.firstboot.member import DAMAGED, Member, member_of, members_of
from wizard.firstboot.sitting import Sitting, write_private

DIRECTORY = Path("/run/kameleon")
#: Seconds that a lock is waited for: it is held for some milliseconds, unless its holder was stopped meanwhile.
PATIENCE = 1.0
_FILE, _ENDED = "firstboot.json", "firstboot.ended"


class Turn(enum.Enum):
    FREE = "nobody has pressed a key"
    OURS = "this console answers"
    ELSEWHERE = "another console answers"
    APPLIED = "another console carries the answers out"


@dataclass(frozen=True, slots=True)
class Ended:
    """What was carried out at a console: the exit status, and what consoles were told."""

    status: int
    lines: list[str]


class Session:
    """This process among them. `where`: the console that answers or applies, as last seen.

    `look` now and then (each half second: a dead owner is noticed within two); `key` for each key, before anything is
    made of it. When `look` or `claim` gives OURS or FREE after something else, `sitting.flow` has the answers of all
    consoles so far. `apply` before they are carried out. A context: `join` and `leave`. `led`: nobody answers, as last
    seen, and at the countdown's end there is one who applies: not us.
    """

    def __init__(self, sitting: Sitting, me: Member, directory: Path = DIRECTORY) -> None:
        self.sitting, self.me = sitting, me
        self.where, self.led = "", False
        self._file, self._lock = directory / _FILE, directory / "firstboot.lock"
        self._applying = directory / "firstboot.applying"
        self._seen: dict[str, Any] = {}
        self._shown = False

    def __enter__(self) -> Session:
        self.join()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def join(self) -> Turn:
        """Sit down with the others; when nobody else is alive, what they left is forgotten."""
        with suppress(OSError):
            self._file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            with self._locked():
                state = self._read()
                others = [one for one in members_of(state) if one.alive and one != self.me]
                if not (others and self._take(state)):
                    state = {"owner": None}
                self._write({**state, "members": [asdict(one) for one in (*others, self.me)]})
        return self.look()

    def leave(self) -> None:
        """Stand up; another console may answer then. What this one carried out is no longer."""
        self.give_up()
        with suppress(OSError), self._locked():
            state = self._read()
            others = [one for one in members_of(state) if one.alive and one != self.me]
            if not others:
                self._file.unlink(missing_ok=True)
                (self._file.parent / _ENDED).unlink(missing_ok=True)
                if self._who_applies() is None:
                    self._applying.unlink(missing_ok=True)  # of one that was killed
                return
            if _owner(state) == self.me:
                state = {**state, **self._answers(), "owner": None}
            self._write({**state, "members": [asdict(one) for one in others]}, as_they_are=True)

    def look(self) -> Turn:
        """Whose turn it is. What was answered here is told to the others, and what they did is taken over."""
        state = self._read()
        if self._applied(state):
            return Turn.APPLIED
        owner, leader = _owner(state), _leader(state)
        self.led = owner is None and leader not in (None, self.me)
        if owner is None:
            self._take(state)
            return Turn.FREE
        if owner == self.me:
            if self._answers() != self._seen:
                self._change(lambda now: _owner(now) == self.me)
            return Turn.OURS
        self.where = owner.console
        if not owner.alive and self._change(lambda now: _owner(now) == owner, take=True):
            return Turn.OURS
        return Turn.ELSEWHERE

    def _applied(self, state: dict[str, Any]) -> bool:
        applying = self._who_applies()
        if applying is None or applying == self.me:
            return False
        self.where = "" if applying == _leader(state) else applying.console
        return True

    def lead(self) -> None:
        """We are the one without a console. The countdown begins when consoles show it (`shown`)."""
        self.sitting.countdown.hold()
        with suppress(OSError), self._locked():
            (self._file.parent / _ENDED).unlink(missing_ok=True)
            self._write({**self._read(), "leader": asdict(self.me), "held": True})

    def ended(self) -> Ended | None:
        """For the one that leads: how it ended at a console, if it did."""
        try:
            found = json.loads((self._file.parent / _ENDED).read_text())
            return Ended(int(found["status"]), [str(line) for line in found["lines"]])
        except (OSError, *DAMAGED):
            return None

    def shown(self, *, anywhere: bool = True) -> None:
        """Where one leads: the questions are to be seen here now, and the countdown begins with that; also when it had
        begun elsewhere, so that a slow console has all of it. `anywhere`: False, only if they are seen nowhere."""
        if self._shown:
            return
        with suppress(OSError), self._locked():
            state = self._read()
            if _leader(state) is not None and (anywhere or state.get("held")) and self._take(state):
                self.sitting.countdown.begin()
                self._write({**state, "held": False})
            self._shown = True

    def watch(self) -> Turn:
        """As `look`, for the one that leads, and never answers. A dead owner's answers stay."""
        state = self._read()
        if self._applied(state):
            return Turn.APPLIED
        owner = _owner(state)
        self._take(state)
        if owner is None:
            return Turn.FREE
        self.where = owner.console
        if not owner.alive:
            with suppress(OSError), self._locked():
                state = self._read()
                if _owner(state) == owner:
                    self._write({**state, "owner": None})
                    return Turn.FREE
        return Turn.ELSEWHERE

    def key(self) -> bool:
        """Whether a key that was pressed here counts: the first one makes this console the one that answers."""
        owner = _owner(self._read())
        if owner is None:
            return self._change(lambda now: _owner(now) is None, take=True)
        return owner == self.me

    def claim(self) -> bool:
        """Answer here from now on, with what was answered elsewhere; the other console yields."""
        return self._who_applies() in (None, self.me) and self._change(lambda now: True, take=True)

    def apply(self, *, for_nobody: bool = False) -> bool:
        """Whether this console is the one that carries the answers out. Where nothing can be written it is.
        `for_nobody`: only if nobody has pressed a key in the last moment."""
        said = json.dumps(asdict(self.me)).encode()
        with suppress(OSError):
            self._file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        try:
            with self._locked():
                if for_nobody and _owner(self._read()) is not None:
                    return False
                if self._who_applies() is None:
                    self._applying.unlink(missing_ok=True)  # of one that was killed
                descriptor = os.open(self._applying, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(said)
        except FileExistsError:
            return self._who_applies() == self.me
        except OSError:
            return True
        return True

    @contextmanager
    def carry_out(self) -> Iterator[None]:
        """Nobody is asked here: apply; who is asked elsewhere learns it. UserError when somebody else does."""
        if not self.apply():
            self.look()
            raise UserError(f"the first boot is carried out on {self.where}", status=HELD, hint="wait until it is done")
        try:
            yield
        finally:
            self.give_up()

    def give_up(self) -> None:
        """It was not carried out after all, or it is over."""
        if self._who_applies() == self.me:
            self._applying.unlink(missing_ok=True)

    # The state

    def _answers(self) -> dict[str, Any]:
        sitting = self.sitting
        return {
            "flow": sitting.flow.state(),
            "countdown": sitting.countdown.state(),
            "problems": list(sitting.problems),
        }

    def _take(self, state: dict[str, Any]) -> bool:
        """Take over the answers and the countdown that are in it; False when they are none."""
        try:
            self.sitting.flow.restore(state["flow"])
            self.sitting.countdown.restore(state["countdown"])
            self.sitting.problems = tuple(map(str, state["problems"]))
        except DAMAGED:
            return False
        return True

    def _change(self, may: Callable[[dict[str, Any]], bool], *, take: bool = False) -> bool:
        """Make this console the one that answers, if it `may` with the state as it is; `take` the answers there are
        before. Whether it does."""
        try:
            with self._locked():
                state = self._read()
                if not may(state):
                    return False
                if take:
                    self._take(state)
                self._write({**state, "owner": asdict(self.me)})
        except TimeoutError:
            return False
        except OSError:
            pass  # nothing can be written: then nobody else answers, either
        return True

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._file.read_text())
        except (OSError, *DAMAGED):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, state: dict[str, Any], *, as_they_are: bool = False) -> None:
        answers = {} if as_they_are else self._answers()
        write_private(self._file, json.dumps({**state, **answers}, ensure_ascii=False) + "\n")
        self._seen = answers

    def _who_applies(self) -> Member | None:
        try:
            member = member_of(json.loads(self._applying.read_text()))
        except (OSError, *DAMAGED):
            return None
        return member if member is not None and member.alive else None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """TimeoutError (an OSError) when it is held for too long."""
        with self._lock.open("w") as stream:
            end = time.monotonic() + PATIENCE
            while True:
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise TimeoutError("the first boot's state is locked") from None
                    time.sleep(0.01)
            yield


def _owner(state: dict[str, Any]) -> Member | None:
    return member_of(state.get("owner"))


def _leader(state: dict[str, Any]) -> Member | None:
    leader = member_of(state.get("leader"))
    return leader if leader is not None and leader.alive else None


def tell_leader(status: int, lines: list[str], directory: Path = DIRECTORY) -> None:
    """How what was carried out here has ended; nothing where nobody leads."""
    with suppress(OSError, *DAMAGED):
        if _leader(json.loads((directory / _FILE).read_text())) is not None:
            write_private(directory / _ENDED, json.dumps({"status": status, "lines": lines}) + "\n")
