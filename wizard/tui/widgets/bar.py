"""The bar at the top of every screen."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget


class Bar(Widget):
    """One line: what this is at the left, where one stands at the right."""

    DEFAULT_CSS = """
    Bar { height: 1; dock: top; background: $bar-background; color: $bar-foreground; text-style: bold; }
    """

    def __init__(self, left: str = "", right: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.left, self.right = left, right

    def say(self, left: str, right: str) -> None:
        """Change both; nothing is drawn when they are the same."""
        if (left, right) != (self.left, self.right):
            self.left, self.right = left, right
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self.rich_style
        left = f" {self.left}"
        room = width - len(left) - len(self.right) - 2
        text = f"{left}{' ' * room} {self.right} " if room >= 0 else f"{left}  {self.right}"
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)


def progress(done: int, total: int, width: int) -> str:
    """`[####....] 5 of 12 steps`, at most `width` cells of it a bar."""
    words = f" {done} of {total} steps"
    cells = max(4, width - len(words) - 2)
    full = cells * done // total if total else 0
    return f"[{'#' * full}{'.' * (cells - full)}]{words}"
