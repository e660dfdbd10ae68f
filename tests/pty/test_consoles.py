"""What consoles and serial lines do to a program, one test for each: the real wizard on a real terminal device."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pty.console import WIZARD, Console, console
from tests.tui import fonts

pytestmark = pytest.mark.real

FIRST = ("[Appliance]", "F10 Quit")  # painted last: the bottom line
DOWN, F5, F10, CTRL_C, CTRL_Q, CTRL_R = "\x1b[B", "\x1b[15~", "\x1b[21~", "\x03", "\x11", "\x12"
CONSOLES = ["linux", "vt100", "vt220", "ansi", "screen.linux"]
FIRST_SCREEN = 5000  # bytes: at 115200 baud less than half a second
TICK = 300  # bytes


@pytest.fixture
def linux(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as made:
        made.settle(*FIRST)
        yield made


def leave(made: Console, key: str = F10) -> None:
    """Quit by keys; all is as it was."""
    made.press(key)
    made.wait("Quit?")
    made.press("q")
    assert made.end() == 0
    given_back(made)


def given_back(made: Console) -> None:
    assert made.as_before
    assert not made.cursor_hidden
    assert made.said.rindex(b"\x1b[?1049l") > made.said.rindex(b"\x1b[?1049h")
    assert made.said.rindex(b"\x1b[?7h") > made.said.rindex(b"\x1b[?7l")


# What a console can show


@pytest.mark.parametrize("term", CONSOLES)
def test_the_first_screen(tmp_path: Path, term: str) -> None:
    with console(tmp_path, term=term) as made:
        count = made.settle(*FIRST)
        assert count <= FIRST_SCREEN
        assert set(made.text) - set("\r\n\x0f") <= fonts.both()
        made.press(DOWN, "\r")
        made.wait("[Distribution]")
        leave(made)
        assert set(made.text) - set("\r\n\x0f") <= fonts.both()


def test_nothing_is_asked_and_only_what_every_console_knows_is_sent(linux: Console) -> None:
    leave(linux)
    plain = {sequence for sequence in linux.sequences if sequence[-1] in "HmK" and "?" not in sequence}
    assert linux.sequences - plain == {
        "\x1b[?1049h", "\x1b[?1049l", "\x1b[?7l", "\x1b[?7h", "\x1b[?25l", "\x1b[?25h", "\x1b[2J", "\x1b(B",
    }  # fmt: skip


def test_sixteen_colours_without_the_bright_numbers(linux: Console) -> None:
    numbers = {
        number for sequence in linux.sequences if sequence[-1] == "m" for number in sequence[2:-1].split(";")
    }  # fmt: skip
    assert numbers <= {"", "0", "1", "4", "7", *(str(n) for n in (*range(30, 38), *range(40, 48)))}


def test_the_cursor_is_on_the_focused_row(linux: Console) -> None:
    assert not linux.cursor_hidden
    assert linux.row_of_cursor.startswith(" > OAR cluster")
    linux.press(DOWN)
    linux.wait("> Minimal Debian")
    linux.read(0.2)
    assert linux.row_of_cursor.startswith(" > Minimal Debian")


def test_no_color_leaves_the_focus_to_be_seen(tmp_path: Path) -> None:
    with console(tmp_path, environment={"NO_COLOR": "1"}) as made:
        made.settle(*FIRST)
        assert {(fg, bg) for fg, bg, _ in made.looks} == {("default", "default")}
        assert any(reverse for _, _, reverse in made.looks)
        assert made.row_of_cursor.startswith(" > OAR cluster")


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "iso-8859-1"},  # as under a locale of that name, which not every machine has
    ],
)
@pytest.mark.parametrize("term", ["linux", "xterm-256color"])
def test_who_does_not_read_utf8_gets_ascii(tmp_path: Path, environment: dict[str, str], term: str) -> None:
    with console(tmp_path, term=term, environment=environment) as made:
        made.settle(*FIRST)
        assert made.said.isascii()
        assert "\\u" not in made.screen
        assert "-" * 80 in made.screen
        leave(made)


def test_the_c_locale_is_utf8(tmp_path: Path) -> None:
    with console(tmp_path, environment={"LANG": "C"}) as made:
        assert "─" * 80 in made.wait(*FIRST)


# Sizes


@pytest.mark.parametrize("term", ["linux", "xterm"])
def test_a_line_without_a_size_is_80x24(tmp_path: Path, term: str) -> None:
    with console(tmp_path, term=term, size=(0, 0)) as made:
        assert len(made.wait(*FIRST).splitlines()[-1].rstrip()) <= 80
        assert made.screen.splitlines()[23].startswith(" Enter Next")
        leave(made)


def test_the_size_of_the_device_wins_over_the_environment(tmp_path: Path) -> None:
    with console(tmp_path, environment={"COLUMNS": "200", "LINES": "60"}) as made:
        made.wait(*FIRST)
        assert made.screen.splitlines()[23].startswith(" Enter Next")


def test_columns_and_lines_are_taken_where_the_device_has_no_size(tmp_path: Path) -> None:
    with console(tmp_path, size=(0, 0), environment={"COLUMNS": "60", "LINES": "20"}) as made:
        made.wait(*FIRST)
        assert made.screen.splitlines()[19].startswith(" Enter Next")


@pytest.mark.parametrize("term", ["linux", "xterm"])
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (10, 3), (20, 5), (30, 8)])
def test_a_tiny_terminal_is_no_fault(tmp_path: Path, term: str, size: tuple[int, int]) -> None:
    with console(tmp_path, term=term, size=size) as made:
        end = time.monotonic() + 90
        while not made.said:
            assert time.monotonic() < end
            made.read(0.1)
        made.read(0.5)
        assert made.process.poll() is None
        made.resize(80, 24)
        made.wait(*FIRST)
        leave(made)


def test_every_size(linux: Console) -> None:
    for columns, lines in ((40, 12), (200, 60), (12, 40), (60, 16), (80, 24)):
        linux.resize(columns, lines)
        linux.wait("OAR cluster" if columns > 20 else "> O")
        linux.read(0.2)
        assert linux.process.poll() is None
        assert linux.row_of_cursor.lstrip().startswith("> O")
    leave(linux)


@pytest.mark.parametrize("key", [F5, CTRL_R])
def test_a_key_asks_for_the_size_again(linux: Console, key: str) -> None:
    # What a serial line does: the size is told to the device (stty), no signal comes of it.
    linux.process.send_signal(signal.SIGSTOP)
    linux.resize(60, 20)
    linux.process.send_signal(signal.SIGCONT)
    linux.press(key)
    linux.wait(*FIRST)
    linux.read(0.3)
    assert linux.screen.splitlines()[19].startswith(" Enter Next")


def test_what_others_wrote_is_painted_over(linux: Console) -> None:
    """Messages of the kernel, of systemd, of a modem that fell into another character set."""
    before = linux.screen
    linux.scribble("\x1b[5;1H[  12.345] usb 1-1: new device\r\n\r\n\x0e\x1b[31;5mfoo\r\n" * 9)
    assert linux.screen != before
    linux.press(F5)
    linux.read(0.5)
    assert linux.screen == before
    assert linux.row_of_cursor.startswith(" > OAR cluster")
    leave(linux)


# What is pressed and what else comes


@pytest.mark.parametrize("key", [F10, CTRL_Q, CTRL_C])
def test_keys_that_leave(linux: Console, key: str) -> None:
    leave(linux, key)


def test_noise_on_the_line(linux: Console) -> None:
    linux.press(b"\xff\xfe\x80", b"\x1b[", b"\xc3", b"\x00\x1b]x", b"\x1b[200~abc\x1b[201~", b"\x1b[?1;2c", b"\x1b[:0u")
    linux.read(0.5)
    linux.press(b"\xc3")  # half a character
    linux.read(0.2)
    leave(linux)


def test_keys_pressed_before_anything_is_there(tmp_path: Path) -> None:
    with console(tmp_path) as made:
        made.press("\r\r")
        made.wait("F10 Quit")
        leave(made)


# Signals and lost lines


@pytest.mark.parametrize("term", ["linux", "xterm-256color"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_gives_the_terminal_back(tmp_path: Path, term: str, number: signal.Signals) -> None:
    with console(tmp_path, term=term) as made:
        made.settle(*FIRST)
        assert not made.as_before
        made.process.send_signal(number)
        assert made.end() == 128 + number
        given_back(made)


def state(made: Console) -> str:
    return Path(f"/proc/{made.process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def wait_for_state(made: Console, wanted: str) -> None:
    end = time.monotonic() + 60
    while state(made) not in wanted:
        assert time.monotonic() < end, state(made)
        made.read(0.05)


@pytest.mark.parametrize("term", ["linux", "xterm-256color"])
def test_stopped_and_continued(tmp_path: Path, term: str) -> None:
    """As a job of a shell: another process of the session, so that a stop is not ignored."""
    shell = ("/bin/sh", "-c", f"set -m; {' '.join(WIZARD)}; stty -a >modes; fg")
    with console(tmp_path, *shell, term=term) as made:
        made.settle(*FIRST)
        child = int(Path(f"/proc/{made.process.pid}/task/{made.process.pid}/children").read_text())
        os.kill(child, signal.SIGTSTP)
        end = time.monotonic() + 60
        while not (tmp_path / "modes").exists() or "speed" not in (tmp_path / "modes").read_text():
            assert time.monotonic() < end
            made.read(0.05)
        assert " icanon " in (tmp_path / "modes").read_text()
        made.settle(*FIRST)
        made.press(DOWN)
        made.wait("> Minimal Debian")
        leave(made)


@pytest.mark.parametrize("term", ["linux", "xterm-256color"])
def test_a_stop_that_nobody_announced(tmp_path: Path, term: str) -> None:
    """kill -STOP: the shell puts the terminal right and uses it; then we go on, and give back what was there first."""
    with console(tmp_path, term=term) as made:
        made.settle(*FIRST)
        before = made.screen
        made.process.send_signal(signal.SIGSTOP)
        wait_for_state(made, "T")
        made.put_right()
        made.scribble("\x1b[10;1H$ ls\r\nfile\r\n$ fg\r\n")
        made.process.send_signal(signal.SIGCONT)
        made.read(0.6)
        assert made.screen == before
        assert not made.as_before
        leave(made)


def test_a_stop_of_what_nobody_could_wake_is_ignored(linux: Console) -> None:
    """The program that owns a console is no shell's job."""
    linux.process.send_signal(signal.SIGTSTP)
    linux.read(0.5)
    linux.press(DOWN)
    linux.wait("> Minimal Debian")
    leave(linux)


@pytest.mark.parametrize("term", ["linux", "xterm-256color"])
def test_a_line_that_is_unplugged(tmp_path: Path, term: str) -> None:
    with console(tmp_path, term=term) as made:
        made.settle(*FIRST)
        made.hang_up()
        assert made.process.wait(60) in (128 + signal.SIGHUP, -signal.SIGHUP)


@pytest.mark.parametrize("term", ["linux", "xterm-256color"])
def test_a_line_that_is_unplugged_and_no_signal_tells(tmp_path: Path, term: str) -> None:
    with console(tmp_path, term=term, controlling=False) as made:
        made.settle(*FIRST)
        made.hang_up()
        assert made.process.wait(60) == 128 + signal.SIGHUP


def test_a_line_that_takes_nothing(tmp_path: Path) -> None:
    """Flow control stopped it: keys and signals count all the same, and the process ends."""
    with console(tmp_path) as made:
        made.settle(*FIRST)
        for _ in range(60):  # nobody reads what these make it write
            made.press(F5)
            time.sleep(0.02)
        made.process.terminate()
        assert made.process.wait(60) == 128 + signal.SIGTERM


# Figures


def test_memory(linux: Console) -> None:
    status = Path(f"/proc/{linux.process.pid}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    assert resident <= 50_000  # kB


def test_a_tick_of_a_build(tmp_path: Path) -> None:
    """A line of output, the clocks and the progress: what a run costs a serial line, five times a second at most."""
    steps = tmp_path / "steps" / "setup"
    steps.mkdir(parents=True)
    loop = "for i in $(seq 1 600); do echo line $i; sleep 0.5; done"
    (steps / "slow.yaml").write_text(f"- slow:\n  - exec_local: {loop}\n")
    (tmp_path / "slow.yaml").write_text(
        f"# DESCRIPTION: slow\nglobal:\n  strict: true\n  workdir_base: {tmp_path}/work\n"
        "bootstrap: []\nsetup:\n  - slow\nexport: []\n"
    )
    with console(tmp_path, *WIZARD, "build", "slow.yaml") as build:
        build.wait("line 1")
        with console(tmp_path, *WIZARD, "runs", "attach") as made:
            made.wait("line 9", "F10 Quit")
            made.read(0.3)
            before, end = len(made.said), time.monotonic() + 3
            while time.monotonic() < end:
                made.read(0.05)
            # Six lines of output, and a clock that shows tenths for ten seconds.
            count = len(made.said) - before
            assert 0 < count <= 6 * TICK
            made.press("q")
            made.wait("Leave?")
        build.process.terminate()
        assert build.end() == 143
