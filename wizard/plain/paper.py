"""Where lines go: a terminal, a pipe or a file. Colours, widths, and the one last line that is rewritten."""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TextIO

from wizard.arguments import DUMB

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "faint": "2"}


def columns(text: str) -> int:
    """How many terminal columns a text takes; it must be safe text (no control characters)."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def cut(text: str, width: int) -> str:
    """The text's beginning that fits in `width` columns; a tab counts as one space, since it becomes one."""
    text = text.replace("\t", " ")
    if columns(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += _columns(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Paper:
    """Lines on a stream. With `live` the last line, the status, is rewritten in place; else there is none.

    A reader that goes away (a closed pipe, a terminal hung up) silences the paper: the run it tells of does not
    depend on who reads.
    """

    def __init__(self, stream: TextIO, *, live: bool = False, colour: bool = False) -> None:
        self.stream = stream
        self.live = live
        self.colour = colour
        self._status = ""
        self._asked = False
        self._gone = False

    @classmethod
    def on(cls, stream: TextIO | None) -> Paper:
        """Paper for one of the process's streams: live and in colours as far as it, TERM and NO_COLOR allow."""
        if stream is None:  # the descriptor was closed before we started
            return cls(open(os.devnull, "w"))
        able = stream.isatty() and os.environ.get("TERM") not in DUMB
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")  # a step may print any character, in any locale
        return cls(stream, live=able, colour=able and not os.environ.get("NO_COLOR"))

    def width(self) -> int:
        """Columns of the terminal now; 80 when it does not tell (a serial line)."""
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def paint(self, text: str, style: str) -> str:
        """The text in a colour of ours (red, green, yellow, bold, faint), where there are colours."""
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if self.colour and text else text

    def line(self, text: str = "") -> None:
        """One line (or several, with newlines in the text) which stays."""
        self._write(self._erase() + text + "\n" + self._status)

    def status(self, text: str) -> None:
        """What the last line shows from now on, cut to the width; "" for no such line. Nothing unless live, nor
        while the shell has put us into the background (`build &`)."""
        if not self.live or (text and not self._is_ours()):
            return
        # One column stays free: a terminal that wraps at once would scroll.
        text = cut(text, self.width() - 1)
        if text != self._status:
            erase, self._status = self._erase(), text
            self._write(erase + text)

    def ask(self, prompt: str) -> None:
        """A prompt: the cursor stays behind it, no status line any more."""
        erase, self._status = self._erase(), ""
        self._write(erase + prompt)
        self._asked = True

    def answered(self) -> None:
        """A line was typed behind the prompt, and its newline echoed."""
        self._asked = False

    def _is_ours(self) -> bool:
        try:
            return in_foreground(self.stream.fileno())
        except (OSError, ValueError):  # no file at all
            return True

    def _erase(self) -> str:
        if self._asked:  # nobody typed: somebody else decided
            self._asked = False
            return "\n"
        return "\r\x1b[K" if self._status else ""

    def _write(self, text: str) -> None:
        if self._gone:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            self._gone = True
            _let_go(self.stream)


def in_foreground(terminal: int) -> bool:
    """Whether the terminal's reader and writer is us, not the shell that put us into the background. True for what is
    no terminal of our session: nobody else would use it."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return True


def _let_go(stream: TextIO) -> None:
    # What is still in the stream's buffer would raise once more when Python flushes it at exit.
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    except (OSError, ValueError):
        pass


def same_file(one: TextIO | None, other: TextIO | None) -> bool:
    """Whether two streams end in the same terminal, pipe or file."""
    try:
        return one is not None and other is not None and os.path.sameopenfile(one.fileno(), other.fileno())
    except (OSError, ValueError):
        return one is other


def paper_for_prompts(paper: Paper) -> Paper:
    """Where to ask: where the lines go, or on stderr when those go to a pipe (`build | tee log`)."""
    return paper if paper.stream.isatty() else Paper.on(sys.stderr)
