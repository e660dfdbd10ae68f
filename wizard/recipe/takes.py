"""What an option takes: shapes with names, by which the header of an export step says which values will do.

    takes:
      raw_size: size
      kadeploy_dialect: one of kadeploy3.3 g5k
      archive_compression: one of zst gz xz with kadeploy_dialect g5k; one of gz xz

The first shape whose condition is met counts; the last has none. The first word of `one of` is what the step takes
when the option is empty. An empty value is always right: then the step has its default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from wizard.recipe.errors import nearest, quoted
from wizard.recipe.model import Shape, Takes

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
#: Each shape's pattern, which the whole value must match, and what it takes, for people.
_NAMED = {
    "size": ("[1-9][0-9]{0,6}[MG]", "a number with M or G behind it, such as 4G"),
    "words": (r"[A-Za-z0-9 _.,=:/@+-]*", "plain words (letters, digits and _ . , : = / @ + -)"),
    "name": (r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,254}", "a name (letters, digits and _ . + -)"),
    "directory": (r"(/[A-Za-z0-9_.+-]+)+", "a directory such as /srv/images"),
    "place": (r"[^\s|,]+", "an address or a directory, without blanks, commas and bars"),
    "address": (r'(https?|ftp|file)://[^\s\[\]"{}\\]+', "an address such as http://192.0.2.1/rocky/9"),
    "http": (r"http://[\]\[A-Za-z0-9.:_~/%+-]+", "an address such as http://192.0.2.1/images"),
    "text": (None, "characters that can be shown"),
    "command": (r"""(?:[^\\'"]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")*""", "words as a shell splits them"),
    # The grammar of the OCI distribution specification; a host's name and port may stand before the first slash.
    "image": (
        rf"(?=.{{1,200}}(:|$))(?:[a-z0-9.-]+(?::[0-9]+)?/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}})?",
        "an image's name and tag, such as web:1.0 (a name has lower-case letters, digits and . _ - /)",
    ),
}
_ONE_OF = re.compile(r"one of((?: \S+)+)")
_NUMBER = re.compile(r"number (\d{1,10})(?: (\d{1,10}))?")
_DIGITS = re.compile(r"[0-9]{1,10}")


def read_takes(name: str, text: str, earlier: Mapping[str, Takes]) -> Takes | str:
    """What the text behind `name:` says, or why it says nothing. Conditions name options in `earlier`."""
    found: list[Shape] = []
    for part in text.split(";"):
        words, _, condition = part.strip().partition(" with ")
        option, *values = condition.split() or [""]
        shape = _shape(words.strip(), option, tuple(values))
        if shape is None:
            known = ("one of WORD …", "number LEAST [MOST]", *_NAMED)
            return f"{quoted(words)} is no shape of values: there are {', '.join(known)}"
        if option:
            known_words = {word for one in earlier.get(option, ()) for word in one.choices}
            if not values or not known_words >= set(values):
                hint = nearest(option, earlier) if option not in earlier else ""
                return (
                    f"with wants an option above that takes one of some words, and some of these{hint and f'; {hint}'}"
                )
        found.append(shape)
    if [bool(one.option) for one in found] != [True] * (len(found) - 1) + [False]:
        return f"{name}: the last shape has no condition, those before it have one"
    return tuple(found)


def _shape(text: str, option: str, words: tuple[str, ...]) -> Shape | None:
    if match := _ONE_OF.fullmatch(text):
        choices = tuple(match[1].split())
        what = f"{', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else choices[0]
        return Shape("one of", what, choices, option=option, words=words)
    if match := _NUMBER.fullmatch(text):
        least, most = int(match[1]), int(match[2] or 0)
        what = f"{least} to {most}" if most else f"a whole number from {least} on"
        return Shape("number", what, (), least, most, option, words)
    return Shape(text, _NAMED[text][1], option=option, words=words) if text in _NAMED else None


def _fits(shape: Shape, value: str) -> bool:
    if shape.choices:
        return value in shape.choices
    if shape.name == "number":
        return bool(_DIGITS.fullmatch(value)) and shape.least <= int(value) <= (shape.most or int(value))
    pattern = _NAMED[shape.name][0]
    if pattern is None:
        return " ".join(value.split()).isprintable()  # it becomes one line
    return bool(re.fullmatch(pattern, value, re.DOTALL))


def problem(takes: Mapping[str, Takes], name: str, value: str, given: Callable[[str], str | None]) -> str:
    """Why the option `name` does not take this value: "takes …, not …"; "" when it does.

    `given` tells another option's value ("" when it is empty), or None when it is not settled yet: then what is right
    with any value of that one will do."""
    shapes = takes.get(name, ())
    if not value or not shapes:
        return ""
    for shape in shapes:
        settled = _value(takes, shape.option, given) if shape.option else ""
        if settled is None:
            return "" if any(_fits(one, value) for one in shapes) else _told(shapes[-1], value, "")
        if not shape.option or settled in shape.words:
            return "" if _fits(shape, value) else _told(shape, value, _because(takes, shapes, given))
    return ""


def problems(takes: Mapping[str, Takes], values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each option with a value it does not take, and `problem`'s words."""
    for name in takes:
        told = problem(takes, name, values.get(name, ""), lambda other: values.get(other, ""))
        if told:
            yield name, told


def _value(takes: Mapping[str, Takes], name: str, given: Callable[[str], str | None]) -> str | None:
    """An option's value, or what the step takes when it is empty."""
    value = given(name)
    if value != "":
        return value
    for shape in takes[name]:
        settled = _value(takes, shape.option, given) if shape.option else ""
        if settled is None:
            return None
        if not shape.option or settled in shape.words:
            return shape.choices[0] if shape.choices else ""
    return ""


def _because(takes: Mapping[str, Takes], shapes: Takes, given: Callable[[str], str | None]) -> str:
    """The options that decide which shape counts, with their values."""
    options = dict.fromkeys(shape.option for shape in shapes if shape.option)
    return " and ".join(f"{option} {quoted(_value(takes, option, given) or '')}" for option in options)


def _told(shape: Shape, value: str, because: str) -> str:
    return f"takes {shape.what}{because and f' with {because}'}, not {quoted(value)}"
