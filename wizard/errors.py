"""The one exception that commands turn into a message and an exit status. A leaf: anybody may import it."""

from __future__ import annotations

DONE = 0
FAILED = 1  # a step failed
USAGE = 2  # wrong usage, or an error in a recipe or in answers
MACHINE = 3  # this machine lacks a tool, a privilege or space
STOPPED = 4  # stopped on purpose, work kept and named
HELD = 5  # somebody else holds it


class UserError(Exception):
    """Something the user can mend: `message` says what happened and where, `hint` what to do next.

    `cli.main` prints both on stderr and exits with `status`; no traceback is shown.
    """

    def __init__(self, message: str, *, status: int = USAGE, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.hint = hint
