"""Answers from a medium or the network: what is taken, and what is refused and why."""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from wizard.errors import UserError
from wizard.firstboot import outside
from wizard.firstboot.outside import fetch, udev_name

TEXT = "answers: {role: node}\n"
SUM = hashlib.sha256(TEXT.encode()).hexdigest()


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/gone":
            self.send_error(404)
            return
        body = b"x" * (5 << 20) if self.path == "/large" else TEXT.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # who asked has had enough
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TEXT)
    assert fetch(str(tmp_path / "a.yaml")) == (TEXT, str(tmp_path / "a.yaml"))


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "latin").write_bytes(b"answers: {hostname: \xe9}\n")
    (tmp_path / "large").write_bytes(b"#" * (5 << 20))
    wrong = {"fifo": "regular", "latin": "UTF-8", "large": "larger", "none": "No such", "": "directory"}
    for name, said in wrong.items():
        with pytest.raises(UserError, match=said):
            fetch(str(tmp_path / name))


@pytest.mark.parametrize(
    "where", ["", "answers.yaml", "ftp://a/b", "LABEL=", "LABEL=A", "LABEL=:/a", "LABEL=A:b", "$(reboot)"]
)
def test_what_is_no_place(where: str) -> None:
    with pytest.raises(UserError):
        fetch(where, wait=0)


def test_from_the_network_with_its_checksum(address: str) -> None:
    assert fetch(f"{address}/a.yaml#sha256={SUM}") == (TEXT, f"{address}/a.yaml")
    with pytest.raises(UserError, match=f"its sha256 is {SUM}"):
        fetch(f"{address}/a.yaml#sha256={'0' * 64}")


def test_without_a_checksum_http_is_refused(address: str) -> None:
    with pytest.raises(UserError, match="without a checksum"):
        fetch(f"{address}/a.yaml")
    for fragment in ("sha256=12", "md5=1", f"sha256={SUM}x"):
        with pytest.raises(UserError, match="checksum"):
            fetch(f"{address}/a.yaml#{fragment}")


def test_a_server_that_does_not_have_it_or_is_not_there(address: str) -> None:
    with pytest.raises(UserError, match="404"):
        fetch(f"{address}/gone#sha256={SUM}")
    with pytest.raises(UserError, match="larger"):
        fetch(f"{address}/large#sha256={SUM}")
    with pytest.raises(UserError, match="refused"):
        fetch(f"http://127.0.0.1:1/a#sha256={SUM}", wait=0)
    with pytest.raises(UserError):
        fetch(f"http://[::1/a#sha256={SUM}", wait=0)


def test_a_medium_that_does_not_come() -> None:
    with pytest.raises(UserError, match="no file system with the label"):
        fetch("LABEL=NOT-HERE:/a.yaml", wait=0)


def test_labels_as_udev_writes_them() -> None:
    assert udev_name("MY KEYS/1") == "MY\\x20KEYS\\x2f1"
    assert udev_name("a-b_c.d+e:f@g=h#i") == "a-b_c.d+e:f@g=h#i"
    assert udev_name("../sda") == "..\\x2fsda"


@pytest.mark.real
def test_a_medium_is_read_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real file system; a link on it does not lead to the system's files."""
    content = tmp_path / "content"
    (content / "dir").mkdir(parents=True)
    (content / "dir/a b.yaml").write_text(TEXT)
    (content / "inside").symlink_to("dir/a b.yaml")
    (content / "outside").symlink_to("/etc/hostname")
    (content / "up").symlink_to("../../../../../../../etc/hostname")
    image = tmp_path / "medium.img"
    subprocess.run(["mksquashfs", str(content), str(image), "-quiet", "-no-progress"], check=True, capture_output=True)
    monkeypatch.setattr(outside, "_LABELS", tmp_path / "by-label")
    (tmp_path / "by-label").mkdir()
    (tmp_path / "by-label/KEYS").symlink_to(image)
    assert fetch("LABEL=KEYS:/dir/a b.yaml", wait=0) == (TEXT, "LABEL=KEYS:/dir/a b.yaml")
    assert fetch("LABEL=KEYS:/inside", wait=0)[0] == TEXT
    for name in ("/outside", "/up", "/../../etc/hostname", "/dir", "/none"):
        with pytest.raises(UserError):
            fetch(f"LABEL=KEYS:{name}", wait=0)
    assert str(image) not in Path("/proc/mounts").read_text()
