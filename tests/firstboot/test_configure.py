"""The lines that tell how a first boot ended, and who may be configured at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.support import Front
from wizard.engine.answers import Outcome
from wizard.engine.live import Lived
from wizard.errors import MACHINE, UserError
from wizard.firstboot import configure, system
from wizard.firstboot import sitting as sitting_module
from wizard.firstboot.configure import First, first_boot, last_lines
from wizard.firstboot.sitting import sit_down
from wizard.recipe.commands import KINDS


@pytest.fixture
def first(tmp_path: Path) -> First:
    run = tmp_path / system.RUN / "facts"
    run.mkdir(parents=True)
    (run / "host").write_text("head\n")
    (run / "resources").write_text("4\n")
    return first_boot(sit_down(tmp_path))


def step(first: First, number: int) -> str:
    macro, micro = first.recipe.steps()[number]
    return f"{macro.name}/{micro.name}"


def test_done(first: First) -> None:
    lived = Lived(Outcome("done", 0, "", None, 0), None, first.run)
    assert last_lines(first, lived) == ["kameleon: first boot done: role=both host=head resources=4"]
    (first.run / "facts/told").mkdir()
    (first.run / "facts/told/node").write_bytes(b"this node's key is \x1b[31mred\nand another line\n")
    assert last_lines(first, lived)[1:] == ["kameleon: this node's key is red", "kameleon: and another line"]


def test_failed_says_where_why_and_where_more_is(first: First) -> None:
    failure = {"reason": "exit status 1", "output": ["PostgreSQL starts", "PostgreSQL did not answer within 90 s"]}
    number = [step(first, number) for number in range(len(first.recipe.steps()))].index("database/start")
    lived = Lived(Outcome("failed", 1, "failed at …", number, 0), failure, first.run / "logs/03-database.log")
    assert last_lines(first, lived) == [
        "kameleon: first boot failed at database/start: PostgreSQL did not answer within 90 s (exit status 1); "
        f"log: {first.run}/logs/03-database.log"
    ]


def test_a_step_that_said_nothing_or_took_too_long(first: First) -> None:
    for failure, reason in (
        ({"reason": "exit status 3", "output": []}, "exit status 3"),
        ({"reason": "the time limit of 240 s was reached", "output": ["busy"]}, "the time limit of 240 s was reached"),
    ):
        lived = Lived(Outcome("failed", 1, "", 0, 0), failure, first.run / "logs/01-system.log")
        assert last_lines(first, lived)[0].startswith(
            f"kameleon: first boot failed at {step(first, 0)}: {reason}; log: "
        )


def test_ended_by_the_time_limit_of_its_unit(first: First) -> None:
    lived = Lived(Outcome("interrupted", 143, "interrupted by SIGTERM", 2, 0), None, first.run)
    assert last_lines(first, lived) == [
        f"kameleon: first boot failed at {step(first, 2)}: interrupted by SIGTERM; log: {first.run}"
    ]


def test_what_stops_it_before_the_first_step_is_told_on_the_consoles_too(first: First) -> None:
    for path in (first.run / "facts/host", first.run / "facts/resources"):
        path.unlink()
    (first.run / "facts").rmdir()
    first.run.rmdir()
    first.run.write_text("a file where a directory belongs")
    told: list[str] = []
    assert configure.configure(first, Front(), told.extend) == MACHINE
    assert len(told) == 1
    assert told[0].startswith("kameleon: first boot failed before its first step: ")


def test_a_fault_of_ours_is_told_on_the_consoles_too(first: First, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*arguments: object, **options: object) -> Lived:
        raise ValueError("of no use")

    monkeypatch.setattr(configure, "run_live", faulty)
    told: list[str] = []
    with pytest.raises(ValueError):
        configure.configure(first, Front(), told.extend)
    assert told == [f"kameleon: first boot failed: internal error: ValueError: of no use; log: {first.run}"]


def test_a_machine_nobody_meant_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(system, "kernel_command_line", lambda: "root=/dev/sda1 xboot=live quiet\n")
    monkeypatch.setattr(system, "MARK", str(tmp_path / "mark").lstrip("/"))
    with pytest.raises(UserError, match="no live system") as refused:
        system.check_live(Path("/"))
    assert refused.value.status == MACHINE
    (tmp_path / "mark").touch()
    system.check_live(Path("/"))
    (tmp_path / "mark").unlink()
    monkeypatch.setattr(system, "kernel_command_line", lambda: "boot=live quiet\n")
    system.check_live(Path("/"))


def test_a_root_that_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a directory"):
        sit_down(tmp_path / "none")


def test_the_kernel_command_line_is_not_another_trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "kameleon.hostname=this kameleon.nonsense=1 kameleon.timeout=7"
    monkeypatch.setattr(sitting_module, "kernel_command_line", lambda: line)
    assert sit_down(Path("/")).flow.values()["hostname"] == "this"
    sitting = sit_down(tmp_path)
    first = first_boot(sitting)
    assert first.values["hostname"] == "kameleon"
    assert first.problems == ()
    assert sitting.countdown.seconds == 30
    assert first.recipe.contexts["local"] == f"chroot {tmp_path} /bin/bash"


def test_the_plan_has_answers_and_commands_and_nothing_that_changes(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hostname").write_text("kameleon\n")
    detected = configure.as_json(first_boot(sit_down(tmp_path)))
    (tmp_path / "etc/hostname").unlink()
    default = configure.as_json(first_boot(sit_down(tmp_path)))
    assert detected == default  # where an answer comes from is no part of the plan
    plan = json.loads(default)
    assert set(plan) == {"v", "answers", "recipe", "steps"}
    assert {kind for step in plan["steps"] for command in step["commands"] for kind in command} <= set(KINDS)
    assert str(tmp_path) not in default


def test_every_file_of_the_unit_ships_and_asks_for_no_share_of_the_processors() -> None:
    from wizard.data import shipped

    units = {path.name: path.read_text() for path in shipped("recipes/firstboot/system").rglob("*") if path.is_file()}
    assert set(units) == {"kameleon-early.service", "kameleon-firstboot.service", "kameleon.conf"}
    for text in units.values():
        # OAR 2.5 cannot mount its cgroups once a unit has one of these.
        assert not {"CPUWeight", "CPUQuota", "AllowedCPUs"} & {line.partition("=")[0] for line in text.splitlines()}
    unit = units["kameleon-firstboot.service"]
    assert "Before=getty-pre.target" in unit
    assert "Wants=getty-pre.target" in unit
    assert "TimeoutStartSec=600" in unit
