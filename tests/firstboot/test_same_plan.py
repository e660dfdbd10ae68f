"""The same answers make the same plan, byte for byte, whoever gave them, on every recorded machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.firstboot.recorded import AT_HOME, KEY, MACHINES, SERIAL, sitting, tree
from wizard.engine.live import resolve_live
from wizard.firstboot import configure
from wizard.firstboot.configure import as_json, first_boot
from wizard.firstboot.devices import Devices
from wizard.firstboot.papers import repeat, take_file
from wizard.firstboot.questions.hostname import check
from wizard.firstboot.sitting import Sitting
from wizard.flow.question import Kind, Source, Value
from wizard.plain.ask import ask
from wizard.recipe.model import ResolvedRecipe

#: Answers of people; each is possible on every machine here.
CHOSEN: dict[str, dict[str, Value]] = {
    "nothing": {},
    "a cluster": {
        "keymap": "fr:oss", "hostname": "head", "timezone": "Europe/Zurich", "granularity": "thread", "x": "no",
    },
    "a server": {"role": "server", "ssh_keys": (KEY, f"{KEY} again"), "timezone": "Europe/Paris"},
    "a node": {"role": "node", "hostname": "node-1.lab", "server": "head.lab", "server_key": KEY, "keymap": "ch:fr"},
    "an address": {
        "network": "static", "interface": "eth0", "address": "10.0.0.7/24", "gateway": "10.0.0.1",
        "dns": ("10.0.0.1", "10.0.0.2"), "hostname": "b",
    },
}  # fmt: skip


class Person:
    """Types at the prompts of the lines, until the review shows what was wanted; nothing else is known of it."""

    def __init__(self, sat: Sitting, wanted: dict[str, Value]) -> None:
        self.flow, self.wanted = sat.flow, dict(wanted)
        self.titles = {question.title: question for question in sat.flow.questions}
        self.lines: list[str] = []

    def say(self, *lines: str) -> None:
        pass

    def ask(self, prompt: str) -> str:
        if self.lines:
            return self.lines.pop(0)
        question = self.titles.get(prompt.partition(" [")[0])
        if question is None:
            return self._review()
        value = self.wanted.pop(question.id, None)
        if value is None:
            return ""
        if isinstance(value, str):
            return f"={value}" if question.kind is Kind.TEXT else value
        self.lines = [*value[1:], ""]
        return value[0]

    def _review(self) -> str:
        ids = [line.question.id for line in self.flow.review()]
        later = next((number for number, name in enumerate(ids, 1) if name in self.wanted), 0)
        return str(later) if later else ""


_resolved: dict[object, ResolvedRecipe] = {}


@pytest.fixture(autouse=True)
def resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe is a function of its file and globals, and takes 70 ms: once for each that there are."""

    def once(file: Path, globals_: Mapping[str, str], root: Path, run: Path) -> ResolvedRecipe:
        key = (file, tuple(globals_.items()), root, run)
        if key not in _resolved:
            _resolved[key] = resolve_live(file, globals_, root, run)
        return _resolved[key]

    monkeypatch.setattr(configure, "resolve_live", once)


def plan(sat: Sitting) -> str:
    return as_json(first_boot(sat))


def by_person(root: Path, wanted: dict[str, Value], devices: Devices, of: str) -> Sitting:
    """As screens do: each question answered where the flow stands."""
    sat = sitting(root, devices=devices, of=of)
    for name in [question.id for question in sat.flow.questions]:
        if name in wanted and name in sat.flow.values():
            sat.flow.go(name)
            assert sat.flow.answer(wanted[name]) == ""
    return sat


def by_lines(root: Path, wanted: dict[str, Value], devices: Devices, of: str) -> Sitting:
    sat = sitting(root, devices=devices, of=of)
    person = Person(sat, {name: value for name, value in wanted.items() if name != "x" or "x" in sat.flow.values()})
    ask(sat.flow, person, "", list)
    assert person.wanted == {}
    return sat


def by_file(root: Path, wanted: dict[str, Value], devices: Devices, of: str) -> Sitting:
    sat = sitting(root, devices=devices, of=of)
    path = root / "given.yaml"
    path.write_text(json.dumps({"answers": wanted}))
    take_file(sat, path)
    return sat


def by_kernel(root: Path, wanted: dict[str, Value], devices: Devices, of: str) -> Sitting:
    words = [
        f"kameleon.{name}=" + (value if isinstance(value, str) else ",".join(value)) for name, value in wanted.items()
    ]
    sat = sitting(root, " ".join(f'"{word}"' for word in ["quiet", *reversed(words)]), devices, of)
    assert sat.problems == ()
    return sat


def by_the_file_it_wrote(root: Path, wanted: dict[str, Value], devices: Devices, of: str) -> Sitting:
    path = root / "repeats.yaml"
    path.write_text(repeat(first_boot(by_person(root, wanted, devices, of)).review))
    sat = sitting(root, devices=devices, of=of)
    take_file(sat, path)
    assert {answer.source for answer in sat.flow.answers().values()} == {Source.FILE}
    return sat


def by_another_process(root: Path, wanted: dict[str, Value], devices: Devices, of: str) -> Sitting:
    by_person(root, wanted, devices, of).hand_over(root / "state")
    assert (root / "state").stat().st_mode & 0o777 == 0o600
    sat = sitting(root, devices=devices, of=of)
    sat.take_over(root / "state")
    return sat


WAYS = (by_lines, by_file, by_kernel, by_the_file_it_wrote, by_another_process)


@pytest.mark.parametrize("devices", [AT_HOME, SERIAL], ids=["at home", "serial"])
@pytest.mark.parametrize("chosen", CHOSEN)
@pytest.mark.parametrize("of", MACHINES)
def test_the_same_plan(tmp_path: Path, of: str, chosen: str, devices: Devices) -> None:
    root = tree(tmp_path, graphical=devices is AT_HOME)
    expected = plan(by_person(root, CHOSEN[chosen], devices, of))
    answers = json.loads(expected)["answers"]
    assert {name: tuple(v) if isinstance(v, list) else v for name, v in answers.items()}.items() >= {
        name: value for name, value in CHOSEN[chosen].items() if name in answers
    }.items()
    for way in WAYS:
        assert plan(way(root, CHOSEN[chosen], devices, of)) == expected, way.__name__


def test_other_answers_make_another_plan(tmp_path: Path) -> None:
    root = tree(tmp_path)
    plans = {plan(by_person(root, wanted, AT_HOME, MACHINES[0])) for wanted in CHOSEN.values()}
    assert len(plans) == len(CHOSEN)


_NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).filter(lambda name: not check(name))
_ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "keymap": st.sampled_from(["us", "us:intl", "fr", "ch:fr"]),
        "role": st.sampled_from(["both", "server", "node"]),
        "hostname": _NAMES,
        "timezone": st.sampled_from(["Etc/UTC", "EST", "Europe/Paris"]),
        "ssh_keys": st.lists(_NAMES.map(lambda name: f"{KEY}{name}"), unique=True, min_size=1, max_size=3).map(tuple),
    },
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree(tmp_path_factory.mktemp("tree"))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_ANSWERS, st.sampled_from(MACHINES), st.sampled_from([AT_HOME, SERIAL]))
def test_any_answers(root: Path, wanted: dict[str, Value], of: str, devices: Devices) -> None:
    expected = plan(by_person(root, wanted, devices, of))
    for way in WAYS:
        assert plan(way(root, wanted, devices, of)) == expected, way.__name__
