"""`kameleon-tui firstboot`: makes an OAR cluster, or a part of one, of a live system."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.arguments import seconds
from wizard.commands import _firstboot_asks
from wizard.errors import DONE, STOPPED, UserError

if TYPE_CHECKING:
    from wizard.engine.front import FrontEnd
    from wizard.firstboot.configure import First
    from wizard.firstboot.face import Face
    from wizard.firstboot.session import Session
    from wizard.firstboot.sitting import Sitting

NAME = "firstboot"
HELP = "make an OAR cluster of this live system"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--defaults", action="store_true", help="ask nobody; which is what happens without a terminal, too")
    add("--timeout", type=seconds, metavar="S",
        help="seconds until the questions take their defaults, unless a key is pressed (default: 30)")  # fmt: skip
    add("--answers", type=Path, metavar="FILE", help="answers that are known beforehand (docs/firstboot.md)")
    add("--check", type=Path, metavar="FILE", help="tell every mistake in a file of answers, and do nothing else")
    add("--plain", action="store_true", help="ask in lines instead of on screens")
    add("--root", metavar="DIR", default="/", help="the tree that is read and configured, in a chroot (default: /)")
    add("--dry-run", action="store_true", help="print what would be done, write nothing")
    add("--consoles", action="store_true", help="ask on every console of this machine at once: as it starts")
    add("--again", action="store_true", help="run every step again; each leaves alone what is as it should be")
    add("--json", action="store_true", help="one event a line on stdout; with --dry-run the plan, as canonical JSON")
    # What a front end asked, with the sources: it watches this process, and answers it after a failure.
    add("--state", type=Path, help=argparse.SUPPRESS)
    # Whose other end the front end holds: it is gone when this ends.
    add("--front", type=int, default=-1, help=argparse.SUPPRESS)
    # Started by one with --consoles, which has taken in all answers that are known beforehand.
    add("--led", action="store_true", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """0 when all is done; 1 after a failed step; 2 for mistakes in answers; 4 when the person left; 143 when it was
    ended by SIGTERM (the time limit of its unit)."""
    from wizard.firstboot.face import Face
    from wizard.firstboot.sitting import sit_down
    from wizard.firstboot.system import before as before_

    if arguments.check:
        return _check(arguments)
    sitting = sit_down(Path(arguments.root), timeout=arguments.timeout)
    before = before_(sitting.root)
    face = _face(sitting, before, arguments)
    try:
        refused = _take(sitting, before, face, arguments)
        if face is Face.NOBODY:
            sitting.settle()
    except UserError as error:
        _tell_refusal(sitting, arguments, error)
        raise
    with _others(sitting, face, arguments) as session:
        if face is Face.CONSOLES and session is not None:
            ended = _firstboot_asks.on_consoles(session, arguments)
            return _for_nobody(sitting, refused, arguments) if ended is None else ended
        return _ask_and_carry_out(sitting, session, face, arguments)


def _others(sitting: Sitting, face: Face, arguments: argparse.Namespace) -> AbstractContextManager[Session | None]:
    """The consoles that are asked at the same time: where this very system is to be configured, and not by the process
    of a front end that sits among them."""
    from wizard.firstboot.face import Face

    if arguments.dry_run or arguments.state or sitting.root != Path("/"):
        return nullcontext()
    from wizard.firstboot.member import this_process
    from wizard.firstboot.session import Session

    _firstboot_asks.may_configure(sitting.root, arguments)
    session = Session(sitting, this_process())
    return session.carry_out() if face is Face.NOBODY else session


def _ask_and_carry_out(sitting: Sitting, session: Session | None, face: Face, arguments: argparse.Namespace) -> int:
    from wizard.firstboot.face import Face

    if face is Face.SCREENS:
        status = _firstboot_asks.on_screens(sitting, session, arguments)
        if not arguments.dry_run or status != DONE:
            return _left(status, session, arguments)
    elif face is Face.LINES:
        ended = _firstboot_asks.in_lines(sitting, session, arguments)
        if ended is not None:
            return _left(ended, session, arguments)
    # Only now: what carries it out takes 80 ms to import, which the first question need not wait for.
    from wizard.firstboot import configure

    first = configure.first_boot(sitting)
    if arguments.dry_run:
        print(configure.as_json(first) if arguments.json else configure.as_text(first))
        return DONE
    return _carry_out(first, arguments, face)


def _for_nobody(sitting: Sitting, refused: UserError | None, arguments: argparse.Namespace) -> int:
    """Nobody was there. `refused`: why a file of answers was not to be had: then nothing is configured."""
    from wizard.firstboot import configure
    from wizard.firstboot.face import Face

    try:
        if refused is not None:
            raise refused
        sitting.settle()
    except UserError as error:
        _tell_refusal(sitting, arguments, error)
        raise
    return _carry_out(configure.first_boot(sitting), arguments, Face.NOBODY)


def _left(status: int, session: Session | None, arguments: argparse.Namespace) -> int:
    """At boot, who leaves where another console answers does not leave the first boot."""
    if not (arguments.led and status == STOPPED and session is not None):
        return status
    from wizard.firstboot.session import Turn

    return STOPPED if session.look() in (Turn.FREE, Turn.OURS) else DONE


def due() -> bool:
    """Whether `kameleon-tui` alone means the first boot here: on a live system that is not configured yet."""
    from wizard.firstboot.system import is_live

    if not is_live():
        return False
    from wizard.firstboot.system import Before, before

    return before(Path("/")) is not Before.DONE


def start(arguments: argparse.Namespace, *words: str) -> int:
    """The first boot with these options, and what `arguments` say for every command."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    own = parser.parse_args(words)
    return run(argparse.Namespace(**{**vars(own), "quiet": arguments.quiet, "verbose": arguments.verbose}))


def _check(arguments: argparse.Namespace) -> int:
    from wizard.firstboot.papers import check_file

    machines = check_file(arguments.check, Path(arguments.root))
    if not arguments.quiet:
        more = f", {machines} of them for some machines only" if machines else ""
        print(f"{arguments.check}: no mistakes in its answers{more}")
    return DONE


def _take(sitting: Sitting, before: object, face: Face, arguments: argparse.Namespace) -> UserError | None:
    """Answers that are known before anybody is asked, the weakest first. Where somebody is asked, a file that the
    kernel command line names and that cannot be had is only told, and returned: with nobody there, to go on without it
    would make another machine than was meant."""
    from wizard.firstboot.face import Face
    from wizard.firstboot.system import RUN, Before

    if arguments.state:
        sitting.take_over(arguments.state)
        return None
    if arguments.led or not ((sitting.root / RUN).exists() or arguments.answers or sitting.kernel.answers):
        return None
    from wizard.firstboot import papers

    goes_on = before in (Before.CUT, Before.ENDED) or arguments.again
    papers.take_earlier(sitting, sitting.root / RUN, sure=goes_on)
    if arguments.answers:
        papers.take_file(sitting, arguments.answers)
    elif sitting.kernel.answers:
        try:
            papers.take_from_outside(sitting, sitting.kernel.answers)
        except UserError as error:
            if face is Face.NOBODY:
                raise
            sitting.problems = (*sitting.problems, *error.message.splitlines())
            return error
    return None


def _tell_refusal(sitting: Sitting, arguments: argparse.Namespace, error: UserError) -> None:
    """Whoever stands before a machine that starts has only its consoles to look at."""
    from wizard.firstboot.consoles import active_consoles, tell

    if sitting.root != Path("/") or arguments.dry_run or arguments.state:
        return
    with suppress(UserError):
        _firstboot_asks.may_configure(sitting.root, arguments)
        first, *more = error.message.splitlines()
        tell([f"kameleon: first boot failed before its first step: {first}", *more], active_consoles())


def _face(sitting: Sitting, before: object, arguments: argparse.Namespace) -> Face:
    from wizard.firstboot.face import Face, choose, terminal_of
    from wizard.firstboot.system import Before

    told = (arguments.defaults or sitting.kernel.defaults) and not arguments.timeout
    # What was cut off goes on; what is done stays so, unless it is to be done again.
    settled = before in (Before.CUT, Before.DONE) and not arguments.again and not arguments.dry_run
    watched = arguments.json and not arguments.dry_run  # by a program
    if told or settled or watched or arguments.state:
        return Face.NOBODY
    if arguments.consoles:
        from wizard.firstboot.consoles import consoles_to_ask

        return Face.CONSOLES if sitting.countdown.seconds > 0 and consoles_to_ask() else Face.NOBODY
    return choose(terminal_of(os.environ), plain=arguments.plain, a11y=sitting.kernel.a11y)[0]


def _carry_out(first: First, arguments: argparse.Namespace, face: Face) -> int:
    from wizard.firstboot import configure
    from wizard.firstboot.consoles import active_consoles, tell
    from wizard.firstboot.face import Face
    from wizard.firstboot.shared import Shared

    _firstboot_asks.may_configure(first.root, arguments)
    # Another tree is not the system whose consoles these are.
    consoles = active_consoles() if first.root == Path("/") else []
    people = sys.stderr if arguments.json else sys.stdout

    said: list[str] = []

    def say(lines: list[str]) -> None:
        said[:] = lines
        print(*lines, sep="\n", file=people, flush=True)
        tell(lines, consoles)

    if not arguments.quiet and face is Face.NOBODY:
        print(*configure.answer_lines(first), sep="\n", file=people, flush=True)
    asks = bool(arguments.state) or face is not Face.NOBODY
    front = _front(arguments, person=face is not Face.NOBODY)
    status = configure.configure(first, front, say, again=arguments.again, ask=asks)
    if first.root == Path("/"):
        Shared().tell_leader(status, said)
    return status


def _front(arguments: argparse.Namespace, *, person: bool) -> FrontEnd:
    if arguments.json:
        from wizard.plain.json_lines import json_front

        return json_front(arguments.quiet, arguments.verbose)
    from wizard.flow.countdown import Countdown
    from wizard.plain.front import line_front

    lines = line_front(arguments.quiet, arguments.verbose, person, bare=person)
    if arguments.front >= 0:
        from wizard.plain.left_alone import LeftAloneFront

        return LeftAloneFront(lines, arguments.front, Countdown())
    if not person:
        return lines
    from wizard.plain.patient import PatientFront

    return PatientFront(lines, Countdown())
