"""User Mode Linux: programs run in the appliance and end with their status, changes are kept and applied, the host's
directory and network are there, the image stays as it is."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.outputs import contents, ext4, little
from tests.outputs.appliance import NAME, Appliance, export, exported
from wizard import cli

pytestmark = pytest.mark.real

needs_uml = pytest.mark.skipif(
    not (shutil.which("linux.uml") and shutil.which("slirp-fullbolt")),
    reason="User Mode Linux is not here: doctor --for uml --install",
)
#: What the header says it adds.
ADDED = {
    b"usr/lib/kameleon",
    b"usr/local/bin/snapshot",
    b"mnt/host",
    b"usr/local",
    b"usr/local/bin",
    b"mnt",
    b"etc/resolv.conf",
}
WORDS = ["", "é", "two\nlines\n", "100%41", "a,b", 'it\'s "x"', "--x=y z", "$(id)", "\\n*"]


@pytest.fixture(scope="module")
def start(appliance: Appliance, folder: Path) -> Path:
    """The script that starts it."""
    return exported(appliance, folder / "uml", "uml") / f"{NAME}.uml"


def digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def run(start: Path, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([start, *words], cwd=place, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def test_its_root_is_the_appliance(appliance: Appliance, start: Path, folder: Path) -> None:
    image = start.with_name(f"{NAME}.uml.img")
    ext4.check(image)
    root = ext4.of_image(image, 0, folder / "root")
    but = (
        *contents.LEFT_OUT,
        "usr/lib/kameleon*",
        "mnt/host",
        "mnt",
        "usr/lib",
        "usr/local/bin*",
        "etc",
        "etc/resolv.conf",
    )
    assert contents.differences(appliance.contents, root, but=but, epoch=appliance.epoch) == []
    assert {name for name in root.keys() - appliance.contents.keys() if b"kameleon/" not in name} <= ADDED
    names = (folder / "root/usr/lib/kameleon/uml/base").read_bytes().split(b"\0")
    assert set(names) - {b""} == {*root.keys() - {b"."}, b"lost+found"}
    shutil.rmtree(folder / "root")


@needs_uml
def test_a_job_runs_and_its_status_comes_back(start: Path, tmp_path: Path) -> None:
    before = digest(start.with_name(f"{NAME}.uml.img"))
    (tmp_path / "job").write_text(
        "#!/bin/bash\nprintf '%s|' \"$@\"\necho problem >&2\npwd >written\n"
        "exec 3<>/dev/tcp/10.0.2.2/$(cat port) && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && tail -n 1 <&3 >fetched\n"
        "touch /here; exit 7\n"
    )

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"from outside\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "port").write_text(f"{server.server_address[1]}\n")
    try:
        done = run(start, tmp_path, "bash", "job", *WORDS)
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 7, done.stdout + done.stderr
    assert done.stdout == "".join(f"{word}|" for word in WORDS)
    assert done.stderr == "problem\n"
    assert cli.main(["boot", str(start), "--run", "sh -c 'exit 6'"]) == 6
    assert (tmp_path / "written").read_text() == "/mnt/host\n"
    assert (tmp_path / "fetched").read_text() == "from outside\n"
    assert digest(start.with_name(f"{NAME}.uml.img")) == before


@needs_uml
def test_what_was_changed_is_kept_and_applied(start: Path, tmp_path: Path) -> None:
    change = (
        "set -e; echo added >/etc/added; ln /etc/added /opt/hard; mkdir '/opt/a b'; mv /etc/issue \"/opt/a b/x\ny\"; "
        "chmod 600 /etc/passwd; rm -r /opt/odd; snapshot changes.tar.gz"
    )
    done = run(start, tmp_path, "--no-network", "sh", "-c", change)
    assert done.returncode == 0, done.stderr
    with tarfile.open(tmp_path / "changes.tar.gz") as archive:
        members = archive.getnames()
        removed = archive.extractfile(".kameleon-removed")
        assert removed is not None
        gone = removed.read().split(b"\0")
    assert set(members) == {
        ".kameleon-removed", "etc", "etc/added", "etc/passwd", "opt", "opt/hard", "opt/a b", "opt/a b/x\ny"
    }  # fmt: skip
    assert b"etc/issue" in gone
    assert b"opt/odd/two\nlines" in gone

    look = (
        "cat /etc/added; test ! -e /etc/issue && test ! -e /opt/odd && test -s '/opt/a b/x\ny' && "
        'test /opt/hard -ef /etc/added && test "$(stat -c %a /etc/passwd)" = 600 && snapshot again.tar && exit 9'
    )
    done = run(start, tmp_path, "--no-network", "--changes", "changes.tar.gz", "sh", "-c", look)
    assert (done.returncode, done.stdout) == (9, "added\n"), done.stderr
    with tarfile.open(tmp_path / "again.tar") as archive:
        assert archive.getnames() == members


@needs_uml
def test_what_goes_wrong_is_told(start: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.tar.gz").write_bytes(b"\x1f\x8b nothing")
    for words, status, said in (
        (["nosuch"], 127, "nosuch"),
        (["--changes", "broken.tar.gz", "true"], 125, "the archive of changes could not be applied"),
        (["--memory", "10", "true"], 125, "the machine ended before"),
    ):
        done = run(start, tmp_path, "--no-network", *words)
        assert (done.returncode, done.stdout) == (status, ""), done.stderr
        assert said in done.stderr


def test_mistakes_in_its_words(start: Path, tmp_path: Path) -> None:
    for words, status in (
        (["--help"], 0), (["--nosuch"], 2), (["--share"], 2), (["--share", "/nosuch"], 1), (["--changes", "no"], 1),
        (["--memory", "much"], 2), (["x" * 4000], 2),
    ):  # fmt: skip
        done = run(start, tmp_path, *words)
        assert done.returncode == status, done.stderr
        assert (done.stderr == "") == (status == 0)


def test_an_appliance_that_cannot_start_is_refused(folder: Path) -> None:
    done = export(little.make(folder / "little"), folder / "bad", "uml")
    assert done.returncode == 1
    assert "the appliance has no sh, which its start needs" in done.stdout
    assert not list((folder / "bad").glob("*.uml*"))
