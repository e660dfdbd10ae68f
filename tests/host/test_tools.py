"""The table of host tools, and looking for them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from wizard.errors import MACHINE, UserError
from wizard.host import tools


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of one directory, the administrators' directories too."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "_SBIN", str(tmp_path))
    return tmp_path


def put(directory: Path, name: str, script: str) -> Path:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def tool(name: str, **more: str) -> tools.Tool:
    return tools.Tool(name, f"{name}-package", "a test", ("build",), **more)


def test_table_is_whole() -> None:
    everything = tools.tools_of(tools.groups())
    assert len({entry.name for entry in everything}) == len(everything)
    for entry in everything:
        assert entry.package
        assert entry.purpose
        assert set(entry.groups) <= set(tools.groups())
        assert not (entry.file and entry.module)


def test_groups_choose() -> None:
    names = [entry.name for entry in tools.tools_of(["build"])]
    assert "mmdebstrap" in names
    assert "shellcheck" not in names
    assert "shellcheck" in [entry.name for entry in tools.tools_of(["build", "develop"])]


def test_found_with_its_version(commands: Path) -> None:
    path = put(commands, "mkthing", "echo 'mkthing (things) 4.5.1-beta, 2021' >&2")
    (found,) = tools.look_for([tool("mkthing")])
    assert (found.path, found.version, found.missing) == (str(path), "4.5.1-beta", False)


@pytest.mark.parametrize("script", ["exit 1", "echo no number here", "printf '\\377\\376'"])
def test_a_tool_that_tells_no_version_is_still_there(commands: Path, script: str) -> None:
    put(commands, "mkthing", script)
    (found,) = tools.look_for([tool("mkthing")])
    assert (found.version, found.missing) == ("", False)


def test_a_tool_that_hangs_is_not_waited_for(commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_VERSION_LIMIT", 0.1)
    put(commands, "mkthing", "exec /bin/sleep 30")
    (found,) = tools.look_for([tool("mkthing")])
    assert (found.version, found.missing) == ("", False)


def test_a_version_is_not_asked_for_when_not_wanted(commands: Path, tmp_path: Path) -> None:
    put(commands, "mkthing", f": > {tmp_path}/called")
    tools.look_for([tool("mkthing")], versions=False)
    assert not (tmp_path / "called").exists()


def test_missing(commands: Path) -> None:
    (found,) = tools.look_for([tool("mkthing")])
    assert found.missing
    put(commands, "mkthing", "").chmod(0o644)
    (found,) = tools.look_for([tool("mkthing")])
    assert found.missing


def test_files_and_modules(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    looked_for = [
        tool("key", file=str(tmp_path / "key")),
        tool("no key", file=str(tmp_path / "none")),
        tool("json", module="json"),
        tool("no module", module="there_is_no_such_module"),
    ]
    assert [found.missing for found in tools.look_for(looked_for)] == [False, True, False, True]


def test_commands_of_the_administrator_are_found_without_them_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert os.access(tools.which("chroot"), os.X_OK)


def test_require_names_all_that_is_missing_and_the_packages(commands: Path) -> None:
    put(commands, "tar", "")
    tools.require(["tar"], "hello")
    with pytest.raises(UserError) as caught:
        tools.require(["unshare", "tar", "nsenter", "mkthing", "unshare"], "hello.yaml")
    assert caught.value.status == MACHINE
    assert caught.value.message.startswith("hello.yaml needs unshare, nsenter, mkthing: ")
    assert caught.value.hint == (
        "as root: apt-get install util-linux\nor the same by: kameleon-tui doctor --install unshare nsenter"
    )


def test_only_the_standard_library_is_needed() -> None:
    """Set-up runs this before anything is installed: in an isolated interpreter without site-packages."""
    import subprocess

    root = Path(__file__).resolve().parents[2]
    program = (
        f"import sys; sys.path.insert(0, {str(root)!r}); sys.argv = ['x', 'doctor', '--json']; import wizard.__main__"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, cwd="/")
    assert '"tools"' in done.stdout, done.stderr
