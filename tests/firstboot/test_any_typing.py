"""Whatever is typed, whenever, and whatever is plugged in meanwhile: answers stay possible, and it comes to an end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firstboot.recorded import AT_HOME, CABLE, KEY, MACHINES, SERIAL, tree
from tests.machine.trees import machine
from wizard.firstboot.configure import as_json, first_boot
from wizard.firstboot.devices import Devices
from wizard.firstboot.facts import Readers
from wizard.firstboot.sitting import Sitting, sit_down
from wizard.flow.question import Value
from wizard.plain.ask import ask
from wizard.plain.typist import TimeUp

#: What people type, and what they should not.
_LINES = st.one_of(
    st.sampled_from(
        ["", "", "b", "r", "?", "c", "=", "0", "1", "2", "3", "9", "node", "server", "static", "dhcp", "head", "fr",
         "10.0.0.7/24", "10.0.0.1", "par", "thread", KEY, "yes", "no", "$(reboot)", "99999999999999999999"]
    ),
    st.text(max_size=12),
)  # fmt: skip
_PAUSES = st.sampled_from([0.0, 0.1, 5.0, 29.95, 30.0, 31.0, 599.0, 630.0, 700.0])
_DEVICES = st.sampled_from([AT_HOME, SERIAL, Devices((), (), leased=False), Devices(("k",), (CABLE,), leased=False)])


class Typing:
    """Types each line after its pause, on a clock of its own, as TerminalTypist looks at the countdown."""

    def __init__(self, script: list[tuple[float, str]]) -> None:
        self.script = list(script)
        self.now = 0.0
        self.sat: Sitting

    def say(self, *lines: str) -> None:
        assert all(isinstance(line, str) for line in lines)

    def ask(self, prompt: str) -> str:
        check(self.sat)
        pause, line = self.script.pop(0) if self.script else (10_000.0, "")
        self.now += pause
        if self.sat.countdown.over:
            raise TimeUp
        self.sat.countdown.key()
        return line


def check(sat: Sitting) -> None:
    """Every question that is there has an answer, and all that is open has no possible default."""
    flow = sat.flow
    values: dict[str, Value] = {}
    wanting = {question.id for question, _ in flow.open()}
    for question in flow.questions:
        answer = flow.answers().get(question.id)
        if answer is not None:
            problem = question.problem(answer.value, values)
            assert (problem == "") or question.id in wanting
            values[question.id] = answer.value
    number, total = flow.position
    assert 1 <= number <= total + 1
    assert [line.question.id for line in flow.review()] == list(values)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree(tmp_path_factory.mktemp("tree"), graphical=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(_PAUSES, _LINES), max_size=25),
    st.lists(_DEVICES, min_size=1, max_size=4),
    st.sampled_from([0.0, 5.0, 30.0]),
    st.sampled_from(["", "kameleon.role=node", "kameleon.network=static kameleon.hostname=x", "kameleon.keymap=zz"]),
)
def test_any_typing(
    root: Path, script: list[tuple[float, str]], devices: list[Devices], seconds: float, line: str
) -> None:
    person = Typing(script)
    seen = list(devices)
    readers = Readers(lambda: machine(MACHINES[0]), lambda: seen.pop(0) if len(seen) > 1 else seen[0])
    sat = sit_down(root, command_line=line, readers=readers, timeout=seconds, clock=lambda: person.now)
    person.sat = sat
    try:
        ask(sat.flow, person, "", list, sat.facts.refresh)
    except TimeUp:
        assert sat.countdown.over
        sat.settle()
    assert sat.flow.open() == []
    first = first_boot(sat)
    plan = as_json(first)
    sat.flow.restore(sat.flow.state())
    assert as_json(first_boot(sat)) == plan
