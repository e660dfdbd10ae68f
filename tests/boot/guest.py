"""A machine in QEMU, started by `kameleon-tui boot`, spoken to over its serial line; its screen and keyboard, too."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import pyte

from tests.contracts.tree import ROOT

#: What terminals are told, not people: colours, cursor, titles.
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78Mc])|\r")

PROMPT = r"^kameleon@[a-z0-9.-]+:~\$ "


class Guest:
    """A guest that runs. `text` is all it has said on its serial line, without escape sequences; `screen` what a
    terminal of 80x24 there shows."""

    def __init__(self, image: Path, log: Path, *options: str, qemu: str = "") -> None:
        """`log` gets what the guest says, byte by byte, for people to read while it runs and after it failed. `qemu`:
        more words for QEMU."""
        self._raw = bytearray()
        self._shown = pyte.Screen(80, 24)
        self._terminal = pyte.ByteStream(self._shown)
        self._lock = threading.Lock()
        self._log = log
        self._place = tempfile.TemporaryDirectory(prefix="kt-")
        self._monitor = Path(self._place.name, "monitor")
        self._seen = 0
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "wizard",
                "boot",
                str(image),
                *options,
                "--qemu",
                f"{qemu} -qmp unix:{self._monitor},server=on,wait=off",
            ],
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
                log.write(chunk)
                with self._lock:
                    self._raw += chunk
                    with suppress(TypeError):  # pyte fails on some sequences that it does not know
                        self._terminal.feed(chunk)

    @property
    def text(self) -> str:
        return _ESCAPES.sub("", bytes(self._raw).decode("utf-8", "replace"))

    @property
    def screen(self) -> str:
        with self._lock:
            return "\n".join(line.rstrip() for line in self._shown.display)

    def see(self, *words: str, limit: float) -> str:
        """The screen of the terminal at the serial line, when all of the words are on it."""
        end = time.monotonic() + limit
        while not all(word in self.screen for word in words):
            self._still(end, f"never shown: {words}")
            time.sleep(0.2)
        return self.screen

    def skip(self) -> None:
        """What was said so far is nothing to wait for any more."""
        self._seen = len(self.text)

    def _still(self, end: float, what: str) -> None:
        """AssertionError when it is too late for `what`, or QEMU ended."""
        alive = self.process.poll() is None
        if time.monotonic() > end or not alive:
            self.errors.seek(0)
            said = self.errors.read().decode("utf-8", "replace")
            state = "still running" if alive else f"ended with {self.process.returncode}"
            raise AssertionError(f"{what}; QEMU {state}\n{said}\n{self.screen}\n…{self.text[-3000:]}")

    def wait(self, pattern: str, limit: float) -> re.Match[str]:
        """The first match after what earlier calls matched; AssertionError with the end of the text after `limit` s."""
        end = time.monotonic() + limit
        while True:
            text = self.text
            match = re.compile(pattern, re.M).search(text, self._seen)
            if match:
                self._seen = match.end()
                return match
            self._still(end, f"no {pattern!r} within {limit:.0f} s")
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

    def tell_qemu(self, command: str, **arguments: object) -> None:
        """A command of QEMU's machine protocol (QMP)."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(60)
            line.connect(str(self._monitor))
            with line.makefile("rw") as stream:
                stream.readline()  # its greeting
                for execute, given in (("qmp_capabilities", {}), (command, arguments)):
                    stream.write(json.dumps({"execute": execute, "arguments": given}) + "\n")
                    stream.flush()
                    while not {"return", "error"} & (answer := json.loads(stream.readline())).keys():
                        pass  # what happens at the same time is told, too
                    assert "return" in answer, answer

    def picture(self, place: Path, form: str = "ppm") -> Path:
        """What the machine's own screen shows, as a picture."""
        self.tell_qemu("screendump", filename=str(place), format=form)
        return place

    def press(self, *keys: str) -> None:
        """Keys of the machine's own keyboard, by the names that QEMU has for them; several at once as ctrl-alt-f9."""
        for key in keys:
            self.tell_qemu("send-key", keys=[{"type": "qcode", "data": one} for one in key.split("-")])

    def close(self) -> None:
        """End the machine, as pulling its plug does."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self._reader.join(10)
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            if stream is not None:
                stream.close()
        self._place.cleanup()
