"""`doctor` on this machine, and on one that lacks something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wizard import cli
from wizard.commands import doctor
from wizard.compose.catalog import load_outputs
from wizard.errors import DONE, MACHINE, UserError
from wizard.host import apt, probe, tools


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """A machine on which every tool is there unless named here as True (missing), and every fact is good."""
    missing: dict[str, bool] = {}
    monkeypatch.setattr(tools, "_find", lambda tool: "" if missing.get(tool.name) else f"/usr/bin/{tool.name}")
    monkeypatch.setattr(tools, "_version", lambda tool, path: "1.0")
    monkeypatch.setattr(doctor, "_facts", lambda: [probe.Fact("root", "ok", "running as root")])
    monkeypatch.setattr(apt, "is_root", lambda: True)
    return missing


def test_healthy(machine: dict[str, bool], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == DONE
    text = capsys.readouterr().out
    assert "mmdebstrap" in text
    assert "missing" not in text
    assert "\nEverything needed is here.\n" in text


def test_missing_tools_are_marked_and_the_command_is_shown(
    machine: dict[str, bool], capsys: pytest.CaptureFixture[str]
) -> None:
    machine.update(zstd=True, mmdebstrap=True)
    assert cli.main(["doctor"]) == MACHINE
    text = capsys.readouterr().out
    (line,) = [line for line in text.splitlines() if line.startswith("zstd ")]
    assert line.split()[:4] == ["zstd", "missing", "-", "zstd"]
    assert "\n  apt-get install mmdebstrap zstd\n" in text


def test_another_group(machine: dict[str, bool], capsys: pytest.CaptureFixture[str]) -> None:
    machine["shellcheck"] = True
    assert cli.main(["doctor"]) == DONE
    assert cli.main(["doctor", "--for", "develop"]) == MACHINE


def test_an_output_type_is_a_reason_to_look(machine: dict[str, bool], capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever its header names, also where set-up's table has no group for it."""
    for name in doctor._type_names():
        machine.clear()
        assert cli.main(["doctor", "--for", name]) == DONE
        assert "output type" not in capsys.readouterr().out
        (output,) = (one for one in load_outputs() if one.id == name)
        for tool in output.tools:
            machine.clear()
            machine[tool] = True
            assert cli.main(["doctor", "--for", name]) == MACHINE
            assert f"\n{tool} " in capsys.readouterr().out
    with pytest.raises(UserError, match="invalid choice: 'isso'"):
        cli.make_parser().parse_args(["doctor", "--for", "isso"])


def test_what_can_be_made_here_is_told(machine: dict[str, bool], capsys: pytest.CaptureFixture[str]) -> None:
    machine.update(xorriso=True, mformat=True)
    assert cli.main(["doctor"]) == DONE, "what only some output types need is no fault of the machine"
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("tar ") and line.endswith("  ready") for line in lines)
    assert any(line.startswith("iso ") and line.endswith("  lacks xorriso, mformat") for line in lines)
    assert lines[-1].endswith("kameleon-tui doctor --install --for TYPE")
    cli.main(["doctor", "--json"])
    types = {entry["name"]: entry["missing"] for entry in json.loads(capsys.readouterr().out)["types"]}
    assert types["tar"] == []
    assert types["iso"] == ["xorriso", "mformat"]


def test_named_tools_only(machine: dict[str, bool], capsys: pytest.CaptureFixture[str]) -> None:
    """What a failed check_cmd sends people to: which package has this command?"""
    machine.update(zstd=True, mkthing=True)
    assert cli.main(["doctor", "tar"]) == DONE
    assert cli.main(["doctor", "zstd", "mkthing"]) == MACHINE
    text = capsys.readouterr().out
    assert "mmdebstrap" not in text
    assert "\nmkthing  missing  -        ?" in text
    assert "apt-get install zstd\n" in text
    assert "kameleon-tui doctor --install zstd mkthing\n" in text


def test_a_tool_of_an_unknown_package_cannot_be_installed(machine: dict[str, bool]) -> None:
    machine["mkthing"] = True
    assert cli.main(["doctor", "--install", "mkthing"]) == MACHINE


def test_a_machine_that_cannot_build(
    machine: dict[str, bool], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_facts", lambda: [probe.Fact("namespaces", "missing", "unshare: not permitted")])
    assert cli.main(["doctor"]) == MACHINE
    assert "What this machine lacks is marked" in capsys.readouterr().out


def test_json(machine: dict[str, bool], capsys: pytest.CaptureFixture[str]) -> None:
    machine["zstd"] = True
    assert cli.main(["doctor", "--json"]) == MACHINE
    value = json.loads(capsys.readouterr().out)
    assert value["v"] == 1
    assert value["ok"] is False
    assert value["packages"] == ["zstd"]
    by_name = {entry["name"]: entry for entry in value["tools"]}
    assert by_name["zstd"]["state"] == "missing"
    assert by_name["tar"] == {
        "name": "tar",
        "package": "tar",
        "for": "packs an appliance",
        "groups": ["build", "capture"],
        "state": "ok",
        "path": "/usr/bin/tar",
        "version": "1.0",
    }


def test_install_installs_what_is_missing_and_looks_again(
    machine: dict[str, bool], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.update(zstd=True, unshare=True, nsenter=True)
    installed: list[list[str]] = []

    def install(packages: list[str]) -> None:
        installed.append(packages)
        machine.clear()

    monkeypatch.setattr(apt, "install", install)
    assert cli.main(["doctor", "--install"]) == DONE
    assert installed == [["util-linux", "zstd"]]
    assert "Everything needed is here." in capsys.readouterr().out


def test_install_that_did_not_help_is_no_success(machine: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    machine["zstd"] = True
    monkeypatch.setattr(apt, "install", lambda packages: None)
    assert cli.main(["doctor", "--install"]) == MACHINE
    assert cli.main(["doctor", "--install", "--quiet"]) == MACHINE


def test_nothing_to_install_calls_nothing(
    machine: dict[str, bool], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(apt, "install", lambda packages: pytest.fail("apt was called"))
    assert cli.main(["doctor", "--install", "--quiet"]) == DONE
    assert capsys.readouterr() == ("", "")


def test_on_this_machine(capsys: pytest.CaptureFixture[str], own_directories: Path) -> None:
    """The real probes: whatever they find, the table and the status agree, and no directory is made."""
    status = cli.main(["doctor"])
    assert (" missing " in capsys.readouterr().out) is (status == MACHINE)
    assert not (own_directories / "state").exists()
