"""What the kernel says while questions are asked is in its log, and on no console."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot.guest import Guest
from tests.boot.picture import Shapes, differing
from tests.boot.test_boot import BOOT, F10, shown
from tests.image.iso import built_iso, cache, locked

pytestmark = [pytest.mark.real, pytest.mark.long]

#: systemd's shell on tty9 is told by keys to read the second disk, which gives us a shell on the second serial line.
DISK = """(
    stty -echo
    echo ready
    exec setsid sh -c 'while read -r line; do eval "$line"; done'
) </dev/ttyS1 >/dev/ttyS1 2>&1 &
exit
"""
TYPED = ("s", "h", "spc", "slash", "d", "e", "v", "slash", "v", "d", "a", "ret")
F5 = "\x1b[15~"


class Shell:
    """A shell inside, as root, that is on no console."""

    def __init__(self, place: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(place))
        self._line.settimeout(300)

    def wait(self, word: str) -> str:
        """What it says before that word."""
        said = b""
        while word.encode() not in said:
            chunk = self._line.recv(65536)
            assert chunk, said
            said += chunk
        return said.decode().partition(word)[0].replace("\r", "")

    def run(self, command: str) -> str:
        """What it prints."""
        mark = f"{time.monotonic_ns():x}"
        self._line.sendall(f"{command}\necho end''{mark}\n".encode())
        return self.wait(f"end{mark}")

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def machine(letters: Shapes) -> Iterator[tuple[Guest, Shell]]:
    """A machine that asks, and a shell inside."""
    with tempfile.TemporaryDirectory(prefix="kt-") as place, locked("qemu"):
        disk, line = Path(place, "disk"), Path(place, "line")
        disk.write_text(DISK.ljust(1 << 20))
        words = "systemd.debug-shell kameleon.timeout=100000"
        qemu = f"-drive file={disk},format=raw,if=virtio -serial unix:{line},server=on,wait=off"
        guest = Guest(built_iso(), cache() / "serial-messages.log", "--append", words, qemu=qemu)
        try:
            guest.see("1 of", "Keyboard", "The defaults are taken in", limit=BOOT)
            shown(guest, letters, "1 of", "Keyboard", "The defaults are taken in")
            shell = Shell(line)
            try:
                guest.press("ctrl-alt-f9")
                shown(guest, letters, "#")
                guest.press(*TYPED)
                shell.wait("ready")
                assert shell.run("id -u").strip() == "0"
                guest.press("ctrl-alt-f1")
                yield guest, shell
            finally:
                shell.close()
        finally:
            guest.close()


def look(guest: Guest, name: str) -> tuple[Path, str]:
    """Both consoles, when what was to be drawn is drawn."""
    time.sleep(5)
    return guest.picture(cache() / f"messages-{name}.ppm"), guest.screen


def test_messages_of_every_level(machine: tuple[Guest, Shell], letters: Shapes) -> None:
    guest, shell = machine

    def speak(what: str) -> None:
        for level in range(8):
            shell.run(f"echo '<{level}>{what}, at level {level}' >/dev/kmsg")
        assert shell.run(f"dmesg | grep -c '{what}, at level'").strip() == "8"

    # The review is on the screen, and the serial line says so; then the other way round.
    guest.press("f4")
    shown(guest, letters, "review", "Role", "Time zone")
    guest.see("Somebody answers on tty1", limit=BOOT)
    picture, screen = look(guest, "screen-before")
    speak("to the screen")
    now, now_screen = look(guest, "screen-after")
    assert len(differing(picture, now)) <= 1  # the cursor blinks
    assert now_screen == screen

    guest.type("T")
    guest.see("review", "Role", "Time zone", limit=BOOT)
    shown(guest, letters, "Somebody answers on ttyS0")
    picture, screen = look(guest, "line-before")
    speak("to the line")
    now, now_screen = look(guest, "line-after")
    assert len(differing(picture, now)) <= 1
    assert now_screen == screen

    # So it would be seen; and F5 draws over it.
    shell.run("echo 8 >/proc/sys/kernel/printk")
    speak("aloud")
    now, now_screen = look(guest, "aloud")
    assert len(differing(picture, now)) > 100
    assert now_screen != screen
    shell.run("echo 0 >/proc/sys/kernel/printk")
    guest.type(F5)
    end = time.monotonic() + BOOT
    while guest.screen != screen:
        assert time.monotonic() < end, guest.screen
        time.sleep(1)

    # Afterwards the kernel says what it said before.
    assert shell.run("cut -f 1 /proc/sys/kernel/printk").strip() == "0"
    guest.type(F10)
    guest.see("Quit?", limit=BOOT)
    guest.type("q")
    shell.run("until systemctl is-active --quiet getty-pre.target; do sleep 1; done")
    assert shell.run("cut -f 1 /proc/sys/kernel/printk").strip() == "4"  # loglevel=4 of the image
