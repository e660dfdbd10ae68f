"""The server is told as OAR's tools tell it, or it is said that it was not."""

from __future__ import annotations

import socket
import threading

import pytest

from wizard.oar import server


def test_one_word_a_connection() -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def listen() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection, connection.makefile("rb") as stream:
                    heard.append(stream.read())

        thread = threading.Thread(target=listen)
        thread.start()
        port = listener.getsockname()[1]
        assert server.notify({"SERVER_HOSTNAME": "127.0.0.1", "SERVER_PORT": str(port)}) == ""
        thread.join(10)
    assert heard == [b"ChState\n", b"Term\n"]


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    said = server.notify({"SERVER_HOSTNAME": "127.0.0.1", "SERVER_PORT": str(port)})
    assert f"127.0.0.1, port {port}, was not told: Connection refused" in said
    assert "was not told" in server.notify({"SERVER_PORT": "no number"})


def test_hosts_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()

    def look(host: str, port: None) -> None:
        if host == "slow":
            hangs.wait(60)
        if host != "known":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look)
    try:
        assert server.unknown(["node-1", "known", "slow", "node-2"], limit=2) == ["node-1", "node-2"]
        assert server.unknown([]) == []
    finally:
        hangs.set()
