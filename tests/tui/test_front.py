"""When screens are shown at all, in which colours, and what is imported for them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from textual.screen import Screen

from wizard.commands.wizard import why_not
from wizard.tui import theme
from wizard.tui.app import _show
from wizard.tui.screens import help


@pytest.mark.parametrize(
    ("term", "on_terminal", "reason"),
    [
        ("xterm", True, ""),
        ("linux", True, ""),
        ("vt220", True, ""),
        ("xterm", False, "there is no terminal to ask questions on"),
        ("dumb", True, "this terminal (TERM=dumb) cannot show screens"),
        ("unknown", True, "this terminal (TERM=unknown) cannot show screens"),
        ("", True, "this terminal (TERM=unset) cannot show screens"),
    ],
)
def test_where_there_are_no_screens(term: str, on_terminal: bool, reason: str) -> None:
    assert why_not(term, on_terminal=on_terminal) == reason


@pytest.mark.parametrize(
    ("term", "colorterm", "name"),
    [
        ("linux", "", theme.PLAIN.name),
        ("vt220", "", theme.PLAIN.name),
        ("xterm", "", theme.PLAIN.name),
        ("xterm-256color", "", theme.RICH.name),
        ("xterm-kitty", "truecolor", theme.RICH.name),
        ("", "", theme.PLAIN.name),
    ],
)
def test_colours_a_terminal_can_show(monkeypatch: pytest.MonkeyPatch, term: str, colorterm: str, name: str) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLORTERM", colorterm)
    assert theme.theme_name() == name


def loaded(code: str) -> set[str]:
    """The modules that a Python has loaded after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_command_loads_no_screens() -> None:
    assert not {"textual", "rich"} & loaded("import wizard.commands.wizard")


def test_the_first_screen_loads_nothing_it_does_not_show() -> None:
    """Each of these costs a good part of the time until something is to be seen."""
    code = "import wizard.tui.app, wizard.tui.setup, wizard.tui.screens.questions; wizard.tui.setup.make_setup()"
    heavy = {"pygments", "markdown_it", "textual.widgets._markdown", "textual.widgets._text_area"}
    later = {
        "wizard.tui.screens.build",
        "wizard.tui.screens.review",
        "wizard.tui.screens.settings",
        "wizard.engine.runs",
    }
    assert not (heavy | later) & loaded(code)


class Broken(Screen[None]):
    """A screen with a fault of ours."""

    def on_mount(self) -> None:
        raise RuntimeError("ours")


def test_a_fault_of_ours_is_left_to_the_command_line(capfd: pytest.CaptureFixture[str]) -> None:
    """It keeps the report in a file and says where; the terminal shows no traceback."""
    with pytest.raises(RuntimeError, match="ours"):
        _show(Broken(), headless=True)
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("text", [help.QUESTIONS, help.SETTINGS, help.REVIEW, help.BUILD])
def test_help_fits_its_window(text: str) -> None:
    assert max(len(line) for line in text.splitlines()) <= 76
    text.encode("cp437")
