"""The driver for the Linux console, VT220s and serial lines."""

from __future__ import annotations

from typing import Any

from textual.app import App

from wizard.tui.driver.cells import Screen
from wizard.tui.driver.driver import TerminalDriver
from wizard.tui.driver.glyphs import ascii_glyph, glyph
from wizard.tui.driver.painter import Painter
from wizard.tui.driver.terminal import clamp, this_terminal


class ConsoleDriver(TerminalDriver):
    """Glyphs the font has, only cells that changed, no question to the terminal, and a cursor that can be seen (and
    felt: braille displays follow it)."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        self._painter: Painter | None = None
        super().__init__(app, debug=debug, mouse=False, size=size)
        self.terminal = this_terminal()
        self._screen = Screen(
            *self._get_terminal_size(),
            glyph if self.terminal.utf8 else ascii_glyph,
            colours=self.terminal.colours,
        )

    def write(self, data: str) -> None:
        if self._painter is not None:
            with self._painter.lock:
                self._screen.feed(data)
                self._painter.changed()

    def start_application_mode(self) -> None:
        if self._drawing:
            return
        encoding = "utf-8" if self.terminal.utf8 else "ascii"
        self._painter = Painter(
            self._output.fileno(), self._screen, lambda text: text.encode(encoding, "replace"), self.lost
        )
        self._painter.again(*self.real_size())
        super().start_application_mode()
        self._painter.start()

    def stop_application_mode(self) -> None:
        super().stop_application_mode()
        if self._painter is not None:
            self._painter.finish()
            self._painter = None

    def _get_terminal_size(self) -> tuple[int, int]:
        real = self.real_size()
        laid_out = clamp(real)
        if self._painter is not None and (self._screen.columns, self._screen.lines) != laid_out:
            with self._painter.lock:
                self._screen.resize(*laid_out)
                self._painter.again(*real)
        return laid_out

    def again(self) -> None:
        if self._painter is not None:
            self._painter.again(*self.real_size())
        super().again()
