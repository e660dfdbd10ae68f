"""Questions in lines on one of several consoles: only one of them is answered at."""

from __future__ import annotations

from collections.abc import Callable

from wizard.firstboot.session import Session, Turn
from wizard.plain.typist import Elsewhere, TerminalTypist

_OURS = (Turn.FREE, Turn.OURS)


def ours(session: Session | None) -> Callable[[bool], bool]:
    """What a typist asks each half second, and at each key: whether what is typed here counts."""

    def asked(key: bool) -> bool:
        if session is None:
            return True
        session.shown()  # a prompt stands there
        return session.key() if key else session.look() in _OURS

    return asked


def take_turns(session: Session | None, typist: TerminalTypist, questions: Callable[[], None]) -> bool:
    """Ask the questions, from where they are, as often as it is this console's turn, until they are done with: True.
    False when another console carries the answers out. What `questions` raises, but for Elsewhere."""
    while True:
        try:
            questions()
            return True
        except Elsewhere:
            if session is None or not _wait(session, typist):
                return False


def _wait(session: Session, typist: TerminalTypist) -> bool:
    """Until it is this console's turn; False when another one applies."""
    turn = session.look()
    if turn is Turn.ELSEWHERE:
        typist.say("", f"Somebody answers on {session.where}. T takes it over here.")
    while turn is Turn.ELSEWHERE:
        key = typist.idle(lambda: session.look() is not Turn.ELSEWHERE)
        if key in ("t", "T") and session.claim():
            typist.say("Taken over.")
            return True
        turn = session.look()
    return turn is not Turn.APPLIED
