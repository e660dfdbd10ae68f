"""Where packages come from: the host's mirror is found, secrets are kept apart, and a mirror that is none is named."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recipes.shell import run, scripts

FIND = scripts("hello", "find_mirror") + '\nprintf "<%s>\\n" "$mirror" "$security"\n'
SAY = scripts("hello", "find_mirror", "say_how_to_fetch")
TRY = scripts("hello", "find_mirror", "say_how_to_fetch", "try_mirror")


def _apt(folder: Path, sources: str) -> str:
    """An apt configuration of a host with these sources and no downloaded lists."""
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "sources.list").write_text(sources)
    (folder / "apt.conf").write_text(
        f'Dir::State::Lists "{folder}/lists"; Dir::Etc::sourcelist "{folder}/sources.list";\n'
        'Dir::Etc::sourceparts "/dev/null"; APT::Architecture "amd64";\n'
        'Acquire::http::Proxy "http://proxy.example.org:3128"; Acquire::Check-Date "false";\n'
        'APT::Update::Pre-Invoke "x";\n'
    )
    return str(folder / "apt.conf")


@pytest.mark.parametrize(
    ("sources", "suite", "mirror", "security"),
    [
        (
            "deb http://one.example.org/debian/ bookworm main\n"
            "deb http://two.example.org/debian-security bookworm-security main\n",
            "bookworm",
            "http://one.example.org/debian",
            "http://two.example.org/debian-security",
        ),
        # Others publish for the same suite, and their part may be called main as well.
        (
            "deb https://packages.example.com/debian/12/prod bookworm main\n"
            "deb https://one.example.org/mirror/debian bookworm main contrib\n",
            "bookworm",
            "https://one.example.org/mirror/debian",
            "",
        ),
        # The archive of the wanted suite is preferred; without one, any of Debian's has it.
        (
            "deb http://old.example.org/debian bullseye main\ndeb http://new.example.org/debian bookworm main\n",
            "bookworm",
            "http://new.example.org/debian",
            "",
        ),
        ("deb http://one.example.org/debian bookworm main\n", "trixie", "http://one.example.org/debian", ""),
        # sid has no security archive.
        (
            "deb http://one.example.org/debian bookworm main\n"
            "deb http://two.example.org/debian-security bookworm-security main\n",
            "sid",
            "http://one.example.org/debian",
            "",
        ),
    ],
)
def test_the_mirror_of_the_hosts_apt(tmp_path: Path, sources: str, suite: str, mirror: str, security: str) -> None:
    found = run(FIND, tmp_path / "work", {"suite": suite}, APT_CONFIG=_apt(tmp_path, sources))
    assert found.stdout.splitlines()[-2:] == [f"<{mirror}>", f"<{security}>"], found.stderr


@pytest.mark.parametrize("sources", ["deb http://archive.example.org/ubuntu noble main\n", ""])
def test_a_host_that_knows_no_debian_mirror_is_told_to_name_one(tmp_path: Path, sources: str) -> None:
    found = run(FIND, tmp_path / "work", {}, APT_CONFIG=_apt(tmp_path, sources))
    assert found.returncode != 0
    assert "-g mirror:" in found.stderr


def test_a_list_of_mirrors_in_a_file_gives_its_first(tmp_path: Path) -> None:
    mirrors = tmp_path / "debian.list"
    mirrors.write_text("# mine\nhttps://near.example.org/debian\tpriority:1\nhttps://far.example.org/debian\n")
    configuration = _apt(tmp_path, f"deb mirror+file:{mirrors} bookworm main\n")
    found = run(FIND, tmp_path / "work", {}, APT_CONFIG=configuration)
    assert found.stdout.splitlines()[-2:] == ["<https://near.example.org/debian>", "<>"], found.stderr


def test_a_mirror_of_ones_own_is_taken_as_it_is_and_brings_no_security_archive(tmp_path: Path) -> None:
    configuration = _apt(tmp_path, "deb http://host.example.org/debian-security bookworm-security main\n")
    found = run(FIND, tmp_path / "work", {"mirror": "http://mine.example.org/d/"}, APT_CONFIG=configuration)
    assert found.stdout == "<http://mine.example.org/d>\n<>\n"


def test_what_the_host_says_about_proxies_and_dates_holds_and_its_hooks_do_not(tmp_path: Path) -> None:
    sources = "deb http://one.example.org/debian bookworm main\n"
    said = run(SAY, tmp_path / "work", {}, APT_CONFIG=_apt(tmp_path, sources))
    assert said.returncode == 0, said.stderr
    configuration = (tmp_path / "work" / "apt.conf").read_text()
    assert 'Acquire::http::Proxy "http://proxy.example.org:3128";' in configuration
    assert 'Acquire::Check-Date "false";' in configuration
    assert "Pre-Invoke" not in configuration


def test_names_and_passwords_in_addresses_go_to_a_private_file_only(tmp_path: Path) -> None:
    work = tmp_path / "work"
    mirror, security = "https://me:p%25q%40r@one.example.org:8/debian", "http://you:sec%5Cret@two.example.org/sec"
    said = run(SAY, work, {"mirror": mirror, "security": security})
    assert said.returncode == 0, said.stderr
    assert (work / "sources.list").read_text().splitlines() == [
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://one.example.org:8/debian bookworm main",
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://two.example.org/sec"
        " bookworm-security main",
    ]
    assert (work / "auth.conf").read_text().splitlines()[-2:] == [
        "machine https://one.example.org:8/debian login me password p%q@r",
        "machine http://two.example.org/sec login you password sec\\ret",
    ]
    for secret in ("p%q", "p%25q", "sec\\ret", "sec%5C"):
        assert secret not in said.stdout + said.stderr
    for file in ("auth.conf", "apt.conf"):
        assert (work / file).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("suite", "bookworm main contrib"),
        ("suite", "$(touch pwned)"),
        ("suite", "../../x"),
        ("mirror", "http://one.example.org/debian [trusted=yes]"),
        ("mirror", "http://one.example.org/debian\ndeb http://evil.example.org/ x main"),
        ("mirror", 'http://one.example.org/"debian'),
        ("security", "http://one.example.org/a b"),
        ("mirror", "http://a%20b:c@one.example.org/debian"),
    ],
)
def test_values_that_would_become_other_words_of_a_source_are_refused(tmp_path: Path, name: str, value: str) -> None:
    values = {"mirror": "http://one.example.org/debian", name: value}
    said = run(SAY, tmp_path / "work", values)
    assert said.returncode != 0
    assert f"the global {name}" in said.stderr.splitlines()[-1]
    assert not list(tmp_path.rglob("pwned"))


def _serve(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class _Archive(http.server.BaseHTTPRequestHandler):
    """Has bookworm's index for who says a name and a password."""

    def do_GET(self) -> None:
        allowed = self.headers.get("Authorization") == "Basic bWU6cCVx"  # me:p%q
        there = self.path == "/debian/dists/bookworm/InRelease"
        self.send_response((200 if there else 404) if allowed else 401)
        body = b"Origin: Debian\nDate: Sat, 11 Jul 2026 10:16:37 UTC\n" if allowed and there else b""
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def archive() -> Iterator[str]:
    yield from _serve(_Archive)


def test_a_mirror_that_answers_gives_the_date_of_its_archive(tmp_path: Path, archive: str) -> None:
    mirror = archive.replace("//", "//me:p%25q@") + "/debian"
    tried = run(TRY, tmp_path / "work", {"mirror": mirror}, APT_CONFIG=_apt_without_proxy(tmp_path))
    assert tried.returncode == 0, tried.stderr
    assert (tmp_path / "work" / "epoch").read_text() == "1783764997\n"
    assert "p%q" not in tried.stdout + tried.stderr


@pytest.mark.parametrize("mirror", ["{}/debian", "{}/else", "{closed}/debian"])
def test_a_mirror_that_is_none_is_named_in_the_last_line(tmp_path: Path, archive: str, mirror: str) -> None:
    with socket.socket() as bound:  # a port nobody listens on
        bound.bind(("127.0.0.1", 0))
        mirror = mirror.format(archive, closed=f"http://127.0.0.1:{bound.getsockname()[1]}")
        tried = run(TRY, tmp_path / "work", {"mirror": mirror}, APT_CONFIG=_apt_without_proxy(tmp_path))
    assert tried.returncode == 1
    assert tried.stderr.splitlines()[-1] == (
        f"the mirror does not answer as one of Debian's: {mirror}/dists/bookworm/InRelease"
    )


def _apt_without_proxy(folder: Path) -> str:
    file = folder / "direct.conf"
    file.write_text('Acquire::http::Proxy "DIRECT";\n')
    return str(file)


def _build(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wizard", "build", "hello", *words]
    return subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize("listens", [False, True], ids=["closed", "silent"])
def test_a_build_with_a_dead_mirror_ends_soon_and_names_it(tmp_path: Path, listens: bool) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:
            server.listen(20)  # the kernel accepts; nobody ever answers
        mirror = f"http://127.0.0.1:{server.getsockname()[1]}/debian"
        began = time.monotonic()
        # The work of a failed build is kept; here it goes with the test's directory.
        built = _build(tmp_path, "-g", f"mirror:{mirror}", "-g", f"workdir_base:{tmp_path}/work")
    assert built.returncode == 1
    assert mirror in (built.stdout + built.stderr).splitlines()[-1]
    assert mirror in built.stderr.splitlines()[-1]
    assert time.monotonic() - began < 60
    assert not list(tmp_path.rglob("*.tar.zst"))
