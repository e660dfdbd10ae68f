"""What steps print, as lines made safe, however it comes: in pieces, without newlines, 100 MB of it."""

from __future__ import annotations

from wizard.engine.events import make_safe

LINE = 8192  # bytes: an unfinished line longer than this is broken here


class Lines:
    """Bytes in, whole lines out, each made safe. The unfinished last one waits, `LINE` bytes at most."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, raw: bytes) -> list[str]:
        """The lines that are whole now."""
        whole, newline, pending = (self._pending + raw).rpartition(b"\n")
        lines = make_safe(whole).split("\n") if newline else []
        while len(pending) > LINE:
            # Not within a character: UTF-8 goes on with 10xxxxxx bytes, at most three of them.
            at = next((at for at in range(LINE, LINE - 4, -1) if pending[at] & 0xC0 != 0x80), LINE)
            lines.append(make_safe(pending[:at]))
            pending = pending[at:]
        self._pending = pending
        return lines

    def flush(self) -> list[str]:
        """The unfinished line, as one that is whole; [] without one."""
        pending, self._pending = self._pending, b""
        return [make_safe(pending)] if pending else []


class LastLine:
    """Only the last line that shows something; costs nothing per byte, since it is worked out when it is asked for."""

    def __init__(self) -> None:
        self._raw = b""

    def feed(self, raw: bytes) -> None:
        self._raw = raw[-LINE:] if len(raw) >= LINE else (self._raw + raw)[-LINE:]

    def clear(self) -> None:
        self._raw = b""

    def text(self) -> str:
        for line in reversed(make_safe(self._raw).splitlines()):
            if line.strip():
                return line.strip()
        return ""
