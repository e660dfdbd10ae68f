"""What a host may answer instead of a machine: told beside the others, which go on. A script answers in ssh's place."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.machine.trees import NAMES, machine, write_tree
from wizard import cli
from wizard.errors import DONE, FAILED, USAGE
from wizard.machine.files import Stream
from wizard.machine.model import Machine
from wizard.machine.remote import SCRIPT, ask, can_be_reached, parse

#: Stands where ssh would: the last word but one is the host.
_SSH = r"""#!/bin/sh
for word; do host=$last; last=$word; done
case $host in
    *good*) exec sh -s ;;
    login) echo 'Welcome to login!'; echo; exec sh -s ;;
    refused) echo 'ssh: connect to host refused port 22: Connection refused' >&2; exit 255 ;;
    silent) exec sleep 60 ;;
    daemon) sleep 60 >/dev/null 2>&1 & exec sh -s ;;
    closes) exec >/dev/null 2>&1; sleep 60 ;;
    garbage) head -c 100000 /dev/urandom ;;
    html) echo '<html>no</html>' ;;
    endless) exec yes '==> proc/meminfo <==' ;;
    half) sh -s | head -n 20 ;;
    nothing) cat >/dev/null; exit 3 ;;
    liar) printf '==> sys/devices/system/cpu/online <==\n0-99999999\n\n==> proc/sys/kernel/ostype <==\nLinux\n' ;;
    bsd) printf '==> sys/devices/system/cpu/online <==\n0\n\n==> proc/sys/kernel/ostype <==\nOther\n' ;;
    slow) sleep 0.7; exec sh -s ;;
esac
"""


@pytest.fixture
def ssh(tmp_path: Path) -> str:
    path = tmp_path / "ssh"
    path.write_text(_SSH)
    path.chmod(0o755)
    return str(path)


def test_each_is_told_and_none_waits_for_another(ssh: str) -> None:
    hosts = [
        "good1",
        "silent",
        "garbage",
        "html",
        "refused",
        "half",
        "nothing",
        "liar",
        "bsd",
        "slow",
        "login",
        "good2",
    ]
    begun = time.monotonic()
    answers = list(ask([*hosts, "endless", "daemon", "closes"], ssh=ssh, limit=6))
    assert time.monotonic() - begun < 12
    assert [answer.host for answer in answers][-1] in ("silent", "closes")
    why = {answer.host: answer.why for answer in answers}
    assert {host for host in why if not why[host]} == {"good1", "good2", "slow", "login", "daemon"}
    assert why["silent"] == "it did not answer within 6 s"
    assert why["refused"] == "ssh: connect to host refused port 22: Connection refused"
    assert why["html"] == "it answered something else: '<html>no</html>'"
    assert why["garbage"].startswith("it answered something else")
    assert why["nothing"] == "it answered nothing (exit status 3)"
    assert why["half"] == why["bsd"] == "its answer is not whole, or it is not Linux"
    assert why["endless"] == "it sends without an end"
    assert "liar/sys/devices/system/cpu/online: " in why["liar"]


def test_it_leaves_nothing_behind(ssh: str) -> None:
    """Also when the one who asks loses interest."""
    answers = ask(["silent", "good"], ssh=ssh, limit=30)
    assert next(answers).host == "good"
    answers.close()  # type: ignore[attr-defined]
    left = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True).stdout
    assert "sleep 60" not in left
    assert "silent" not in left


def test_no_ssh(tmp_path: Path) -> None:
    (answer,) = ask(["a"], ssh=str(tmp_path / "none"))
    assert "could not be started: No such file" in answer.why


@pytest.mark.parametrize("name", NAMES)
def test_the_script_sends_all_that_is_read(name: str, tmp_path: Path) -> None:
    """A tree and its stream are the same machine."""
    tree = write_tree(tmp_path, name)
    script = SCRIPT.replace("cd / ", f"cd {tree} ")
    done = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True)
    assert parse(done.stdout, name) == machine(name)


def test_on_more_files_than_a_command_line_holds(tmp_path: Path) -> None:
    directory = tmp_path / "sys/class/net"
    for number in range(9000):
        (directory / f"eth{number}").mkdir(parents=True)
        (directory / f"eth{number}/address").write_text(f"{number}\n")
    script = SCRIPT.replace("cd / ", f"cd {tmp_path} ")
    done = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True)
    assert done.stdout.count("==> sys/class/net/") == 9000


def test_the_script_is_sh(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(SCRIPT)
    done = subprocess.run(["shellcheck", "-s", "sh", tmp_path / "script"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_names_in_directories_of_a_stream() -> None:
    files = Stream("x", [("a/b/c", "1"), ("a/b/d/e", "2"), ("f", "3")])
    assert (files.names("a/b"), files.names("a"), files.names("f")) == (["c", "d"], ["b"], [])


@pytest.mark.parametrize("host", ["node-1", "root@n1.example.org", "10.0.0.1", "fe80::1%eth0", "a_b"])
def test_hosts_that_ssh_reaches(host: str) -> None:
    assert can_be_reached(host)


@pytest.mark.parametrize("host", ["-oProxyCommand=x", "a b", "a;b", "$(x)", "@n", "a@b@c", "n/1", "a@-x", ""])
def test_hosts_that_it_does_not(host: str) -> None:
    assert not can_be_reached(host)


def test_in_the_order_they_were_named(ssh: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "detect", "--json", "--ssh", ssh, "--host", "slow", "me@good[1-2]"]) == DONE
    machines = [Machine.from_json(json.loads(line)) for line in capsys.readouterr().out.splitlines()]
    assert [one.address for one in machines] == ["slow", "good1", "good2"]


def test_a_failure_does_not_hide_the_others(ssh: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "detect", "--ssh", ssh, "--host", "refused", "good"]) == FAILED
    out, err = capsys.readouterr()
    assert out.startswith(("good (it calls itself ", "good: "))
    assert err.splitlines()[0] == "refused: ssh: connect to host refused port 22: Connection refused"
    assert "1 of 2 hosts did not tell what they are made of; the other 1 did" in err
    assert f"{ssh} refused uname -n" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--host", "a;b"], "is no host that ssh can reach"),
        (["--host=-x"], "is no host that ssh can reach"),
        (["--host", "n[1-2]", "n1"], "is named twice"),
        (["--host", "a@n", "b@n"], "named twice, with different users"),
        (["--host", "n[3-1]"], "runs backwards"),
        (["--host", "n", "--parallel", "0"], "--parallel takes 1 to 512"),
        (["--host", "n", "--machine", "f"], "not allowed with"),
    ],
)
def test_wrong_usage(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resources", "detect", *words]) == USAGE
    assert message in capsys.readouterr().err
