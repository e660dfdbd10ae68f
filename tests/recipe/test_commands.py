"""The bash that commands turn into, run by bash; the engine's kt_path is taken from where it stands."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.recipe.trees import command, current, resolved
from wizard.data import shipped

_PATH = shipped("recipes").parent / "wizard" / "engine" / "path.bash"


def run(text: str, root: Path, *, strict: bool) -> subprocess.CompletedProcess[str]:
    """A command's text in bash as the engine has it: its kt_path, its options; then `after` is printed."""
    options = "set -E -o pipefail" + (" -e" if strict else "")
    script = f'{_PATH.read_text()}\n{options}\neval "$1"\nstatus=$?\necho after\nexit $status\n'
    return subprocess.run(
        ["bash", "-c", script, "bash", text], env={"KAMELEON_CHROOT": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def text(tmp_path: Path, commands: str) -> str:
    return command(resolved(tmp_path, current(commands)), "micro").text


both = pytest.mark.parametrize("strict", [True, False])


@both
@pytest.mark.parametrize(
    ("name", "where"), [("check_cmd", "on this machine"), ("check_appliance_cmd", "in the appliance")]
)
def test_check(tmp_path: Path, name: str, where: str, strict: bool) -> None:
    assert run(text(tmp_path, f"- {name}: bash"), tmp_path, strict=strict).stdout == "after\n"
    done = run(text(tmp_path, f"- {name}: gone-$(id)';x"), tmp_path, strict=strict)
    assert done.returncode == 1
    assert done.stdout == ("" if strict else "after\n")
    assert done.stderr.startswith(f"gone-$(id)';x: no such command {where}; ")
    assert ("kameleon-tui doctor gone-$(id)';x tells" in done.stderr) == (name == "check_cmd")


class TestFiles:
    """write_file and append_file. `root` is the appliance, beside which this machine's files stand."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        root = tmp_path / "work dir" / "chroot"
        (root / "etc").mkdir(parents=True)
        (tmp_path / "host").mkdir()
        (tmp_path / "host/secret").write_text("mine")
        return root

    def do(self, tmp_path: Path, root: Path, what: str, path: str, content: str, *, strict: bool = True) -> int:
        files = f"- {what}:\n    - {path!r}\n    - {content!r}\n" if "\n" not in content else ""
        files = files or f"- {what}:\n    - {path!r}\n    - |\n" + "".join(
            f"        {line}\n" for line in content.split("\n")[:-1]
        )
        return run(text(tmp_path / "recipe", files), root, strict=strict).returncode

    @both
    def test_written_with_its_directories(self, tmp_path: Path, root: Path, strict: bool) -> None:
        content = "a 'b' \"c\" $d `e` \\n $(f)\n  %s\n"
        assert self.do(tmp_path, root, "write_file", "opt/a b/$(x)", content, strict=strict) == 0
        assert (root / "opt/a b/$(x)").read_text() == content

    def test_replaced_and_appended_to_keeping_mode_and_link(self, tmp_path: Path, root: Path) -> None:
        (root / "etc/hosts").write_text("before")
        (root / "etc/hosts").chmod(0o640)
        (root / "etc/link").symlink_to("hosts")
        assert self.do(tmp_path, root, "append_file", "/etc/hosts", "x\ny\n") == 0
        assert (root / "etc/hosts").read_text() == "beforex\ny\n"
        assert self.do(tmp_path, root, "write_file", "/etc/link", "no end") == 0
        assert (root / "etc/hosts").read_text() == "no end"
        assert (root / "etc/hosts").stat().st_mode & 0o777 == 0o640
        assert (root / "etc/link").is_symlink()

    @pytest.mark.parametrize(
        ("link", "target", "path"),
        [
            ("etc/resolv.conf", "/host/secret", "/etc/resolv.conf"),  # absolute: the appliance's /host
            ("etc/resolv.conf", "../../../host/secret", "/etc/resolv.conf"),
            ("etc/conf.d", "/host", "/etc/conf.d/secret"),
            ("etc/conf.d", "../../../host", "etc/conf.d/secret"),
            ("etc/x", "y", "/../../host/secret"),
            ("etc/x", "y", "etc/../../../host/secret"),
        ],
    )
    def test_no_link_leads_out_of_the_appliance(
        self, tmp_path: Path, root: Path, link: str, target: str, path: str
    ) -> None:
        target = target.replace("/host", f"{tmp_path}/host") if target.startswith("/") else target
        (root / link).symlink_to(target)
        assert self.do(tmp_path, root, "write_file", path, "theirs") == 0
        assert (tmp_path / "host/secret").read_text() == "mine"
        assert [file.read_text() for file in root.rglob("secret")] == ["theirs"]

    @both
    def test_a_failure_is_a_failure(self, tmp_path: Path, root: Path, strict: bool) -> None:
        (root / "etc/loop").symlink_to("loop")
        for path in ("/etc", "/etc/loop", "/etc/loop/x"):
            assert self.do(tmp_path, root, "write_file", path, "x", strict=strict) == 1
        (root / "file").write_text("f")
        assert self.do(tmp_path, root, "append_file", "/file/x", "x", strict=strict) == 1

    def test_noclobber_does_not_matter(self, tmp_path: Path, root: Path) -> None:
        (root / "etc/motd").write_text("old")
        body = text(tmp_path / "recipe", "- write_file: [/etc/motd, new]")
        assert run(f"set -C\n{body}", root, strict=True).returncode == 0
        assert (root / "etc/motd").read_text() == "new"


@pytest.mark.parametrize("value", ["it's", '"', "$(id)", "a\nb", "", " x ", "\\"])
def test_set_var(tmp_path: Path, value: str) -> None:
    body = text(tmp_path, f"- set_var: [A, {json.dumps(value)}]")
    assert run(f'{body}\nprintf %s "[$A]"', tmp_path, strict=True).stdout == f"[{value}]after\n"
