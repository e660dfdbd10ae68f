"""Answers files of the first boot: every mistake with its place, machines of a fleet, the file that repeats a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.firstboot.recorded import AT_HOME, CABLE, KEY, NO_CABLE, SERIAL, sitting, tree
from wizard.data import shipped
from wizard.errors import USAGE, UserError
from wizard.firstboot.devices import Devices
from wizard.firstboot.fleet import KEYS, Identity
from wizard.firstboot.flow import NAMES
from wizard.firstboot.papers import check_file, take_earlier, take_file
from wizard.firstboot.sitting import sit_down
from wizard.flow.question import Kind, Source
from wizard.recipe.errors import RecipeErrors

WRONG = f"""\
answers:
  keymap: zz
  rol: node
  hostname: [a]
  timezone:
  ssh_keys: ssh-rsa nonsense
  network: static
  address: 10.0.0.0/24
  x: maybe
machines:
  - match: {{mca: "52:54:00:*"}}
    answers: {{role: nod}}
  - answers: {{hostname: "a b"}}
  - match:
      mac: {{a: b}}
    answers:
      ssh_keys:
        - {KEY}
        - [b]
more: 1
"""
MISTAKES = """\
2:11: Keyboard: 'zz' is not offered here; take us or us:intl or fr or fr:oss or ch or ch:fr.
3:3: rol is not known in answers; did you mean role?
4:13: hostname takes a text, found a list
5:12: timezone: nothing is written; write "" for no text, [] for none
6:13: The key after ssh-rsa was not copied whole.
8:12: 10.0.0.0/24: the first and the last address of a network are no machine's.
9:6: Screen: 'maybe' is not offered here; take yes or no.
11:13: mca is not known in match; did you mean mac?
12:21: Role: 'nod' is not offered here; take both or server or node.
13:5: match is missing: it says which machines these answers are for
13:25: 'a b' is no host name (a-z, 0-9, - and dots, 64 characters at most).
15:12: match: mac: a text or a list of texts was expected, found a mapping
19:11: ssh_keys: a text was expected, found a list
20:1: more is not known in an answers file; there are answers, machines
"""


def write(path: Path, text: str) -> Path:
    (path / "answers.yaml").write_text(text)
    return path / "answers.yaml"


def test_every_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    path = write(tree(tmp_path), WRONG)
    with pytest.raises(RecipeErrors) as raised:
        check_file(path, tmp_path)
    assert raised.value.message.replace(f"{path}:", "") + "\n" == MISTAKES
    assert raised.value.status == USAGE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("- a\n", "1:1: an answers file is a mapping, found a list"),
        ("answers: none\n", "1:10: answers is a mapping"),
        ("machines: {}\n", "machines is a list of mappings"),
        ("answers: {role: both, role: node}\n", "is here twice"),
        ("answers: {role: both\n", "YAML:"),
        ("answers:\n  hostname: !!python/object:os.system a\n", "the tag"),
    ],
)
def test_what_is_no_answers_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RecipeErrors, match=said):
        check_file(write(tree(tmp_path), text), tmp_path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecipeErrors, match="no such file"):
        check_file(tmp_path / "none.yaml", tree(tmp_path))


def test_what_only_the_machine_knows_is_not_judged_elsewhere(tmp_path: Path) -> None:
    text = (
        "answers: {x: no, keymap: dvorak, timezone: Mars/Base, network: static, interface: wan7, address: 10.0.0.1/8}\n"
    )
    assert check_file(write(tmp_path, text), tmp_path) == 0
    with pytest.raises(RecipeErrors) as raised:
        take_file(sitting(tmp_path), write(tree(tmp_path), text))
    assert [error.message.partition(":")[0] for error in raised.value.errors] == ["Keyboard", "Time zone", "Interface"]


def test_plain_scalars_are_texts(tmp_path: Path) -> None:
    sat = sitting(tree(tmp_path, graphical=True))
    take_file(sat, write(tmp_path, "answers: {x: no, hostname: node-007}\n"))
    assert (sat.flow.values()["x"], sat.flow.values()["hostname"]) == ("no", "node-007")
    assert sat.flow.answers()["x"].reason.endswith("answers.yaml:1:14")


def test_keys_in_one_block(tmp_path: Path) -> None:
    sat = sitting(tree(tmp_path))
    take_file(sat, write(tmp_path, f"answers:\n  ssh_keys: |\n    {KEY}\n\n    {KEY} two\n"))
    assert sat.flow.values()["ssh_keys"] == (KEY, f"{KEY} two")


def test_a_person_is_stronger_than_a_file_and_that_than_the_kernel(tmp_path: Path) -> None:
    sat = sitting(tree(tmp_path), "kameleon.hostname=kernel kameleon.role=server kameleon.keymap=fr")
    take_file(sat, write(tmp_path, "answers: {hostname: file, role: node}\n"))
    sat.flow.go("hostname")
    assert sat.flow.answer("person") == ""
    answers = sat.flow.answers()
    assert [(answers[name].value, answers[name].source) for name in ("hostname", "role", "keymap")] == [
        ("person", Source.PERSON), ("node", Source.FILE), ("fr", Source.KERNEL),
    ]  # fmt: skip


def test_mistakes_in_a_file_change_no_other_answer(tmp_path: Path) -> None:
    sat = sitting(tree(tmp_path))
    with pytest.raises(RecipeErrors):
        take_file(sat, write(tmp_path, "answers: {hostname: file, role: nod}\n"))
    assert sat.flow.values()["role"] == "both"


FLEET = """\
answers: {timezone: Europe/Paris, role: node}
machines:
  - match: {hostname: "node-1?"}
    answers: {hostname: odd}
  - match: {hostname: [head, "master*"], product: "*PowerEdge*"}
    answers: {role: server}
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [("node-12", ("node", "odd")), ("head", ("node", "head")), ("node-1", ("node", "node-1"))],
)
def test_machines_of_a_fleet_by_name(tmp_path: Path, name: str, expected: tuple[str, str]) -> None:
    (tree(tmp_path) / "etc/hostname").write_text(f"{name}\n")
    sat = sitting(tmp_path)
    take_file(sat, write(tmp_path, FLEET))
    values = sat.flow.values()
    assert (values["role"], values["hostname"]) == expected
    assert values["timezone"] == "Europe/Paris"
    assert check_file(write(tmp_path, FLEET), tmp_path) == 2


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({}, False),
        ({"mac": ("52:54:00:AB:*",)}, True),
        ({"mac": ("00:*", "*:F0")}, True),
        ({"mac": ("52:54:00:*",), "serial": ("other",)}, False),
        ({"mac": ("52:54:00:*",), "serial": ("ab?-7",), "vendor": ("dell*",)}, True),
        ({"asset": ("*",)}, False),
        ({"mac": ()}, False),
    ],
)
def test_matches(match: dict[str, tuple[str, ...]], fits: bool) -> None:
    macs = tuple(one.address for one in (CABLE, NO_CABLE))
    assert Identity({"mac": macs, "serial": ("abc-7",), "vendor": ("dell inc.",), "asset": ()}).fits(match) is fits


def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(shipped("recipes/schema/answers.schema.json").read_text())
    return loaded


def test_the_schema_knows_every_question_and_every_key(tmp_path: Path) -> None:
    jsonschema.Draft7Validator.check_schema(schema())
    flow = sitting(tree(tmp_path, graphical=True)).flow
    answers = schema()["definitions"]["answers"]["properties"]
    assert tuple(answers) == NAMES == tuple(question.id for question in flow.questions)
    assert tuple(schema()["properties"]["machines"]["items"]["properties"]["match"]["properties"]) == KEYS
    for question in flow.questions:
        assert ("anyOf" in answers[question.id]) == question.several
        if question.kind is Kind.ONE and "enum" in answers[question.id]:
            offered = [choice.id for choice in flow.choices(question)]
            assert sorted(one for one in answers[question.id]["enum"] if isinstance(one, str)) == sorted(offered)


def test_the_schema_takes_what_is_written_and_refuses_what_is_refused(tmp_path: Path) -> None:
    validator = jsonschema.Draft7Validator(schema())
    sat = sitting(tree(tmp_path))
    take_file(sat, write(tmp_path, FLEET))
    validator.validate(yaml.safe_load(FLEET))
    for text in ("answers: {rol: node}", "answers: {role: nod}", "machines: [{answers: {}}]", "more: 1"):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(yaml.safe_load(text))


def test_what_an_earlier_first_boot_was_told(tmp_path: Path) -> None:
    tree(tmp_path)
    write(tmp_path, "answers: {role: server, hostname: before}\n")
    (tmp_path / "answers.yaml").rename(tmp_path / "kept.yaml")
    for sure, role in ((True, "server"), (False, "node")):
        sat = sitting(tmp_path, "kameleon.role=node")
        run = tmp_path / f"run-{sure}"
        run.mkdir()
        (run / "answers.yaml").write_bytes((tmp_path / "kept.yaml").read_bytes())
        take_earlier(sat, run, sure=sure)
        assert (sat.flow.values()["role"], sat.flow.values()["hostname"]) == (role, "before")
        assert sat.problems == ()


def test_an_earlier_file_that_was_spoilt_is_told_and_passed_over(tmp_path: Path) -> None:
    sat = sitting(tree(tmp_path))
    write(tmp_path, "answers: {role: [\n")
    take_earlier(sat, tmp_path, sure=True)
    assert sat.flow.values()["role"] == "both"
    assert "answers.yaml" in sat.problems[0]
    take_earlier(sat, tmp_path / "none", sure=True)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"given": 1, "at": null, "called": false}', "[" * 100_000, '{"given": {}}']
)
def test_a_state_that_is_none(tmp_path: Path, text: str) -> None:
    sat = sitting(tree(tmp_path), devices=SERIAL)
    (tmp_path / "state").write_text(text)
    with pytest.raises(UserError, match="state"):
        sat.take_over(tmp_path / "state")
    assert sat.flow.values()["role"] == "both"


def test_the_countdown_is_the_callers_else_the_kernels(tmp_path: Path) -> None:
    tree(tmp_path)
    assert sitting(tmp_path).countdown.seconds == 30
    assert sitting(tmp_path, "kameleon.timeout=7").countdown.seconds == 7
    assert sitting(tmp_path, "kameleon.timeout=7", timeout=3).countdown.seconds == 3
    assert sitting(tmp_path, devices=Devices((), (), leased=True), timeout=0).countdown.over
    assert not sit_down(tmp_path, command_line="").countdown.over
    assert AT_HOME.leased
