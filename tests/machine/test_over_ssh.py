"""With a real sshd: recorded machines on addresses of their own, and this one on all others."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine.sshd import Sshd, running
from tests.machine.trees import NAMES, machine, write_tree
from wizard import cli
from wizard.errors import DONE, FAILED
from wizard.machine.detect import detect
from wizard.machine.model import Machine
from wizard.machine.remote import ask

pytestmark = pytest.mark.real


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    assert os.geteuid() == 0, "sshd runs as a user of its own here: make test runs this as root"
    with running() as found:
        if found is None:
            pytest.skip("openssh-server is not to be had from this machine's mirror")
        yield found


@pytest.fixture(scope="session")
def recorded(sshd: Sshd, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Address → name of the recorded machine it is."""
    base = tmp_path_factory.mktemp("machines")
    for directory in (base, *base.parents):
        if directory.owner() == "root" and directory != Path("/tmp") and str(directory).startswith("/tmp/"):
            directory.chmod(0o755)  # sshd's user reads them
    found = {f"127.9.0.{number}": name for number, name in enumerate(NAMES, start=1)}
    for address, name in found.items():
        sshd.add(address, write_tree(base, name))
    return found


def test_every_recorded_machine(sshd: Sshd, recorded: dict[str, str]) -> None:
    answers = {answer.host: answer for answer in ask([*recorded, "127.8.0.1"], ssh=sshd.ssh)}
    for address, name in recorded.items():
        found = answers[address]
        assert found.machine is not None, found.why
        assert found.machine.address == address
        assert found.machine.to_json() | {"address": ""} == machine(name).to_json()
    here = answers["127.8.0.1"].machine
    assert here is not None
    assert here.packages == detect().packages
    assert here.disks == detect().disks


def test_a_port_where_nobody_listens(sshd: Sshd, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["resources", "detect", "--json", "--ssh", f"{sshd.ssh} -o Port=1", "--host", "127.0.0.1"]
    assert cli.main(words) == FAILED
    out, err = capsys.readouterr()
    assert "Connection refused" in json.loads(out)["error"]
    assert "1 of 1 host did not tell" in err


def test_what_is_detected_can_be_planned(
    sshd: Sshd,
    recorded: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OARCONFFILE", str(tmp_path / "none"))
    assert cli.main(["resources", "detect", "--json", "--ssh", sshd.ssh, "--host", "127.9.0.[1-3]"]) == DONE
    out = capsys.readouterr().out
    assert [Machine.from_json(json.loads(line)).address for line in out.splitlines()] == [
        "127.9.0.1",
        "127.9.0.2",
        "127.9.0.3",
    ]
    (tmp_path / "found.json").write_text(out)
    assert cli.main(["resources", "plan", "--machine", str(tmp_path / "found.json")]) == DONE
    said = capsys.readouterr().out
    assert said.count("add  -   127.9.0.1 ") == machine(recorded["127.9.0.1"]).cores
