"""What the kernel command line says to the first boot: kameleon.NAME=VALUE.

It is untrusted: a value must be a possible answer; else it is reported and left aside. Steps get answers as KAMELEON_…
environment variables, never as text of a script.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from wizard.flow.flow import Flow
from wizard.flow.question import Source

PREFIX = "kameleon."
#: Read by others in the image (recipes/steps/setup/live_system.yaml).
_OTHERS = ("autologin",)
_SETTINGS = ("timeout", "defaults", "answers", "a11y")
_YES, _NO = ("", "1", "yes", "on"), ("0", "no", "off")


@dataclass(slots=True)
class Kernel:
    """What is no answer. `timeout`: seconds of the countdown, None when it does not say; `defaults`: nobody is asked;
    `answers`: where a file of answers is (outside.py), "" for nowhere; `a11y`: lines instead of screens. `problems`:
    what was left aside, a sentence each."""

    timeout: float | None = None
    defaults: bool = False
    answers: str = ""
    a11y: bool = False
    problems: tuple[str, ...] = ()


def settings(command_line: str) -> Kernel:
    """All but the answers to questions, which `answer` gives."""
    kernel = Kernel()
    problems = []
    for name, value in parameters(command_line):
        problem = _set(kernel, name, value) if name in _SETTINGS else ""
        if problem:
            problems.append(ignored(name, value, problem))
    kernel.problems = tuple(problems)
    return kernel


def answer(flow: Flow, command_line: str) -> list[str]:
    """Give the flow the answers of the command line; a sentence for each that was left aside. Of several possible
    values of one name the last counts."""
    given: dict[str, list[str]] = {}
    for name, value in parameters(command_line):
        if name not in (*_OTHERS, *_SETTINGS):
            given.setdefault(name, []).append(value)
    problems = []
    # In the order of the questions: what is possible depends on the answers before.
    for question in flow.questions:
        for value in given.pop(question.id, ()):
            said = f"{PREFIX}{question.id}={value}"
            problem = flow.offer(question.id, question.read(value), Source.KERNEL, said if not question.secret else "")
            if problem:
                problems.append(ignored(question.id, value, problem))
    known = ", ".join(PREFIX + name for name in (*(one.id for one in flow.questions), *_SETTINGS, *_OTHERS))
    unknown = (f"{ascii(PREFIX + name)[1:-1]} on the kernel command line is not known and ignored" for name in given)
    return [*problems, *(f"{sentence} (known: {known})" for sentence in unknown)]


def parameters(command_line: str) -> list[tuple[str, str]]:
    """(name, value) of every kameleon.NAME=VALUE, in order. The kernel knows double quotes around a value; unbalanced
    ones are taken as they stand. In names - is _, as for the kernel."""
    try:
        words = shlex.split(command_line.replace("\\", "\\\\").replace("'", "\\'"))
    except ValueError:
        words = command_line.split()
    found = []
    for word in words:
        if word == "--":  # the kernel gives what follows to init
            break
        if word.startswith(PREFIX):
            name, _, value = word.removeprefix(PREFIX).partition("=")
            found.append((name.replace("-", "_"), value))
    return found


def _set(kernel: Kernel, name: str, value: str) -> str:
    """Takes over a setting; "" or what is wrong with it."""
    if name == "timeout":
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds < float("inf"):
            return "A number of seconds is expected."
        kernel.timeout = seconds
    elif name == "answers":
        kernel.answers = value
    elif value not in (*_YES, *_NO):
        return "It takes yes or no."
    elif name == "defaults":
        kernel.defaults = value in _YES
    else:
        kernel.a11y = value in _YES
    return ""


def ignored(name: str, value: str, problem: str) -> str:
    """The sentence about a parameter that was left aside."""
    said = f"={value!a}" if value else ""
    return f"{PREFIX}{name}{said} on the kernel command line is ignored: {problem}"
