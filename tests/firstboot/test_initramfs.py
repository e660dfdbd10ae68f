"""The initramfs: what the kernel command line says of the keyboard, read by the shells that may run it there."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from wizard.data import shipped

SCRIPT = shipped("initramfs-hooks") / "scripts/init-top/kameleon"
HOOK = shipped("initramfs-hooks") / "hooks/kameleon"


@pytest.fixture(params=["dash", "busybox sh"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    return str(request.param).split()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What the initramfs has, as far as the script looks; loadkeys writes down how it was called."""
    for name in ("proc", "dev", "bin", "run", "usr/share/kameleon/keymaps", "work"):
        (tmp_path / name).mkdir(parents=True)
    for layout in ("us", "fr", "de"):
        (tmp_path / "usr/share/kameleon/keymaps" / layout).write_text(f"keys of {layout}\n")
    (tmp_path / "dev/tty1").touch()
    (tmp_path / "dev/kmsg").touch()
    stub(tmp_path, "loadkeys", 'echo "$*" >>"$0.called"')
    for command in ("reboot", "halt", "sh", "rm"):
        stub(tmp_path, command, f"echo {command} >>{tmp_path}/run-by-a-value")
    return tmp_path


def stub(root: Path, name: str, script: str) -> None:
    path = root / "bin" / name
    path.write_text(f"#!/bin/dash\n{script}\n")
    path.chmod(0o755)


def start(shell: list[str], root: Path, line: str, /, **environment: str) -> subprocess.CompletedProcess[str]:
    (root / "proc/cmdline").write_bytes(line.encode("utf-8", "surrogateescape"))
    words = [str(shutil.which(shell[0])), *shell[1:], "-eu", str(SCRIPT), "", str(root)]
    path = f"{root}/bin:{os.environ['PATH']}"
    return subprocess.run(
        words, cwd=root / "work", env={"PATH": path, **environment}, capture_output=True, text=True, timeout=20
    )


def loaded(root: Path) -> str:
    """The layout that loadkeys was given, "" for none; each at most once."""
    called = root / "bin/loadkeys.called"
    if not called.exists():
        return ""
    (line,) = called.read_text().splitlines()
    before = f"-q -C {root}/dev/tty1 {root}/usr/share/kameleon/keymaps/"
    assert line.startswith(before)
    return line.removeprefix(before)


@pytest.mark.parametrize(
    ("line", "layout", "told"),
    [
        ("boot=live kameleon.keymap=fr quiet", "fr", "fr"),
        ("kameleon.keymap=fr\n", "fr", "fr"),
        ("kameleon.keymap=fr:oss", "fr", "fr:oss"),
        ('kameleon.keymap="de"', "de", "de"),
        ('"kameleon.keymap=de" quiet', "de", "de"),
        ("kameleon.keymap=de kameleon.keymap=fr", "fr", "fr"),
        ('x="a kameleon.keymap=de b" kameleon.keymap=fr', "fr", "fr"),
        ('kameleon.keymap=fr x="a kameleon.keymap=de b"', "fr", "fr"),
        ("kameleon.keymap=fr -- kameleon.keymap=de", "fr", "fr"),
    ],
)
def test_the_layout_is_loaded_and_handed_over(shell: list[str], root: Path, line: str, layout: str, told: str) -> None:
    done = start(shell, root, line)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert loaded(root) == layout
    assert [path.name for path in (root / "run/kameleon").iterdir()] == ["keymap"]
    assert (root / "run/kameleon/keymap").read_text() == f"{told}\n"
    assert (root / "dev/kmsg").read_text() == ""


@pytest.mark.parametrize("line", ["", "boot=live quiet", "kameleon.keymap=", "kameleon.keymap",
                                  "xkameleon.keymap=fr", "kameleon.keymap=pl", "-- kameleon.keymap=fr",
                                  'x="a kameleon.keymap=fr'])  # fmt: skip
def test_what_is_not_asked_for_or_not_there_changes_nothing(shell: list[str], root: Path, line: str) -> None:
    done = start(shell, root, line)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert loaded(root) == ""
    assert not (root / "run/kameleon").exists()
    assert (root / "dev/kmsg").read_text() == ""


@pytest.mark.parametrize(
    "value",
    ["$(reboot)", "`reboot`", ";reboot", "fr;reboot", "fr&&reboot", "|reboot", "../../../../etc/passwd",
     "../keymaps/fr", "/etc/shadow", "*", "f?", "[f]r", "~", "-x", "--help", ":", ":fr", "FR", "${IFS}", "$((1/0))",
     "fr\\", "'fr'", "'", "!", "fr\x1b[2J", "<>fr", ">reboot", "f\xe9", "\udcff\udc80", "fr:$(reboot)", "fr:../x",
     "x" * 3000],
)  # fmt: skip
def test_a_value_that_is_no_layout_is_told_and_ignored_and_never_run(shell: list[str], root: Path, value: str) -> None:
    done = start(shell, root, f"boot=live kameleon.keymap={value} kameleon.hostname=$(reboot)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert loaded(root) == ""
    assert not (root / "run/kameleon").exists()
    assert list((root / "work").iterdir()) == []
    assert not (root / "run-by-a-value").exists()
    if value == "x" * 3000:  # it looks like a layout that is not carried
        return
    (said,) = (root / "dev/kmsg").read_text().splitlines()
    assert said.startswith("<4>kameleon: kameleon.keymap=")
    assert said.endswith(" on the kernel command line is ignored: it is no keyboard layout")
    assert said.isascii()
    assert said.isprintable()


@pytest.mark.parametrize("name", ["hostname", "role", "x", "server", "answers", "anything"])
def test_other_values_are_not_touched(shell: list[str], root: Path, name: str) -> None:
    done = start(shell, root, f"kameleon.{name}=$(reboot) kameleon.{name}=`halt`;rm * kameleon.keymap=fr")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert loaded(root) == "fr"
    assert not (root / "run-by-a-value").exists()


def test_what_the_kernel_makes_a_variable_of_counts_for_nothing(shell: list[str], root: Path) -> None:
    done = start(shell, root, "kameleon.keymap=fr", wanted="de", root="/nowhere", quoted="yes", IFS="k", line="x")
    assert done.returncode == 0
    assert loaded(root) == "fr"


def test_without_a_screen_nothing_is_loaded(shell: list[str], root: Path) -> None:
    (root / "dev/tty1").unlink()
    assert start(shell, root, "kameleon.keymap=fr").returncode == 0
    assert loaded(root) == ""


def test_a_layout_that_cannot_be_loaded_is_told(shell: list[str], root: Path) -> None:
    stub(root, "loadkeys", "exit 1")
    assert start(shell, root, "kameleon.keymap=fr").returncode == 0
    assert not (root / "run/kameleon/keymap").exists()
    assert "kameleon.keymap=fr on the kernel command line is ignored: loadkeys" in (root / "dev/kmsg").read_text()


def run_hook(shell: list[str], root: Path, tools: bool) -> subprocess.CompletedProcess[str]:
    functions = root / "hook-functions"
    functions.write_text('copy_exec() { echo "$2" >>"$DESTDIR/copied"; }\n')
    if tools:
        stub(root, "ckbcomp", 'case $3 in us|fr) echo "keys of $3" ;; xx) exit 1 ;; esac')
    else:
        (root / "bin/loadkeys").unlink()
    (root / "tree").mkdir()
    environment = {
        "DESTDIR": str(root / "tree"), "KAMELEON_HOOK_FUNCTIONS": str(functions), "KAMELEON_KEYMAPS": "fr xx empty",
        # mkdir and rm are busybox's, or stand in these; the tools that count only in ours.
        "PATH": f"{root}/bin:{_coreutils(root)}",
    }  # fmt: skip
    (root / "bin/rm").unlink()
    words = [str(shutil.which(shell[0])), *shell[1:], "-eu", str(HOOK)]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=20)


def _coreutils(root: Path) -> Path:
    found = root / "coreutils"
    found.mkdir()
    for name in ("mkdir", "rm"):
        (found / name).symlink_to(str(shutil.which(name)))
    return found


def test_the_hook_carries_the_layouts_there_are(shell: list[str], root: Path) -> None:
    done = run_hook(shell, root, tools=True)
    assert (done.returncode, done.stderr) == (0, "")
    keymaps = root / "tree/usr/share/kameleon/keymaps"
    assert {path.name: path.read_text() for path in keymaps.iterdir()} == {"us": "keys of us\n", "fr": "keys of fr\n"}
    assert (root / "tree/copied").read_text() == "/bin/loadkeys\n"


def test_without_its_tools_there_is_an_initramfs_nevertheless(shell: list[str], root: Path) -> None:
    done = run_hook(shell, root, tools=False)
    assert done.returncode == 0
    assert "no keyboard layouts" in done.stderr
    assert list((root / "tree").iterdir()) == []


@pytest.mark.parametrize("file", [SCRIPT, HOOK], ids=["script", "hook"])
def test_initramfs_tools_learns_what_comes_before(shell: list[str], file: Path) -> None:
    done = subprocess.run([*shell, str(file), "prereqs"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
    assert os.access(file, os.X_OK)
