"""`kameleon-tui firstboot`, where it asks: in lines, on screens, on every console at once."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.errors import DONE, STOPPED

if TYPE_CHECKING:
    from wizard.firstboot.session import Session
    from wizard.firstboot.sitting import Sitting


def in_lines(sitting: Sitting, session: Session | None, arguments: argparse.Namespace) -> int | None:
    """None to go on: somebody applied, or nobody was there until the countdown's end; else the exit status."""
    from wizard.firstboot import configure
    from wizard.plain.ask import ask
    from wizard.plain.consoles import ours, take_turns
    from wizard.plain.typist import TerminalTypist, TimeUp

    may_configure(sitting.root, arguments)
    # Lines for people go to stderr, as those of every prompt.
    typist = TerminalTypist(0, 2, sitting.countdown, sys.stderr.encoding, ours(session))
    name = "what would be done" if arguments.dry_run else "first boot"

    def questions() -> None:
        plan, look = lambda: configure.preview(sitting), sitting.facts.refresh
        ask(sitting.flow, typist, f"kameleon-tui: {name}", plan, look)

    try:
        with typist.sitting():
            typist.say(*(f"kameleon: {problem}" for problem in sitting.problems))
            applied = take_turns(session, typist, questions)
    except TimeUp:
        if session is not None and session.led:
            return DONE  # who leads carries it out
        for question in sitting.settle():
            typist.say(f"{question.title}: the answer is taken back, as others were not given.")
        applied = True
    except EOFError:
        print("kameleon-tui: nothing was changed; kameleon-tui firstboot asks again", file=sys.stderr)
        return STOPPED
    if applied and (session is None or session.apply()):
        return None
    if session is None or session.where:
        print("kameleon-tui: it is carried out at another console", file=sys.stderr)
    return DONE


def on_screens(sitting: Sitting, session: Session | None, arguments: argparse.Namespace) -> int:
    """The exit status of what the screens carried out, or, with --dry-run, of the asking alone."""
    from wizard.firstboot.quiet import quiet_consoles
    from wizard.firstboot.system import RUN
    from wizard.tui.app import first_boot

    def preview() -> list[str]:
        from wizard.firstboot import configure

        return configure.preview(sitting)

    may_configure(sitting.root, arguments)
    if arguments.dry_run:
        return first_boot(sitting, preview, None)
    # Another tree is not the system that writes on this console.
    with quiet_consoles() if sitting.root == Path("/") else nullcontext():
        return first_boot(sitting, preview, sitting.root / RUN, again=arguments.again, session=session)


def on_consoles(session: Session, arguments: argparse.Namespace) -> int | None:
    """On each of this machine's consoles. None: nobody is there, and what stands in the sitting is to be carried out
    here; else the exit status of what was carried out, or not, at one of them."""
    from wizard.firstboot.consoles import active_consoles, consoles_to_ask, tell
    from wizard.firstboot.everywhere import Everywhere, hold_the_unit
    from wizard.firstboot.quiet import quiet_consoles

    options = {"--timeout": arguments.timeout is not None, "--plain": arguments.plain, "--again": arguments.again}
    words = [word for word, given in options.items() if given]
    if arguments.timeout is not None:
        words.insert(1, str(arguments.timeout))
    consoles = consoles_to_ask()
    tell(["kameleon: first boot: the questions come in a moment"], consoles)
    with quiet_consoles():
        ended = Everywhere(session, consoles, ["firstboot", "--led", *words], hold_the_unit).ask()
    if ended is None:
        return None
    print(*ended.lines, sep="\n", flush=True)
    if ended.status == STOPPED:
        tell(ended.lines, active_consoles())
    return ended.status


def may_configure(root: Path, arguments: argparse.Namespace) -> None:
    """UserError when it will not be possible anyway."""
    from wizard.firstboot.system import check_live
    from wizard.host.privilege import require_root

    if not arguments.dry_run:
        require_root("configuring a system")
        check_live(root)
