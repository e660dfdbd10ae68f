"""What a console's font has, and what stands in for all else: one cell for one cell, by pure functions."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

#: Drawn by both fonts a Debian console has: the kernel's own (code page 437) and Lat15, which console-setup loads.
#: Not in the second, though screens like them: the check mark, half blocks, triangles to the side.
FONT = frozenset(
    "".join(map(chr, range(0x20, 0x7F)))
    + "¡¢£¥§ª«¬°±²µ¶·º»¼½¿ÄÅÆÇÉÑÖÜßàáâäåæçèéêëìíîïñòóôö÷ùúûüÿ"
    + "•←↑→↓≡≤≥─│┌┐└┘├┤┬┴┼═║╔╗╚╝╠╣╦╩╬█░▒■▲▼♦"
)

_STAND_INS = {
    "*": "●◉⬤∙⋅✦✱✳∗√✓✔☑",
    "o": "○◌◯⭘⚬☐",
    "x": "×✕✖✗✘☒╳",
    ">": "▶►▸❯›⟩",
    "<": "◀◄◂❮‹⟨",
    "▲": "△▴",
    "▼": "▽▾",
    "~": "…",
    "-": "‐‑‒–—―−⁃",
    "'": "‘’‚′",
    '"': "“”„″",
    " ": "\u00a0\u2002\u2003\u2009\u202f",
    "─": "▔▁▂▃▄▀",  # what borders are made of: thin, if not where it was
    "│": "▏▎▍▌▐▕▋▊",
    "█": "▅▆▇▉▙▛▜▟",
    "▒": "▓▖▗▘▝▚▞",
    "/": "╱",
    "\\": "╲",
    "■": "▪◼⬛",
}
_TABLE = {each: stand_in for stand_in, many in _STAND_INS.items() for each in many}

_SIDES = {"HORIZONTAL": "LR", "VERTICAL": "UD", "LEFT": "L", "RIGHT": "R", "UP": "U", "DOWN": "D"}
_LINES = {
    frozenset(sides): glyph
    for glyph, *many in (
        ("─", "LR", "L", "R"), ("│", "UD", "U", "D"), ("┌", "DR"), ("┐", "DL"), ("└", "UR"), ("┘", "UL"),
        ("├", "UDR"), ("┤", "UDL"), ("┬", "LRD"), ("┴", "LRU"), ("┼", "LRUD"),
    )
    for sides in many
}  # fmt: skip

_IN_ASCII = {
    "-": "─═",
    "|": "│║",
    "+": "┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬",
    "#": "█■",
    ":": "░▒",
    "*": "•♦",
    ".": "·",
    "<": "«←≤",
    ">": "»→≥",
    "^": "▲↑",
    "v": "▼↓",
    "=": "≡",
    "s": "ß",
    "u": "µ",
    "A": "Æ",
    "a": "æ",
}
_ASCII = {each: stand_in for stand_in, many in _IN_ASCII.items() for each in many}


@lru_cache(maxsize=1024)
def glyph(character: str) -> str:
    """What the console's font shows for one character: itself, what looks like it, its letter without the accent,
    or `?`. Always one character of FONT."""
    if character in FONT:
        return character
    if character in _TABLE:
        return _TABLE[character]
    if "\u2500" <= character <= "\u257f":
        return _line(unicodedata.name(character))
    if "\u2800" <= character <= "\u28ff":  # braille: spinners and graphs
        return "*"
    base = unicodedata.normalize("NFKD", character)[0]
    return base if base in FONT else "?"


def _line(name: str) -> str:
    """A line's or corner's light, straight form, by the sides its name says it reaches."""
    return _LINES.get(frozenset("".join(_SIDES.get(word, "") for word in name.split())), "?")


@lru_cache(maxsize=1024)
def ascii_glyph(character: str) -> str:
    """As `glyph`, for a terminal that does not read UTF-8."""
    found = glyph(character)
    if found.isascii():
        return found
    base = unicodedata.normalize("NFKD", found)[0]
    return _ASCII.get(found) or (base if base.isascii() else "?")
