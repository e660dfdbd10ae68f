"""What the first boot's screens share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.errors import UserError
    from wizard.firstboot.console_keys import ConsoleKeys
    from wizard.firstboot.session import Session
    from wizard.firstboot.sitting import Sitting
    from wizard.flow.countdown import Countdown
    from wizard.tui.firstboot_run import StartedFirstBoot


@dataclass(slots=True)
class FirstBoot:
    """`preview` gives the lines of all that will be done; `start` begins it, None when only the plan is wanted;
    `keyboard` is there where a layout can be tried. `asking`: until the answers are carried out."""

    sitting: Sitting
    title: str
    preview: Callable[[], Sequence[str]]
    start: Callable[[], StartedFirstBoot] | None = None
    keyboard: ConsoleKeys | None = None
    asking: bool = True
    #: The other consoles; None where nobody else is asked.
    session: Session | None = None
    #: Nobody was there, and somebody has to answer.
    unanswered: UserError | None = None


def countdown_words(countdown: Countdown, width: int) -> str:
    """The countdown's line, on at most `width` cells: shorter where the sentence has no room."""
    words = countdown.words()
    if len(words) <= width - 2 or countdown.over:
        return words
    return f"Defaults in {math.ceil(countdown.left)} s; a key stops this"
