"""`kameleon-tui recipe` as people and programs use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.recipe.trees import classic, current, write
from wizard.cli import main


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipe", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split("  ")[0] == "hello" and "archive" in line for line in lines)
    assert main(["recipe", "list", "--json"]) == 0
    found = {recipe["name"]: recipe for recipe in json.loads(capsys.readouterr().out)}
    assert found["hello"]["dialect"] == "current"
    assert Path(found["hello"]["path"]).is_file()


def test_show(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, current("- exec_in: echo $$v\n- on_clean: [exec_local: x]", v="'1'"))
    assert main(["recipe", "show", "r.yaml"]) == 0
    shown = capsys.readouterr().out
    assert "\nsetup\n  macro  (r.yaml)\n    micro\n    _clean_0_micro\n" in shown
    assert "echo" not in shown
    assert main(["recipe", "show", "r.yaml", "--resolved", "-g", "v:a:b"]) == 0
    shown = capsys.readouterr().out
    assert "      - exec_in: echo a:b\n" in shown
    assert any(line.split() == ["v", "a:b"] for line in shown.splitlines())


def test_show_as_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, classic("- write_file: [/x, y]\n- exec_chroot: z"))
    assert main(["recipe", "show", "--resolved", "--json", "r.yaml", "-g", "more:1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["dialect"], found["globals"]["more"]) == ("r", "classic", "1")
    assert found["sections"] == [
        {
            "name": "steps",
            "macrosteps": [
                {
                    "name": "macro",
                    "file": "steps/debian/macro.yaml",
                    "line": 1,
                    "microsteps": [
                        {
                            "name": "micro",
                            "file": "steps/debian/macro.yaml",
                            "line": 2,
                            "clean": False,
                            "commands": [{"write_file": ["/x", "y"]}, {"exec_chroot": "z"}],
                        }
                    ],
                }
            ],
        }
    ]


def test_check(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, {"good.yaml": current("- exec_in: x")["r.yaml"], "bad.yaml": current("- exe_in: $$a\n- x")["r.yaml"]})
    assert main(["recipe", "check", "good.yaml", "hello"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "good.yaml: ok: 1 macrostep, 1 microstep"
    assert lines[1].startswith("hello: ok: ")
    assert main(["recipe", "check", "bad.yaml", "good.yaml", "gone.yaml"]) == 2
    assert capsys.readouterr().out.splitlines() == [
        "bad.yaml:6:11: unknown command exe_in; did you mean exec_in?",
        "bad.yaml:7:11: expected a command and its argument, found the text x",
        "good.yaml: ok: 1 macrostep, 1 microstep",
        "gone.yaml:1:1: cannot be read: no such file or directory",
    ]
    assert main(["-q", "recipe", "check", "good.yaml"]) == 0
    assert capsys.readouterr().out == ""


def test_show_tells_mistakes_on_stderr(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, current("- exe_in: x"))
    assert main(["recipe", "show", "r.yaml"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "r.yaml:6:11: unknown command exe_in" in shown.err


@pytest.mark.parametrize("pair", ["novalue", ":x", ""])
def test_wrong_globals(pair: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipe", "show", "hello", "-g", pair]) == 2
    assert "KEY:VALUE was expected" in capsys.readouterr().err


def test_output_types(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipe", "show", "hello", "--type", "tar", "tar"]) == 0
    assert "\nexport\n  tar  (" in capsys.readouterr().out
    assert main(["recipe", "check", "hello", "--type", "tarr"]) == 2
    assert "no output type tarr" in capsys.readouterr().out


def test_script(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, current("- exec_in: x"))
    assert main(["recipe", "script", "r.yaml", "scripts"]) == 0
    assert "start scripts/run.sh to build r" in capsys.readouterr().out
    assert (here / "scripts/run.sh").stat().st_mode & 0o111
    assert "exec_in" not in (here / "scripts/run.sh").read_text()
