"""A step's output: the tail of its log, long lines wrapped, following its end until the person scrolls up."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from wizard.tui.logtail import LINES, LogTail


class LogView(ScrollView, can_focus=True):
    """Only the lines in sight are drawn; `show` costs what is new."""

    DEFAULT_CSS = """
    LogView { height: 1fr; scrollbar-size: 1 1; overflow-x: hidden; overflow-y: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tail: LogTail | None = None
        self._taken = 0
        self._wrapped: list[str] = []
        self._last: list[str] = []
        self._width = 0
        self._at_end = True

    def show(self, tail: LogTail | None) -> None:
        """Draw `tail` as it is now; another tail than before starts at its end."""
        if tail is not self._tail:
            self._at_end = True
        width = max(1, self.scrollable_content_region.width)
        if tail is not self._tail or width != self._width:
            self._tail, self._width = tail, width
            self._wrapped, self._taken = [], 0
        if tail is not None:
            new = min(tail.added - self._taken, len(tail.lines))
            if new:
                if tail.added - self._taken > len(tail.lines) or (self._taken == 0 and tail.cut):
                    self._wrapped = ["(earlier lines are in the log only)"]
                self._wrapped += [piece for line in tail.lines[-new:] for piece in wrap(line, width)]
                self._taken = tail.added
                del self._wrapped[: -2 * LINES]
            self._last = wrap(tail.partial, width) if tail.partial else []
        else:
            self._last = []
        self.virtual_size = Size(0, len(self._wrapped) + len(self._last))
        if self._at_end:
            self.scroll_end(animate=False, x_axis=False)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        # Growing moves nothing, so only a scroll decides whether the end is followed.
        self._at_end = new_value >= self.max_scroll_y

    def on_resize(self) -> None:
        if self._tail is not None:
            self.show(self._tail)

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        base = self.rich_style
        if index < len(self._wrapped):
            text = self._wrapped[index]
        elif index - len(self._wrapped) < len(self._last):
            text = self._last[index - len(self._wrapped)]
        else:
            return Strip.blank(self.size.width, base)
        return Strip([Segment(text, base)]).adjust_cell_length(self.size.width, base)


def wrap(line: str, width: int) -> list[str]:
    """A line cut into pieces of at most `width` cells; an empty line is one empty piece."""
    if len(line) <= width and (line.isascii() or cell_len(line) <= width):
        return [line]
    return chop_cells(line, width)
