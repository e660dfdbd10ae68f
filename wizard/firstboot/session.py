"""The first boot on several consoles: one state in /run/kameleon that all of them look at, and one that answers.

The first key owns it; another console may claim it, and the owner yields; a dead owner's place has, of the consoles
that live, the one that came first. Whoever applies does so once. At boot a process without a console leads
(everywhere.py): it has the consoles asked, and what nobody answers it carries out itself.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wizard.errors import HELD, UserError
from wizard.firstboot.member import DAMAGED, Member, answering, leader_of, members_of, owner_of
from wizard.firstboot.shared import DIRECTORY, Ended, Shared
from wizard.firstboot.sitting import Sitting


class Turn(enum.Enum):
    FREE = "nobody has pressed a key"
    OURS = "this console answers"
    ELSEWHERE = "another console answers"
    APPLIED = "another console carries the answers out"


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
        self._shared = Shared(directory)
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
            self._shared.make()
            with self._shared.locked():
                state = self._shared.read()
                others = [one for one in members_of(state) if one.alive and one != self.me]
                if not (others and self._take(state)):
                    state = {"owner": None}
                self._write({**state, "members": [asdict(one) for one in (*others, self.me)]})
        return self.look()

    def leave(self) -> None:
        """Stand up; another console may answer then. What this one carried out is no longer."""
        self.give_up()
        with suppress(OSError), self._shared.locked():
            state = self._shared.read()
            others = [one for one in members_of(state) if one.alive and one != self.me]
            if not others:
                self._shared.forget()
                return
            if owner_of(state) == self.me:
                state = {**state, **self._answers(), "owner": None}
            self._write({**state, "members": [asdict(one) for one in others]}, as_they_are=True)

    def look(self) -> Turn:
        """Whose turn it is. What was answered here is told to the others, and what they did is taken over."""
        state = self._shared.read()
        if self._applied(state):
            return Turn.APPLIED
        owner, leader = answering(state), leader_of(state)
        self.led = owner is None and leader not in (None, self.me)
        if owner is None:
            self._take(state)
            return Turn.FREE
        if owner != self.me:
            self.where = owner.console
            return Turn.ELSEWHERE
        if owner_of(state) != self.me:  # but one that was killed
            return Turn.OURS if self._change(self._may_answer, take=True) else Turn.ELSEWHERE
        if self._answers() != self._seen:
            self._change(lambda now: owner_of(now) == self.me)
        return Turn.OURS

    def _applied(self, state: dict[str, Any]) -> bool:
        applying = self._shared.who_applies()
        if applying is None or applying == self.me:
            return False
        self.where = "" if applying == leader_of(state) else applying.console
        return True

    def lead(self) -> None:
        """We are the one without a console. The countdown begins when consoles show it (`shown`)."""
        self.sitting.countdown.hold()
        with suppress(OSError), self._shared.locked():
            self._shared.forget_end()
            self._write({**self._shared.read(), "leader": asdict(self.me), "held": True})

    def ended(self) -> Ended | None:
        """For the one that leads: how it ended at a console, if it did."""
        return self._shared.ended()

    def shown(self, *, anywhere: bool = True) -> None:
        """Where one leads: the questions are to be seen here now, and the countdown begins with that; also when it had
        begun elsewhere, so that a slow console has all of it. `anywhere`: False, only if they are seen nowhere."""
        if self._shown:
            return
        with suppress(OSError), self._shared.locked():
            state = self._shared.read()
            if leader_of(state) is not None and (anywhere or state.get("held")) and self._take(state):
                self.sitting.countdown.begin()
                self._write({**state, "held": False})
            self._shown = True

    def watch(self) -> Turn:
        """As `look`, for the one that leads, and never answers."""
        state = self._shared.read()
        if self._applied(state):
            return Turn.APPLIED
        owner = answering(state)
        self._take(state)
        if owner is None:
            return Turn.FREE
        self.where = owner.console
        return Turn.ELSEWHERE

    def key(self) -> bool:
        """Whether a key that was pressed here counts: the first one makes this console the one that answers."""
        state = self._shared.read()
        return owner_of(state) == self.me or (self._may_answer(state) and self._change(self._may_answer, take=True))

    def _may_answer(self, state: dict[str, Any]) -> bool:
        return answering(state) in (None, self.me)

    def claim(self) -> bool:
        """Answer here from now on, with what was answered elsewhere; the other console yields."""
        return self._shared.who_applies() in (None, self.me) and self._change(lambda now: True, take=True)

    def apply(self, *, for_nobody: bool = False) -> bool:
        """Whether this console is the one that carries the answers out. Where nothing can be written it is.
        `for_nobody`: only if nobody has pressed a key in the last moment."""
        with suppress(OSError):
            self._shared.make()
        try:
            with self._shared.locked():
                if for_nobody and answering(self._shared.read()) is not None:
                    return False
                return self._shared.apply(self.me)
        except OSError:
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
        self._shared.give_up(self.me)

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
            with self._shared.locked():
                state = self._shared.read()
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

    def _write(self, state: dict[str, Any], *, as_they_are: bool = False) -> None:
        answers = {} if as_they_are else self._answers()
        self._shared.write({**state, **answers})
        self._seen = answers
