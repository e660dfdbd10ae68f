"""The panel under a run's output: what it waits for, or how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from wizard.tui import facts
from wizard.tui.widgets.choices import Choices, Item


class Panel(Vertical):
    """Hidden until there is something to ask or to tell."""

    DEFAULT_CSS = """
    Panel { height: auto; border: solid $warning; padding: 0 1; display: none; }
    Panel.shown { display: block; }
    Panel.bad { border: solid $error; }
    Panel.good { border: solid $success; }
    Panel VerticalScroll { height: auto; max-height: 10; scrollbar-size: 1 1; }
    Panel VerticalScroll > Static { height: auto; }
    Panel Choices { height: auto; }
    """

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(id="facts", markup=False)
        yield Choices(id="decisions")

    def clear(self) -> None:
        self.set_classes([])

    def ask(self, title: str, lines: Sequence[str], words: Sequence[str], *, bad: bool = False) -> None:
        """Facts, and the control words to choose from."""
        choices = self.query_one(Choices)
        labels = [(word, *facts.CHOICES[word]) for word in words]
        widest = max((len(label) for _, _, label, _ in labels), default=0)
        choices.fill([Item(word, f"{label:<{widest}}  {text}", "", key) for word, key, label, text in labels], ())
        choices.styles.height = len(words)
        choices.display = True
        self._show(title, lines, "bad" if bad else "")

    def tell(self, title: str, lines: Sequence[str], *, bad: bool) -> None:
        """How it ended; nothing to choose."""
        self.query_one(Choices).display = False
        self._show(title, lines, "bad" if bad else "good")
        self.query_one(VerticalScroll).focus()  # Up and Down read on

    def _show(self, title: str, lines: Sequence[str], look: str) -> None:
        self.border_title = title
        # By class, not `self.display`: that would win over the output shown on the whole screen.
        self.set_classes(["shown", look] if look else ["shown"])
        self.query_one("#facts", Static).update("\n".join(lines))
