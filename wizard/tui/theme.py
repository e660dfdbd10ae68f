"""Colours: one theme for terminals with many, one of the terminal's own sixteen; and a scroll bar of whole cells."""

from __future__ import annotations

import os
from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.theme import BUILTIN_THEMES, Theme

RICH = Theme(
    name="kameleon",
    primary="#5faf5f",
    secondary="#5f87af",
    accent="#5fafaf",
    success="#87af5f",
    warning="#d7af5f",
    error="#d75f5f",
    foreground="#d0d0d0",
    background="#121212",
    surface="#121212",
    panel="#262626",
    dark=True,
    variables={
        "border": "#4e4e4e",
        "quiet": "#8a8a8a",
        "bar-background": "#1c3a1c",
        "bar-foreground": "#d7ffd7",
        "footer-background": "#262626",
        "footer-key-foreground": "#87d787",
        "scrollbar": "#5f875f",
        "scrollbar-background": "#262626",
    },
)

# Sixteen colours: the terminal's own foreground and background, so that light terminals stay light.
PLAIN = Theme(
    name="kameleon-16",
    ansi=True,
    primary="ansi_green",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "border": "ansi_green",
        "quiet": "ansi_default",
        "bar-background": "ansi_green",
        "bar-foreground": "ansi_black",
        "footer-key-foreground": "ansi_green",
        "scrollbar": "ansi_green",
        "scrollbar-background": "ansi_default",
    },
)


def theme_name() -> str:
    """The theme this terminal can show, by TERM and COLORTERM."""
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "256color" in os.environ.get("TERM", ""):
        return RICH.name
    return PLAIN.name


class WholeCells(ScrollBarRender):
    """Ends of a scroll bar in whole cells: a console's font has no eighth blocks."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


def use_whole_cells() -> None:
    """Every scroll bar of this process is drawn so (Textual's documented switch)."""
    ScrollBar.renderer = WholeCells
