"""The live ISO with a graphical session, started: the session is on its screen, in the keyboard's layout."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot.guest import Guest
from tests.boot.test_boot import BOOT
from tests.image.iso import built_iso, cache, locked

pytestmark = [pytest.mark.real, pytest.mark.long]

#: With nobody there: the session, and the console when the kernel command line says so.
MACHINES = {"session": "kameleon.keymap=fr kameleon.defaults", "console": "kameleon.x=no kameleon.defaults"}


@pytest.fixture(scope="module", params=list(MACHINES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def guest(kind: str) -> Iterator[Guest]:
    iso = built_iso("debian-bookworm-x86_64-oar-2.5-graphical-iso")
    with locked("qemu"):
        guest = Guest(iso, cache() / f"serial-graphical-{kind}.log", "--append", MACHINES[kind])
        try:
            yield guest
        finally:
            guest.close()


def colours(picture: Path) -> int:
    """How many a picture has."""
    _, _, _, dots = picture.read_bytes().split(b"\n", 3)
    return len({dots[at : at + 3] for at in range(0, len(dots), 3)})


def test_the_first_boot_is_done_first(guest: Guest) -> None:
    said = guest.wait(r"kameleon: first boot (done|failed).*$", BOOT).group().strip()
    assert said == "kameleon: first boot done: role=both host=kameleon resources=2"
    guest.log_in(BOOT)


def test_the_screen_shows_what_was_chosen(kind: str, guest: Guest) -> None:
    if kind == "console":
        guest.run("until systemctl is-active getty@tty1; do sleep 2; done", BOOT)
        assert guest.run("pgrep -x Xorg; true").strip() == ""
        assert guest.run("systemctl get-default").strip() == "multi-user.target"
        return
    guest.run("until pgrep -u kameleon -x xterm; do sleep 2; done", BOOT)
    assert "kameleon" in guest.run("ps -o user= -C icewm")
    assert "vt1" in guest.run("ps -o args= -C Xorg")
    guest.run("! systemctl is-active --quiet getty@tty1")
    layout = "sudo DISPLAY=:0 XAUTHORITY=/home/kameleon/.Xauthority setxkbmap -query"
    assert "layout:     fr" in guest.run(layout, 120)
    # A desktop with letters smoothed on it; a console has sixteen colours.
    end = time.monotonic() + BOOT
    while colours(guest.picture(cache() / "graphical.ppm")) <= 16:
        assert time.monotonic() < end, "the screen stays without a desktop"
        time.sleep(5)
    guest.picture(cache() / "graphical.png", "png")


def test_nothing_failed(guest: Guest) -> None:
    assert guest.run("systemctl list-units --failed --plain --no-legend").strip() == ""
