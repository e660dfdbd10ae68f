"""Telling OAR's server that resources changed, as its own tools do."""

from __future__ import annotations

import socket
from collections.abc import Mapping

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
