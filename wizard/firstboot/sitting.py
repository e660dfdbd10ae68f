"""One sitting of the first boot: the questions, with what was known before anybody was asked, and the countdown."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wizard.errors import UserError
from wizard.firstboot import kernel
from wizard.firstboot.facts import Facts, Readers
from wizard.firstboot.flow import first_boot_flow
from wizard.firstboot.kernel import Kernel
from wizard.firstboot.system import kernel_command_line
from wizard.flow.countdown import SECONDS, Countdown, since_boot
from wizard.flow.flow import Flow
from wizard.flow.question import Question, Source


@dataclass(slots=True)
class Sitting:
    """What front ends draw and answer. `problems`: what was left aside so far, a sentence each, to be told once.

    A front end calls `countdown.key()` for each key, and looks at `countdown.over` now and then; when it is over it
    calls `settle` and applies. `facts.refresh()` notices keyboards and cables that came since.
    """

    root: Path
    facts: Facts
    flow: Flow
    kernel: Kernel
    countdown: Countdown
    problems: tuple[str, ...]

    def settle(self) -> list[Question]:
        """Nobody is there (any more): takes back the person's answers that cannot stay without another, and leaves the
        kernel command line's aside that cannot (told in `problems`). The questions of the former. UserError when
        something is open that only a person can say."""
        taken = self.flow.settle()
        wanting = "; ".join(problem for _, problem in self.flow.open())
        self.problems += tuple(kernel.ignored(question.id, "", wanting) for question in self.flow.settle(Source.KERNEL))
        self.must_be_complete()
        return taken

    def must_be_complete(self) -> None:
        """UserError that names the questions which somebody has to answer first."""
        wanting = self.flow.open()
        if wanting:
            raise UserError(
                "\n".join(f"{question.title}: {problem}" for question, problem in wanting),
                hint="give these answers, or others that do not need them: "
                + ", ".join(question.id for question, _ in wanting),
            )

    def hand_over(self, path: Path) -> None:
        """Writes all answers with their sources, for the process that applies them (`firstboot --state`)."""
        write_private(path, json.dumps(self.flow.state(), ensure_ascii=False) + "\n")

    def take_over(self, path: Path) -> None:
        """Takes the answers that another process has handed over. UserError for what is no such file."""
        try:
            self.flow.restore(json.loads(path.read_text()))
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise UserError(f"{path}: holds no answers that were handed over ({error})") from error


def sit_down(
    root: Path,
    *,
    command_line: str | None = None,
    timeout: float | None = None,
    readers: Readers | None = None,
    clock: Callable[[], float] = since_boot,
) -> Sitting:
    """For the tree `root`; nothing is written. `command_line`: of the kernel; None: that of the running one, which does
    not speak of another tree than /. `timeout`: the countdown's seconds, before what the command line says of it.
    UserError when `root` is no directory."""
    root = Path(os.path.abspath(root))
    if not root.is_dir():
        raise UserError(f"{root}: is not a directory", hint="--root names the tree to configure")
    if command_line is None:
        command_line = kernel_command_line() if root == Path("/") else ""
    facts = Facts(root, readers)
    flow = first_boot_flow(facts)
    said = kernel.settings(command_line)
    problems = kernel.answer(flow, command_line)
    seconds = next(value for value in (timeout, said.timeout, SECONDS) if value is not None)
    return Sitting(root, facts, flow, said, Countdown(seconds, clock=clock), (*said.problems, *problems))


def write_private(path: Path, text: str) -> None:
    """The file, whole or not at all, readable by its owner only."""
    new = path.with_name(f".{path.name}.new-{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        os.fchmod(descriptor, 0o600)
        stream.write(text)
        stream.flush()
        os.fsync(descriptor)
    new.replace(path)
