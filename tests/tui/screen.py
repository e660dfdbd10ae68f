"""Apps in memory: what a person would see of one, and how the tests wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen

from wizard.tui.app import KameleonApp

SIZE = (80, 24)


def lines(app: KameleonApp) -> list[str]:
    """The screen as lines of text, blanks at their ends removed."""
    # Textual has no public way to ask for the text that is on screen; its own snapshots render these strips.
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def text(app: KameleonApp) -> str:
    return "\n".join(lines(app))


@asynccontextmanager
async def showing(first: Screen[None], size: tuple[int, int] = SIZE) -> AsyncIterator[tuple[KameleonApp, Pilot[Any]]]:
    """The app with `first` on it, settled."""
    app = KameleonApp(first)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


async def until(pilot: Pilot[Any], true: Callable[[], object], what: str = "") -> None:
    """Wait until `true()`, 20 s and more: the screens look at a run five times a second, and the machine is shared."""
    for _ in range(1000):
        await pilot.pause()
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never came: {what}\n{text(pilot.app)}")  # type: ignore[arg-type]


async def seen(pilot: Pilot[Any], *words: str) -> str:
    """Wait until all of `words` are on the screen; the screen."""
    app: Any = pilot.app
    await until(pilot, lambda: all(word in text(app) for word in words), repr(words))
    return text(app)
