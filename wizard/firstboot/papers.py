"""Answers files of the first boot: read for this machine, checked for any, and the one that repeats a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wizard.firstboot.facts import Facts
from wizard.firstboot.fleet import KEYS, identify
from wizard.firstboot.flow import first_boot_flow
from wizard.firstboot.keyboards import LISTS
from wizard.firstboot.outside import fetch
from wizard.firstboot.sitting import Sitting
from wizard.flow.answersfile import Given, give, parse_answers, to_yaml
from wizard.flow.flow import Flow, ReviewLine
from wizard.flow.question import Kind, Question
from wizard.flow.question import Source as Answered
from wizard.recipe import yamltext
from wizard.recipe.errors import Problems
from wizard.recipe.nodes import Node, Source

HEAD = "What this first boot was told, and by whom. It says the same again:\nkameleon-tui firstboot --answers FILE"


#: Beside the run's other files: what the first boot was told.
NAME = "answers.yaml"


def take_earlier(sitting: Sitting, run: Path, *, sure: bool) -> None:
    """Gives the sitting what an earlier first boot, whose run directory this is, was told; nothing when there was none.
    `sure`: that one goes on, or is repeated, so it is stronger than the kernel command line; else it is a detection."""
    path = run / NAME
    if not path.is_file():
        return
    problems = Problems()
    found = yamltext.read(path, str(path), problems)
    if found is not None:
        file = parse_answers(found[1], sitting.flow.questions, KEYS, problems)
        for one in file.given:
            source = Answered.FILE if sure else Answered.DETECTED
            sitting.flow.give(one.question, one.value, source, "as the first boot before was told")
    # A file that somebody has spoilt is no reason to stop.
    sitting.problems = (*sitting.problems, *(str(error) for error in problems.errors))


def take_file(sitting: Sitting, path: Path) -> None:
    """Gives the sitting what the file says for this machine. RecipeErrors with every mistake in it."""
    problems = Problems()
    found = yamltext.read(path, str(path), problems)
    _take(sitting, found, problems)


def take_from_outside(sitting: Sitting, where: str) -> None:
    """As `take_file`, from where the kernel command line said (outside.py)."""
    text, name = fetch(where)
    problems = Problems()
    found = yamltext.parse(text, Path(name), name, problems)
    _take(sitting, found, problems)


def _take(sitting: Sitting, found: tuple[Source, Node] | None, problems: Problems) -> None:
    if found is not None:
        file = parse_answers(found[1], sitting.flow.questions, KEYS, problems)
        fits = (lambda match: identify(sitting.facts).fits(match)) if file.machines else (lambda match: False)
        give(sitting.flow, file.for_machine(fits), problems)
    problems.raise_any()


def check_file(path: Path, root: Path = Path("/")) -> int:
    """How many machines' answers the file has beside those for all. RecipeErrors with every mistake in it.

    What only the machine itself can tell (which interfaces it has) is not judged, nor are keyboards and time zones
    where no list of them is installed.
    """
    problems = Problems()
    found = yamltext.read(path, str(path), problems)
    if found is None:
        problems.raise_any()
        raise AssertionError  # reading failed, so there was a problem
    facts = Facts(root)
    flow = first_boot_flow(facts)
    file = parse_answers(found[1], flow.questions, KEYS, problems)
    for given in (file.given, *((*file.given, *machine.given) for machine in file.machines)):
        _judge(first_boot_flow(facts), given, facts, problems)
    problems.raise_any()
    return len(file.machines)


def _judge(flow: Flow, given: tuple[Given, ...], facts: Facts, problems: Problems) -> None:
    elsewhere = {"interface"}
    if not any(facts.text(name) for name in LISTS):
        elsewhere.add("keymap")
    if not (facts.root / "usr/share/zoneinfo").is_dir():
        elsewhere.add("timezone")
    judged = [one for one in given if one.question not in elsewhere]
    give(flow, judged, problems)
    values = flow.values()
    questions: Mapping[str, Question] = {question.id: question for question in flow.questions}
    for one in judged:
        question = questions[one.question]
        # Whether there is a session to choose is for the machine to say; what can be chosen is not.
        if one.question not in values and question.kind in (Kind.ONE, Kind.LINES):
            problem = question.problem(one.value, values)
            if problem:
                problems.add(one.place, problem)


def repeat(review: tuple[ReviewLine, ...]) -> str:
    """The file that gives the same answers again."""
    return to_yaml(review, HEAD)
