"""`build` before its first step: arguments, the plan of --dry-run, who may build."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wizard.commands import build
from wizard.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
RECIPE = """\
global:
  distrib: none
  greeting: hello
steps:
  - one:
    - say:
      - exec_current: echo "$KAMELEON_GREETING" $$greeting
    - write:
      - write_file:
        - /etc/motd
        - |
          two
          lines
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "toy.yaml"
    path.write_text(RECIPE)
    return path


def program(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The real program, without a terminal."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "wizard", "build", *words]
    return subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], {}),
        (["a:b"], {"a": "b"}),
        (["a:b:c", "d:"], {"a": "b:c", "d": ""}),
        (["a:1", "a:2"], {"a": "2"}),
        (["a: $(touch x) 'q' \"\n"], {"a": " $(touch x) 'q' \"\n"}),
    ],
)
def test_globals_are_divided_at_the_first_colon(given: list[str], expected: dict[str, str]) -> None:
    assert build.parse_globals(given) == expected


@pytest.mark.parametrize("given", ["", "a", ":b", "a=b"])
def test_a_global_without_a_name_or_a_value_is_refused(given: str) -> None:
    with pytest.raises(UserError, match="KEY:VALUE"):
        build.parse_globals([given])


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    build.add_arguments(parser)
    return parser.parse_args(words)


def test_types_and_steps_may_be_given_several_times() -> None:
    arguments = parsed("toy", "--type", "tar.zst", "qcow2", "--type", "ext4", "--break", "a", "--break", "b/c")
    assert (arguments.recipe, arguments.types, arguments.breakpoints) == (
        "toy",
        ["tar.zst", "qcow2", "ext4"],
        ["a", "b/c"],
    )


@pytest.mark.parametrize("policy", ["ask", "abort", "skip", "retry:0", "retry:12"])
def test_policies(policy: str) -> None:
    assert parsed("--on-failure", policy).on_failure == policy


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--on-failure", "retry"], "retry:N"),
        (["--on-failure", "retry:x"], "retry:N"),
        (["--on-failure", "retry:-1"], "retry:N"),
        (["--step-timeout", "soon"], "number of seconds"),
        (["-g", "novalue"], "KEY:VALUE"),
        (["-g", "bad name:x"], "bad name"),
        (["-g", "workdir:/x"], "workdir_base"),
        (["--output", ""], "--output"),
        (["./nothere.yaml"], "nothere.yaml"),
        (["nothere"], "nothere"),
        (["toy.yaml", "--until", "one/sya"], "one/say"),
        (["toy.yaml", "--break", "nope"], "nope"),
        (["--resume", "x", "toy.yaml"], "--resume"),
        (["toy.yaml", "--run-id", "../x"], "name"),
    ],
)
def test_wrong_usage_is_exit_2_with_a_sentence(recipe: Path, words: list[str], expected: str) -> None:
    if words[0].startswith("-") and "toy.yaml" not in words:
        words = ["toy.yaml", *words]
    done = program(*words, cwd=recipe.parent)
    if done.returncode == 3 and os.geteuid() != 0:
        pytest.skip("told to be root before the recipe is looked into")
    assert done.returncode == 2, done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in recipe.parent.iterdir()] == ["toy.yaml"]


def test_dry_run_prints_the_plan_and_makes_nothing(recipe: Path, own_directories: Path) -> None:
    done = program("toy.yaml", "--dry-run", "-g", "greeting:hi", cwd=recipe.parent)
    assert done.returncode == 0, done.stderr
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[0].split() == ["toy", str(recipe)]
    assert any("one/say" in line and "toy.yaml:6" in line for line in lines)
    assert any("exec_current:" in line for line in lines)
    assert any(line.endswith(f"{recipe.parent}/build/toy") for line in lines)
    assert [line.strip() for line in lines if line.strip() in ("two", "lines")] == ["two", "lines"]
    assert [path.name for path in recipe.parent.iterdir()] == ["toy.yaml"]
    assert not (own_directories / "state").exists()


def test_without_a_recipe_the_oar_live_iso_is_built(tmp_path: Path) -> None:
    done = program("--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "debian-bookworm-x86_64-oar-2.5-iso"
    assert f"{tmp_path}/build/debian-bookworm-x86_64-oar-2.5-iso" in done.stdout


def test_a_global_that_would_act_in_a_shell_is_refused_where_it_would(recipe: Path) -> None:
    done = program("toy.yaml", "--dry-run", "-g", "greeting:$(touch x)", cwd=recipe.parent)
    assert done.returncode == 2
    assert "toy.yaml:7:" in done.stderr
    assert "$KAMELEON_GREETING" in done.stderr


def test_a_recipe_with_mistakes_is_exit_2_naming_the_place(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("exec_current", "exec_curent"))
    done = program("toy.yaml", "--dry-run", cwd=recipe.parent)
    assert done.returncode == 2
    assert "toy.yaml:7:9" in done.stderr
    assert "exec_current" in done.stderr


AS_NOBODY = """
import os, sys
import wizard.commands.build, wizard.engine.build, wizard.engine.runs, wizard.host.privilege
import wizard.plain.front, wizard.plain.plan, wizard.recipe.find, wizard.cli
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(wizard.cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("words", [["hello"], ["--resume", "last"], ["hello", "--json"]])
def test_an_ordinary_user_is_told_to_be_root(words: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, "build", *words], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert "root" in done.stderr.splitlines()[0]
    assert "build" in done.stderr.splitlines()[1]
    assert words[-1] in done.stderr.splitlines()[1]
