"""Rows of text with a cursor: what the lists of choices and of steps have in common."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip


class Rows(ScrollView, can_focus=True):
    """One line a row, drawn on demand (`row`). The cursor's row begins with `>` and, with the focus, is reversed.

    Subclasses say how many rows there are (`count`), what each shows (`row`), and call `rows_changed`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--quiet", "rows--good", "rows--bad", "rows--live", "rows--head"}
    DEFAULT_CSS = """
    Rows { height: 1fr; scrollbar-size: 1 1; overflow-x: hidden; }
    Rows > .rows--quiet { color: $quiet; }
    Rows > .rows--good { color: $success; }
    Rows > .rows--bad { color: $error; text-style: bold; }
    Rows > .rows--live { color: $warning; text-style: bold; }
    Rows > .rows--head { text-style: bold; }
    """

    cursor: reactive[int] = reactive(0)

    class Moved(Message):
        """The person moved the cursor (not the program)."""

        def __init__(self, rows: Rows) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> Rows:
            return self.rows

    def count(self) -> int:
        raise NotImplementedError

    def row(self, index: int, width: int) -> Text:
        """The row without its cursor mark, at most `width` cells."""
        raise NotImplementedError

    def selectable(self, index: int) -> bool:
        return True

    def look(self, name: str) -> Style:
        """The style of one of COMPONENT_CLASSES, without its background, so that reverse stays whole."""
        style = self.get_component_rich_style(f"rows--{name}", partial=True)
        return Style(color=style.color, bold=style.bold)

    def rows_changed(self) -> None:
        """Call when rows came, went or changed."""
        self.virtual_size = Size(0, self.count())
        if self.cursor >= self.count():
            self.cursor = max(0, self.count() - 1)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        width = self.size.width
        base = self.rich_style
        if index >= self.count():
            return Strip.blank(width, base)
        chosen = index == self.cursor
        text = Text("> " if chosen else "  ")
        text.append_text(self.row(index, width - 2))
        text.truncate(width, overflow="crop", pad=True)
        if chosen and self.has_focus:
            segments = [Segment(text.plain, Style(reverse=True, bold=True))]
        else:
            segments = list(text.render(self.app.console, end=""))
        return Strip(segments).apply_style(base).adjust_cell_length(width, base)

    def watch_cursor(self) -> None:
        self.show_cursor()
        self.refresh()

    def on_focus(self) -> None:
        self.show_cursor()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show_cursor)

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the cursor's row begins on the screen."""
        return self.content_region.offset + Offset(0, self.cursor - self.scroll_offset.y)

    def show_cursor(self) -> None:
        """Scroll to the cursor, with a row around it."""
        around = 1 if self.size.height > 3 else 0
        region = Region(0, max(0, self.cursor - around), 1, 1 + 2 * around)
        self.scroll_to_region(region, animate=False, force=True)

    def action_move(self, step: int) -> None:
        index = self.cursor + step
        while 0 <= index < self.count() and not self.selectable(index):
            index += step
        if 0 <= index < self.count():
            self._to(index)

    def action_page(self, pages: int) -> None:
        self._to(self.cursor + pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        self._to(0)

    def action_last(self) -> None:
        self._to(self.count() - 1)

    def _to(self, index: int) -> None:
        index = max(0, min(index, self.count() - 1))
        while index < self.count() - 1 and not self.selectable(index):
            index += 1
        self.cursor = index
        self.post_message(self.Moved(self))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if index < self.count() and self.selectable(index):
            self._to(index)
