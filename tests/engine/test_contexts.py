"""What a recipe's commands live in: variables that persist, errexit, descriptors, death."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.engine.support import command, macro, recipe, run, step


def test_variables_functions_and_directory_persist(tmp_path: Path) -> None:
    resolved = recipe(
        tmp_path,
        macro("one", step("a", 'x="two\nlines"; declare -A map=([k]=v); f() { echo "f $1"; }; cd /usr; readonly ro=7')),
        macro("two", step("b", 'echo "$x|${map[k]}|$PWD|$ro"; f 1'), step("c", "echo again $ro; umask")),
    )
    ran = run(resolved, tmp_path)
    assert ran.outcome.result == "done"
    assert ran.text.startswith("two\nlines|v|/usr|7\nf 1\nagain 7\n00")


def test_strict_commands_stop_at_the_first_failure(tmp_path: Path) -> None:
    ran = run(recipe(tmp_path, macro("m", step("s", "false\necho after"))), tmp_path)
    assert (ran.outcome.result, ran.outcome.exit, ran.text) == ("failed", 1, "")


def test_pipefail(tmp_path: Path) -> None:
    ran = run(recipe(tmp_path, macro("m", step("s", "false | true"))), tmp_path)
    assert ran.outcome.result == "failed"


def test_commands_that_are_not_strict_count_by_their_last_status_and_export_all(tmp_path: Path) -> None:
    resolved = recipe(tmp_path, macro("m", step("s", "false\nx=1", "bash -c 'echo x=$x'", "false; true")), strict=False)
    ran = run(resolved, tmp_path)
    assert (ran.outcome.result, ran.text) == ("done", "x=1\n")


def test_stdin_is_empty_and_no_terminal_is_there(tmp_path: Path) -> None:
    ran = run(
        recipe(tmp_path, macro("m", step("s", "cat; read -r x || echo nothing; (: </dev/tty) || true"))), tmp_path
    )
    assert ran.outcome.result == "done"
    assert "nothing" in ran.text
    assert "/dev/tty" in ran.text


def test_descriptors_are_closed_in_commands(tmp_path: Path) -> None:
    ran = run(recipe(tmp_path, macro("m", step("s", "ls /proc/self/fd | sort -n | tr '\\n' ' '"))), tmp_path)
    # 3 is ls's own; 80 is the file an ending shell leaves its variables in.
    assert set(ran.text.split()) == {"0", "1", "2", "3", "80"}


def test_the_environment_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    ran = run(recipe(tmp_path, macro("m", step("s", "env; declare -p | grep -c KT_ || true"))), tmp_path)
    assert "s3cret" not in ran.text
    assert "KAMELEON_WORKDIR=" in ran.text
    names = {line.split("=")[0] for line in ran.text.splitlines() if "=" in line}
    assert not {name for name in names if name.startswith("KT_")}


@pytest.mark.parametrize(
    "value", ["a b", 'it\'s "x"', "$(touch {base}/hit)", "`touch {base}/hit`", "a\nb", "; touch {base}/hit", "\\", "*"]
)
def test_globals_reach_commands_literally(tmp_path: Path, value: str) -> None:
    value = value.replace("{base}", str(tmp_path))
    resolved = recipe(tmp_path, macro("m", step("s", 'printf "[%s]" "$KAMELEON_MY_VALUE"')), extra={"my-value": value})
    ran = run(resolved, tmp_path)
    assert ran.text == f"[{value}]"
    assert not (tmp_path / "hit").exists()


def test_directories_of_commands(tmp_path: Path) -> None:
    (tmp_path / "work" / "chroot").mkdir(parents=True)
    resolved = recipe(
        tmp_path,
        macro("m", step("s", "cd /", command("pwd", directory="chroot"), command("pwd", directory="cwd"), "pwd")),
    )
    ran = run(resolved, tmp_path)
    assert ran.text.split() == [f"{tmp_path}/work/chroot", str(tmp_path), str(tmp_path)]


def test_an_appliance_that_is_not_there_is_told(tmp_path: Path) -> None:
    ran = run(recipe(tmp_path, macro("m", step("s", command(":", "in")))), tmp_path)
    assert ran.outcome.result == "failed"
    assert "no step has made the appliance yet" in ran.failure["output"][-1]
    assert "could not be opened" in ran.failure["reason"]


def test_set_var_reaches_contexts_that_open_later(tmp_path: Path) -> None:
    resolved = recipe(
        tmp_path,
        macro(
            "m",
            step("a", command("v='a b'", "all")),
            step("b", 'echo "local $v"'),
            step("c", command('echo "out $v"', "out")),
        ),
        macro("n", step("d", command("v=new", "all"), 'echo "$v"', command('echo "$v"', "out"))),
    )
    ran = run(resolved, tmp_path)
    assert ran.text == "local a b\nout a b\nnew\nnew\n"


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("exit 3", 3, "exit status 3"),
        ("exit 0", 0, "the command ended its shell (exit 0)"),
        ("kill $$", 143, "killed by SIGTERM"),
        ("kill -9 $$", 137, "killed by SIGKILL"),
        ("exec true", 0, "the command ended its shell (exit 0)"),
        ("echo 'unterminated", 2, "exit status 2"),
        ("no-such-command", 127, "exit status 127"),
    ],
)
def test_ways_to_die(tmp_path: Path, text: str, status: int, reason: str) -> None:
    ran = run(recipe(tmp_path, macro("m", step("s", text), step("never", "echo never"))), tmp_path)
    assert ran.outcome.result == "failed"
    assert (ran.failure["status"], ran.failure["reason"]) == (status, reason)
    assert "never" not in ran.text


def test_a_context_killed_beside_a_subshell_that_holds_its_descriptors(tmp_path: Path) -> None:
    began = time.monotonic()
    resolved = recipe(
        tmp_path, macro("m", step("a", "( while :; do read -t 1 -r x; done ) & echo x"), step("b", "kill -9 $$"))
    )
    ran = run(resolved, tmp_path)
    assert ran.failure["status"] == 137
    assert time.monotonic() - began < 30


def test_a_daemon_left_behind_does_not_hold_the_run(tmp_path: Path) -> None:
    began = time.monotonic()
    ran = run(
        recipe(tmp_path, macro("m", step("a", "sleep 60 & setsid sleep 61 &")), macro("n", step("b", "echo on"))),
        tmp_path,
    )
    assert (ran.outcome.result, ran.text) == ("done", "on\n")
    assert time.monotonic() - began < 30


def test_much_output_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    text = "head -c 20000000 /dev/zero | tr '\\0' x; printf '\\n\\000\\377\\033[2J---\\n' >&2"
    ran = run(recipe(tmp_path, macro("m", step("s", text), step("t", "echo end"))), tmp_path)
    assert ran.outcome.result == "done"
    log = (ran.path / "logs" / "01-m.log").read_bytes()
    assert log == b"x" * 20_000_000 + b"\n\0\xff\x1b[2J---\nend\n"
    ends = {e["step"]: e["offset"] for e in ran.front.named("step") if e["state"] == "done"}
    assert ends == {0: len(log) - 4, 1: len(log)}


def test_a_state_holds_the_steps_variables_and_little_of_the_engine(tmp_path: Path) -> None:
    steps = [step("a", "mine=1; f() { :; }"), step("b", 'kt_path /x /etc; echo "$REPLY"'), step("c", ":")]
    ran = run(recipe(tmp_path, macro("m", *steps)), tmp_path)
    assert ran.text == "/x/etc\n"
    state = (ran.path / "state" / "local").read_text()
    assert 'declare -- mine="1"' in state
    assert "f () " in state
    # Each is written after every microstep.
    assert state.count("declare -- __kt_") <= 4
    assert "__kt_" not in state.partition("\nf () ")[2]


def test_links_in_the_appliance_do_not_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "work" / "chroot"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "absolute").symlink_to("/run/x/resolv.conf")
    (root / "etc" / "up").symlink_to("../../../../outside")
    (root / "loop").symlink_to("loop")
    paths = ["/etc/absolute", "etc/up", "/../../etc/./a b", "/plain//x/"]
    calls = "\n".join(f'kt_path "$KAMELEON_CHROOT" {path!r}; echo "$REPLY"' for path in paths)
    ran = run(recipe(tmp_path, macro("m", step("s", calls), step("t", 'kt_path "$KAMELEON_CHROOT" /loop'))), tmp_path)
    assert ran.text.splitlines()[:4] == [
        f"{root}/run/x/resolv.conf",
        f"{root}/outside",
        f"{root}/etc/a b",
        f"{root}/plain/x",
    ]
    assert ran.failure["microstep"] == "t"
    assert "too many symbolic links" in ran.text
