"""What the processes of one first boot share: files in /run/kameleon.

The state is changed under a short lock, and written aside and renamed: who only looks needs no lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wizard.firstboot.member import DAMAGED, Member, leader_of, member_of
from wizard.firstboot.sitting import write_private

DIRECTORY = Path("/run/kameleon")
#: Seconds that a lock is waited for: it is held for some milliseconds, unless its holder was stopped meanwhile.
PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What was carried out at a console: the exit status, and what consoles were told."""

    status: int
    lines: list[str]


class Shared:
    """The files in that directory: the state, who carries the answers out, how that ended."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self._directory = directory
        self._state, self._lock = directory / "firstboot.json", directory / "firstboot.lock"
        self._applying, self._ended = directory / "firstboot.applying", directory / "firstboot.ended"

    def make(self) -> None:
        self._directory.mkdir(mode=0o755, parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
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

    def read(self) -> dict[str, Any]:
        """Empty where it is damaged, or there is none."""
        try:
            found = json.loads(self._state.read_text())
        except (OSError, *DAMAGED):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, state: dict[str, Any]) -> None:
        """To be called with the lock."""
        write_private(self._state, json.dumps(state, ensure_ascii=False) + "\n")

    def forget(self) -> None:
        """The last one goes; with the lock."""
        self._state.unlink(missing_ok=True)
        self.forget_end()
        if self.who_applies() is None:
            self._applying.unlink(missing_ok=True)  # of one that was killed

    # Who carries the answers out

    def apply(self, me: Member) -> bool:
        """Whether that is me, from now on or already; with the lock."""
        if self.who_applies() is None:
            self._applying.unlink(missing_ok=True)  # of one that was killed
        try:
            descriptor = os.open(self._applying, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            return self.who_applies() == me
        with os.fdopen(descriptor, "w") as stream:
            stream.write(json.dumps(asdict(me)))
        return True

    def give_up(self, me: Member) -> None:
        if self.who_applies() == me:
            self._applying.unlink(missing_ok=True)

    def who_applies(self) -> Member | None:
        try:
            member = member_of(json.loads(self._applying.read_text()))
        except (OSError, *DAMAGED):
            return None
        return member if member is not None and member.alive else None

    # How it ended

    def tell_leader(self, status: int, lines: list[str]) -> None:
        """How what was carried out here has ended; nothing where nobody leads."""
        with suppress(OSError, *DAMAGED):
            if leader_of(self.read()) is not None:
                write_private(self._ended, json.dumps({"status": status, "lines": lines}) + "\n")

    def ended(self) -> Ended | None:
        """None as long as nothing was told."""
        try:
            found = json.loads(self._ended.read_text())
            return Ended(int(found["status"]), [str(line) for line in found["lines"]])
        except (OSError, *DAMAGED):
            return None

    def forget_end(self) -> None:
        self._ended.unlink(missing_ok=True)
