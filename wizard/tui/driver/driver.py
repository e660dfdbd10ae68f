"""Textual's Linux driver made fit for what happens to terminals: jobs stopped, lines lost, noise, no size at all."""

from __future__ import annotations

import asyncio
import codecs
import os
import select
import signal
import sys
import termios
import time
from typing import Any, TextIO, cast

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from wizard.tui.driver.terminal import clamp, size

_LOOK = 0.1  # seconds between two looks whether it is over: as Textual's own driver


class _Output:
    """The terminal as a text stream that nobody has to be afraid of: what cannot be written any more is dropped, and
    nothing of it is left for Python to fail on at the very end."""

    def __init__(self, stream: TextIO) -> None:
        self._descriptor, self._encoding = stream.fileno(), stream.encoding
        self._waiting = b""

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> None:
        self._waiting += text.encode(self._encoding, "replace")

    def flush(self) -> None:
        data, self._waiting = self._waiting, b""
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            return  # the thread that reads learns it, too, and tells


class TerminalDriver(LinuxDriver):
    """For terminals that Textual draws on well. A size that widgets can bear; Ctrl-Z, SIGINT and a lost line give the
    terminal back; bytes that are no UTF-8 are no fault. (TERM and HUP end the application, which ends this.)"""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        # Textual's handlers run between any two instructions, and enter application mode a second time after a stop
        # that nobody announced (kill -STOP): what is given back at the end would be raw mode.
        for number in (signal.SIGTSTP, signal.SIGCONT):
            signal.signal(number, signal.SIG_DFL)
        self._drawing = False
        self._output = _Output(cast("TextIO", sys.__stderr__))
        self._file = cast("Any", self._output)
        self._size = size or self._get_terminal_size()

    def real_size(self) -> tuple[int, int]:
        """(columns, lines) of the terminal as they are now."""
        return size((self._output.fileno(), self.fileno), os.environ)

    def _get_terminal_size(self) -> tuple[int, int]:
        return clamp(self.real_size())

    def start_application_mode(self) -> None:
        if self._drawing:
            return
        self._wait_for_foreground()
        self._drawing = True
        super().start_application_mode()  # type: ignore[no-untyped-call]
        loop = asyncio.get_running_loop()
        # Only while screens are shown: the editor or shell we make room for is stopped and interrupted, not we.
        loop.add_signal_handler(signal.SIGTSTP, self._stop)
        loop.add_signal_handler(signal.SIGCONT, self.again)
        loop.add_signal_handler(signal.SIGINT, self._app.exit, 128 + signal.SIGINT)

    def stop_application_mode(self) -> None:
        if not self._drawing:
            return
        self._drawing = False
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGINT):
            loop.remove_signal_handler(number)
        super().stop_application_mode()

    def _stop(self) -> None:
        """Ctrl-Z from elsewhere: `kill -TSTP`."""
        self.suspend_application_mode()
        # The default action, here and now: unlike SIGSTOP it leaves alone whom nobody could wake (a console's owner).
        signal.raise_signal(signal.SIGTSTP)
        self._must_signal_resume = True
        self.resume_application_mode()
        self._app.refresh(layout=True)

    def _wait_for_foreground(self) -> None:
        """In the background the terminal is somebody else's: stop until it is ours."""
        try:
            while os.tcgetpgrp(self.fileno) != os.getpgrp():
                signal.raise_signal(signal.SIGTTOU)
                time.sleep(_LOOK)
        except OSError:
            return  # no terminal of this session: nobody disputes it

    def again(self) -> None:
        """Take the terminal as it is now: its size asked again, raw mode and all that is on the screen made anew.
        Somebody else wrote on it, or it grew and told nobody, or we were stopped and woken."""
        if not self._drawing:
            return
        try:
            modes = termios.tcgetattr(self.fileno)
            modes[3] = self._patch_lflag(modes[3])
            modes[0] = self._patch_iflag(modes[0])
            termios.tcsetattr(self.fileno, termios.TCSANOW, modes)
        except termios.error:
            return  # it is gone
        signal.raise_signal(signal.SIGWINCH)  # Textual's handler reads the size
        self._app.refresh(layout=True)

    @classmethod
    def _patch_iflag(cls, attrs: int) -> int:
        # A break on a serial line is no Ctrl-C, and UTF-8 has eight bits.
        return super()._patch_iflag(attrs) & ~(termios.BRKINT | termios.ISTRIP)

    def lost(self) -> None:
        """The terminal is gone, said a thread: end, as after SIGHUP (which comes only to those it controls)."""
        self._loop.call_soon_threadsafe(self._app.exit, 128 + signal.SIGHUP)

    def run_input_thread(self) -> None:
        """As Textual's, which takes a byte that is no UTF-8 for a fault of its own, and spins when the line is gone."""
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        while not self.exit_event.is_set():
            text = ""
            if select.select([self.fileno], [], [], _LOOK)[0]:
                try:
                    data = os.read(self.fileno, 4096)
                except OSError:
                    data = b""
                if not data:
                    return self.lost()
                text = decode(data)
            try:
                # Half a character is no text yet, and to a parser "" is the end.
                for message in (*(parser.feed(text) if text else ()), *parser.tick()):
                    self.process_message(message)
            except (ParseError, ValueError):  # noise that begins as a key does: `ESC [ : u`
                parser = XTermParser(self._debug)
