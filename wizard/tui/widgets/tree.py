"""A tree whose nodes are made when they are opened: a hundred thousand resources cost what is on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from wizard.oar.tree import Node
from wizard.tui.widgets.rows import Rows

LOOKS = {"+": "good", "~": "live", "-": "bad", "=": "quiet"}
#: Both are in a console's font.
CLOSED, OPEN = "»", "▼"


class Tree(Rows):
    """Right, Left and Enter open and close. Another look (`show`) leaves open what was, and the cursor where it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "switch", "Open", key_display="Enter"),
        Binding("space", "switch", show=False),
        Binding("right", "open", show=False),
        Binding("left", "close", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._roots: Sequence[Node] = ()
        self._open: set[tuple[str, ...]] = set()
        self._lines: list[tuple[int, Node]] = []
        self._unfitted = False
        #: Nodes that are as planned are left out.
        self.only_differences = False

    def show(self, roots: Sequence[Node]) -> None:
        here = self.selected
        self._roots = roots
        self._arrange(here)

    def open_what_fits(self) -> None:
        """Open the nodes level by level, as far as all of it can be seen; later, when there is no size yet."""
        self._unfitted = not self.size.height
        nodes = list(self._roots)
        while nodes and len(self._lines) < self.size.height:
            below = [each for node in nodes for each in node.below]
            if not below or len(self._lines) + len(below) > self.size.height:
                return
            self._open |= {node.key for node in nodes}
            self._arrange(self.selected)
            nodes = below

    def on_resize(self) -> None:
        if self._unfitted:
            self.open_what_fits()

    def choose_differences(self, only: bool) -> None:
        self.only_differences = only
        self._arrange(self.selected)

    @property
    def selected(self) -> Node | None:
        return self._lines[self.cursor][1] if self.cursor < len(self._lines) else None

    def _arrange(self, here: Node | None) -> None:
        """The lines of what is open; the cursor goes to that node, or to what is next above it."""
        self._lines = []
        self._add(self._roots, 0)
        self.rows_changed()
        if here is None:
            return
        places = {node.key: index for index, (_, node) in enumerate(self._lines)}
        found = next((places[here.key[:size]] for size in range(len(here.key), 0, -1) if here.key[:size] in places), 0)
        self.cursor = found

    def _add(self, nodes: Sequence[Node], depth: int) -> None:
        for node in nodes:
            if self.only_differences and node.mark == "=":
                continue
            self._lines.append((depth, node))
            if node.key in self._open:
                self._add(node.below, depth + 1)

    def count(self) -> int:
        return len(self._lines)

    def row(self, index: int, width: int) -> Text:
        depth, node = self._lines[index]
        look = self.look(LOOKS[node.mark])
        sign = " " if node.leaf else OPEN if node.key in self._open else CLOSED
        text = Text("  " * depth)
        text.append(f"{node.mark} ", look)
        text.append(f"{sign} {node.title}", look if node.mark != "=" else "")
        room = width - text.cell_len - 2
        if node.note and room > 3:
            note = Text(node.note, look)
            note.truncate(room, overflow="ellipsis")
            text.append("  ")
            text.append_text(note)
        text.truncate(width, overflow="ellipsis")
        return text

    def action_switch(self) -> None:
        node = self.selected
        if node is not None and node.key in self._open:
            self._fold(node)
        else:
            self.action_open()

    def action_open(self) -> None:
        """Open the node; of one that is open, go to what is first below it."""
        node = self.selected
        if node is None or node.leaf:
            return
        if node.key in self._open:
            self.action_move(1)
            return
        self._open.add(node.key)
        self._arrange(node)
        self.post_message(self.Moved(self))

    def action_close(self) -> None:
        """Close the node; of one that is closed, go to what it is below."""
        node = self.selected
        if node is None:
            return
        if node.key in self._open:
            self._fold(node)
            return
        depth = self._lines[self.cursor][0]
        above = [index for index in range(self.cursor) if self._lines[index][0] < depth]
        if above:
            self._to(above[-1])

    def _fold(self, node: Node) -> None:
        self._open.discard(node.key)
        self._arrange(node)
        self.post_message(self.Moved(self))
