"""OAR's server on this machine: telling it that resources changed, as its own tools do; can it find its nodes?"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping, Sequence

_WORDS = (b"ChState\n", b"Term\n")


def notify(settings: Mapping[str, str], *, limit: float = 3) -> str:
    """Send ChState and Term, a connection each, to the server that oar.conf names. "" or why it was not told: a server
    that is not running looks at its resources when it starts."""
    host = settings.get("SERVER_HOSTNAME") or "localhost"
    port = settings.get("SERVER_PORT") or "6666"
    try:
        for word in _WORDS:
            with socket.create_connection((host, int(port)), timeout=limit) as connection:
                connection.sendall(word)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return f"OAR's server on {host}, port {port}, was not told: {why} (it looks at its resources when it starts)"
    return ""


def unknown(hosts: Sequence[str], *, limit: float = 3) -> list[str]:
    """The hosts this machine knows no address of. One whose name servers are silent for `limit` seconds is none."""
    found: set[str] = set()

    def look(host: str) -> None:
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError):
            found.add(host)

    # Nobody waits for those that hang: name servers are asked for up to half a minute.
    threads = [threading.Thread(target=look, args=(host,), daemon=True) for host in hosts]
    end = time.monotonic() + limit
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return [host for host in hosts if host in found]
