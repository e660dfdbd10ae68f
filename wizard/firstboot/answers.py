"""The first boot's answers and where each comes from: the kernel command line, what the system has, the default.

The kernel command line is untrusted: a value must be whole what its pattern says, and be there where that can be seen;
else it is reported and left aside. Steps get answers as KAMELEON_… environment variables, never as text of a script.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PREFIX = "kameleon."
#: Read by others in the image (recipes/steps/setup/live_system.yaml).
_OTHERS = ("autologin",)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOSTNAME = re.compile(rf"(?=.{{1,64}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)  # 64: what Linux takes
_KEYMAP = re.compile(r"[a-z]{2,12}(?::[a-z0-9_-]{1,32})?", re.ASCII)
_TIMEZONE = re.compile(r"[A-Z][A-Za-z0-9_+-]{0,30}(?:/[A-Za-z0-9_+-]{1,30}){0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """`source`: default, detected, or kernel command line."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Answers:
    """By name (role, hostname, keymap, timezone). `problems`: what was left aside, a sentence each."""

    given: dict[str, Answer]
    problems: tuple[str, ...] = ()

    def values(self) -> dict[str, str]:
        return {name: answer.value for name, answer in self.given.items()}


@dataclass(frozen=True, slots=True)
class _Question:
    default: str
    detect: Callable[[Path], str]
    wrong: Callable[[Path, str], str]  # the tree and a value → what is wrong with it, "" for nothing


def find_answers(command_line: str, root: Path) -> Answers:
    """Every answer for the tree `root`; `command_line` is what /proc/cmdline holds."""
    given: dict[str, Answer] = {}
    for name, question in _QUESTIONS.items():
        found = question.detect(root)
        if found and not question.wrong(root, found):
            given[name] = Answer(found, "detected")
        else:
            given[name] = Answer(question.default, "default")
    problems = []
    for name, value in _parameters(command_line):
        asked = _QUESTIONS.get(name)
        if asked is None and name not in _OTHERS:
            known = ", ".join(PREFIX + key for key in (*_QUESTIONS, *_OTHERS))
            problems.append(f"{PREFIX}{name} on the kernel command line is not known and ignored (known: {known})")
        elif asked is not None:
            wrong = asked.wrong(root, value)
            if wrong:
                problems.append(f"{PREFIX}{name}={value!a} on the kernel command line {wrong}: ignored")
            else:
                given[name] = Answer(value, "kernel command line")
    return Answers(given, tuple(problems))


def _parameters(command_line: str) -> list[tuple[str, str]]:
    """(name, value) of every kameleon.NAME=VALUE, in order: the last of a name counts. The kernel knows double quotes
    around a value; unbalanced ones are taken as they stand."""
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
            found.append((name, value))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _hostname_of(root: Path) -> str:
    return _read(root / "etc/hostname").strip().lower()


def _wrong_hostname(root: Path, value: str) -> str:
    if not _HOSTNAME.fullmatch(value):
        return "is no host name (a-z, 0-9, - and dots, 64 characters at most)"
    if value.partition(".")[0] == "localhost":
        return "names every machine: OAR needs a name of this one"
    return ""


def _keymap_of(root: Path) -> str:
    values = dict(re.findall(r'^\s*(XKBLAYOUT|XKBVARIANT)="?([^"\n]*)"?', _read(root / "etc/default/keyboard"), re.M))
    layout, variant = values.get("XKBLAYOUT", ""), values.get("XKBVARIANT", "")
    return f"{layout}:{variant}" if variant else layout


def _wrong_keymap(root: Path, value: str) -> str:
    if not _KEYMAP.fullmatch(value):
        return "is no keyboard layout (such as fr, or ch:fr for a variant)"
    layout, _, variant = value.partition(":")
    known = _read(root / "usr/share/X11/xkb/rules/base.lst")
    sections = dict(re.findall(r"^! (\w+)\n(.*?)(?=^! |\Z)", known, re.M | re.S))
    if known and layout not in re.findall(r"^\s+(\S+)", sections.get("layout", ""), re.M):
        return "is no keyboard layout of this system (/usr/share/X11/xkb/rules/base.lst has them)"
    if (
        known
        and variant
        and (variant, layout) not in re.findall(r"^\s+(\S+)\s+(\w+):", sections.get("variant", ""), re.M)
    ):
        return f"is no variant of the keyboard layout {layout} (/usr/share/X11/xkb/rules/base.lst has them)"
    return ""


def _timezone_of(root: Path) -> str:
    return _read(root / "etc/timezone").strip()


def _wrong_timezone(root: Path, value: str) -> str:
    if not _TIMEZONE.fullmatch(value):
        return "is no time zone (such as Europe/Paris)"
    if not (root / "usr/share/zoneinfo" / value).is_file():
        return "is no time zone of this system (/usr/share/zoneinfo has them)"
    return ""


def _wrong_role(root: Path, value: str) -> str:
    return "" if value == "both" else "is not known: this program configures role=both"


_QUESTIONS = {
    "role": _Question("both", lambda root: "", _wrong_role),
    "hostname": _Question("kameleon", _hostname_of, _wrong_hostname),
    "keymap": _Question("us", _keymap_of, _wrong_keymap),
    "timezone": _Question("Etc/UTC", _timezone_of, _wrong_timezone),
}
