"""A machine in QEMU, started by `kameleon-tui boot`, spoken to over its serial line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.contracts.tree import ROOT

#: What terminals are told, not people: colours, cursor, titles.
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78Mc])|\r")

PROMPT = r"^kameleon@[a-z0-9.-]+:~\$ "


class Guest:
    """A guest that runs. `text` is all it has said on its serial line, without escape sequences."""

    def __init__(self, image: Path, log: Path, *options: str) -> None:
        """`log` gets what the guest says, byte by byte, for people to read while it runs and after it failed."""
        self._raw = bytearray()
        self._log = log
        self._seen = 0
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wizard", "boot", str(image), *options],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self._log.open("wb", buffering=0) as log:
            while chunk := os.read(self.process.stdout.fileno(), 65536):
                self._raw += chunk
                log.write(chunk)

    @property
    def text(self) -> str:
        return _ESCAPES.sub("", bytes(self._raw).decode("utf-8", "replace"))

    def wait(self, pattern: str, limit: float) -> re.Match[str]:
        """The first match after what earlier calls matched; AssertionError with the end of the text after `limit` s."""
        end = time.monotonic() + limit
        while True:
            text = self.text
            match = re.compile(pattern, re.M).search(text, self._seen)
            if match:
                self._seen = match.end()
                return match
            alive = self.process.poll() is None
            if time.monotonic() > end or not alive:
                self.errors.seek(0)
                said = self.errors.read().decode("utf-8", "replace")
                state = "still running" if alive else f"ended with {self.process.returncode}"
                raise AssertionError(f"no {pattern!r} within {limit:.0f} s; QEMU {state}\n{said}\n…{text[-3000:]}")
            time.sleep(0.2)

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def run(self, command: str, limit: float = 60) -> str:
        """What a command prints in the shell at the prompt; AssertionError when its status is not 0."""
        # In two parts, so that the echo of what is typed does not match.
        mark = f"{time.monotonic_ns():x}"
        self.type(f"echo begin''{mark}; ({command}); printf '\\nend%s %s\\n' {mark} $?\n")
        self.wait(rf"^begin{mark}\n", limit)
        start = self._seen
        match = self.wait(rf"^end{mark} (\d+)$", limit)
        said = self.text[start : match.start()]
        assert match.group(1) == "0", f"{command}: status {match.group(1)}\n{said}"
        return said

    def log_in(self, limit: float) -> None:
        """Wait for the live user's shell at the prompt, and make it one that `run` can talk to."""
        self.wait(PROMPT, limit)
        self.run("stty -echo cols 200; bind 'set enable-bracketed-paste off' 2>/dev/null; :", 120)

    def close(self) -> None:
        """End the machine, as pulling its plug does."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self._reader.join(10)
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            if stream is not None:
                stream.close()
