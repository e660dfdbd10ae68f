"""What the fonts of a Debian console can show, from the fonts themselves."""

from __future__ import annotations

from pathlib import Path


def kernel() -> set[str]:
    """The kernel's own font: code page 437, with the glyphs that stand where it has control characters."""
    return set(bytes(range(0x20, 0x7F)).decode("cp437") + bytes(range(0x80, 0x100)).decode("cp437")) | set(
        "☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"
    )


def lat15() -> set[str]:
    """The font that console-setup loads for western languages."""
    found = set()
    for line in Path(__file__).with_name("lat15.txt").read_text().splitlines():
        for part in line.partition("#")[0].split():
            first, _, last = part.partition("-")
            found |= {chr(code) for code in range(int(first, 16), int(last or first, 16) + 1)}
    return found


def both() -> set[str]:
    return kernel() & lat15()
