"""A Debian archive of one's own: a package, signed by a key that is made for it, served on this machine."""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *words: object) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Archive:
    """`folder` is what is served at `address`; the suite is called local, its part main."""

    folder: Path
    address: str

    def source(self, key: Path | str) -> str:
        return f"deb [signed-by={key}] {self.address} local main"

    def add(self, package: str, version: str) -> None:
        """A package with one file, /usr/share/PACKAGE/from, that says where it is from; and the index."""
        tree = self.folder / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(
            f"Package: {package}\nVersion: {version}\nArchitecture: all\nMaintainer: me <me@example.org>\n"
            "Description: of my own\n"
        )
        (tree / f"usr/share/{package}").mkdir(parents=True)
        (tree / f"usr/share/{package}/from").write_text("my own archive\n")
        (self.folder / "pool").mkdir(exist_ok=True)
        deb = self.folder / f"pool/{package}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, deb], check=True, capture_output=True)
        fields = subprocess.run(["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True).stdout
        index = self.folder / "dists/local/main/binary-amd64/Packages"
        index.parent.mkdir(parents=True)
        index.write_text(
            f"{fields}Filename: pool/{deb.name}\nSize: {deb.stat().st_size}\n"
            f"SHA256: {hashlib.sha256(deb.read_bytes()).hexdigest()}\n\n"
        )

    def sign(self, home: Path) -> None:
        """Release, signed by the key of that gpg home."""
        suite = self.folder / "dists/local"
        index = suite / "main/binary-amd64/Packages"
        (suite / "Release").write_text(
            "Suite: local\nCodename: local\nComponents: main\nArchitectures: amd64\n"
            f"Date: Sat, 01 Jan 2022 00:00:00 UTC\nSHA256:\n {hashlib.sha256(index.read_bytes()).hexdigest()} "
            f"{index.stat().st_size} {index.relative_to(suite)}\n"
        )
        (suite / "InRelease").unlink(missing_ok=True)
        gpg(home, "--clearsign", "--output", str(suite / "InRelease"), str(suite / "Release"))


def gpg(home: Path, *words: str) -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--no-tty", "--passphrase", "", "--pinentry-mode", "loopback"]
    return subprocess.run([*command, *words], check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


@contextmanager
def keyring(home: Path) -> Iterator[Path]:
    """A gpg home with a key of its own, and beside it key.asc and key.gpg; its agent ends with the context."""
    home.mkdir(mode=0o700, parents=True)
    try:
        gpg(home, "--quick-generate-key", "archive@example.org", "ed25519", "sign", "never")
        (home / "key.gpg").write_bytes(gpg(home, "--export"))
        (home / "key.asc").write_bytes(gpg(home, "--armor", "--export"))
        yield home
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, env=os.environ)


@contextmanager
def served(folder: Path) -> Iterator[Archive]:
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Archive(folder, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
