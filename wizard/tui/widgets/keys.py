"""The bottom line: the keys that do something here. One widget, where Textual's own footer is one for each key:
the first screen is painted 0.1 s earlier, and a change costs a serial line one row."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget


class Keys(Widget):
    """Follows the screen's bindings; a click on a key presses it. What does not fit is left out from the middle:
    the last two, help and quit, stay."""

    COMPONENT_CLASSES = {"keys--key"}  # noqa: RUF012 (declared so in Textual)
    DEFAULT_CSS = """
    Keys { height: 1; dock: bottom; background: $footer-background; color: $footer-foreground; }
    Keys > .keys--key { color: $footer-key-foreground; text-style: bold; }
    """
    LAST = ("F1", "F10")

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        self.refresh()

    def entries(self) -> list[tuple[str, str, str]]:
        """(shown key, what it does, key) of each binding to show, as many as fit."""
        found: dict[str, tuple[str, str, str]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and binding.action not in found:
                found[binding.action] = (self.app.get_key_display(binding), binding.description, binding.key)
        entries = sorted(found.values(), key=lambda entry: entry[0] in self.LAST)
        while len(entries) > len(self.LAST) and sum(width(entry) for entry in entries) > self.size.width:
            del entries[-len(self.LAST) - 1]
        return entries

    def render_line(self, y: int) -> Strip:
        base, key = self.rich_style, self.get_component_rich_style("keys--key", partial=True)
        bright = base + Style(color=key.color, bold=True)
        segments = []
        for shown, what, _ in self.entries():
            segments += [Segment(f" {shown}", bright), Segment(f" {what} ", base)]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def on_click(self, event: events.Click) -> None:
        at = 0
        for entry in self.entries():
            at += width(entry)
            if event.x < at:
                self.app.simulate_key(entry[2])
                return


def width(entry: tuple[str, str, str]) -> int:
    """The cells an entry takes."""
    return len(entry[0]) + len(entry[1]) + 3
