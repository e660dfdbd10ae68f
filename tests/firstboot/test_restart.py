"""A first boot that was cut off goes on after a restart of the machine: what earlier steps started runs no more."""

from __future__ import annotations

import json

import pytest

from tests.firstboot.container import POSTGRESQL, RUN, Container, expect_done, first_boot

pytestmark = pytest.mark.real

STOP = f"""
pg_ctlcluster {POSTGRESQL["bookworm"]} main stop -m immediate
pkill -f '[A]lmighty' || :
pkill -f '[/]etc/oar/sshd_config' || :
rm -rf /run/postgresql /var/run/oar* {RUN}/facts/reached
until ! pgrep -x postgres && ! pgrep -f '[/]etc/oar/sshd_config'; do sleep 0.1; done
"""


def cut_before(box: Container, step: str) -> None:
    """As if the power had gone when that step had not begun yet."""
    names = [name for name, *_ in json.loads(box.path(f"{RUN}/run.json").read_text())["steps"]]
    number = names.index(step)
    events = box.path(f"{RUN}/events.jsonl")
    lines = events.read_text().splitlines(keepends=True)
    told = [json.loads(line) for line in lines]
    begin = next(i for i, one in enumerate(told) if one["event"] == "step" and one["step"] == number)
    events.write_text("".join(lines[:begin]))


def test_every_step_brings_the_services_that_it_needs(box: Container) -> None:
    expect_done(first_boot(box), box)
    for step in ("database/oar", "services/create_resources", "services/node", "services/check_server"):
        box.sh(STOP)
        cut_before(box, step)
        done = first_boot(box)
        expect_done(done, box)
        assert "done before" in done.stdout, done.stdout


def test_a_server_counts_its_resources_after_a_restart_too(box: Container) -> None:
    box.path("/answers.yaml").write_text("answers: {role: server}\n")
    assert first_boot(box, "--answers", "/answers.yaml").returncode == 0
    box.sh(STOP)
    cut_before(box, "services/count_resources")
    done = first_boot(box, "--answers", "/answers.yaml")
    assert done.returncode == 0, done.stdout + done.stderr + box.log()
    assert "resources=0" in done.stdout
