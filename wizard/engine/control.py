"""The control socket of a run, both ends: one JSON object a line (docs/events.md)."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any


def _address(directory_fd: int) -> str:
    # A socket's path may have 107 bytes; a run directory's may be longer, so it is reached through a descriptor.
    return f"/proc/self/fd/{directory_fd}/control"


def listen(run: Path) -> socket.socket:
    """The runner's end: a listening, non-blocking socket at RUN/control, which replaces a dead runner's."""
    (run / "control").unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    directory = os.open(run, os.O_PATH | os.O_DIRECTORY)
    try:
        server.bind(_address(directory))
    finally:
        os.close(directory)
    server.listen(16)
    server.setblocking(False)
    return server


def ask(run: Path, request: dict[str, Any], timeout: float = 5.0) -> str:
    """Send one request to the runner of `run`; "" when it was taken, else why not (also when nobody runs it)."""
    directory = os.open(run, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(timeout)
            client.connect(_address(directory))
            client.sendall(json.dumps(request).encode() + b"\n")
            with client.makefile("rb") as stream:
                answer = json.loads(stream.readline() or b'{"ok": false, "error": "the run ended"}')
    except (OSError, ValueError) as error:
        return f"nobody answers for this run ({error})"
    finally:
        os.close(directory)
    return "" if answer["ok"] else str(answer["error"])
