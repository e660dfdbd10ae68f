"""Mistakes: all at once, each with its place, with the nearest right name; files that are no recipes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.recipe.trees import classic, current, mistakes, resolved, write
from wizard.recipe.errors import RecipeErrors
from wizard.recipe.resolve import resolve


def test_five_mistakes_in_three_files_are_five_lines(tmp_path: Path) -> None:
    files = {
        "recipes/r.yaml": (
            "global:\n  distrib: debian\n  suite: $$distrb\nstepps: []\nsteps:\n  - one\n  - tow\n  - three\n"
        ),
        "steps/debian/one.yaml": "one:\n  - m:\n      - exec_chrot: ls\n",
        "steps/common/two.yaml": "two:\n  - m:\n      - exec_chroot: ls\n",
        "steps/default/three.yaml": "three:\n  - m:\n      - write_file: /etc/hosts\n",
    }
    assert mistakes(tmp_path, files) == [
        "recipes/r.yaml:3:10: unknown variable $$distrb; did you mean distrib?",
        "recipes/r.yaml:4:1: unknown key stepps in a recipe; did you mean steps?",
        "recipes/r.yaml:7:5: no step file for the macrostep tow; did you mean two?",
        "steps/debian/one.yaml:3:9: unknown command exec_chrot; did you mean exec_chroot?",
        "steps/default/three.yaml:3:21: write_file wants a list of 2 texts: file, content, found the text /etc/hosts",
    ]


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        ("- exec_in: [a]", "exec_in wants a text (script), found a list of 1"),
        ("- exec_in: {a: b}", "exec_in wants a text (script), found a mapping"),
        ("- exec_in:", "exec_in wants a text (script), found nothing"),
        ("- exec_in", "exec_in wants a text (script), found nothing"),
        ("- write_file: [a]", "write_file wants a list of 2 texts: file, content, found a list of 1"),
        ("- append_file: [a, b, c]", "append_file wants a list of 2 texts: file, content, found a list of 3"),
        (
            "- write_file: [a, [b]]",
            "write_file wants a list of 2 texts: file, content, found a list with",
        ),
        ("- write_file: [/, b]", "write_file: / names no file"),
        ("- write_file: [etc/, b]", "write_file: etc/ names no file"),
        ("- write_file: ['', b]", "write_file: '' names no file"),
        ("- set_var: [1x, b]", "set_var: 1x is no name of a shell variable"),
        ("- set_var: ['a b', c]", "set_var: a b is no name of a shell variable"),
        ("- check_cmd: a b", "check_cmd: a b is no name of a command"),
        ("- check_cmd: -v", "check_cmd: -v is no name of a command"),
        ("- exec_in: a\n  exec_out: b", "one command wanted, found exec_in, exec_out; each command wants a dash"),
        ("- [exec_in: a]", "expected a command and its argument, found a list"),
        ("- on_clean: x", "on_clean wants a list of commands, found the text x"),
        ("- on_clean: [on_clean: [exec_in: x]]", "on_clean cannot stand here"),
        ("- xyzzy: x", "unknown command xyzzy"),
        ("- 'ex\\nec_in': x", "unknown command ex\\nec_in; did you mean exec_in?"),
    ],
)
@pytest.mark.parametrize("make", [classic, current])
def test_commands(tmp_path: Path, make: object, commands: str, message: str) -> None:
    (line,) = mistakes(tmp_path, make(commands))  # type: ignore[operator]
    assert line.split(": ", 1)[1].startswith(message)


@pytest.mark.parametrize(
    ("recipe", "lines"),
    [
        ("- a\n", ["r.yaml:1:1: a recipe is a mapping with global: and its steps, found a list; a step file is"]),
        ("text\n", ["r.yaml:1:1: a recipe is a mapping with global: and its steps, found the text text"]),
        ("global: {a: b}\n", ["r.yaml:1:1: this recipe has no steps; give it steps:, or bootstrap:, setup:, export:"]),
        ("setup: []\n", ["r.yaml:1:1: nothing to do: no macrostep in any section"]),
        ("setup: a\n", ["r.yaml:1:8: setup: wants a list of macrosteps, found the text a"]),
        ("setup: [[a]]\n", ["r.yaml:1:9: expected a macrostep's name, found a list"]),
        (
            "setup: [{a: [], b: []}]\n",
            ["r.yaml:1:9: expected a macrostep's name, found a mapping; each macrostep wants a dash of its own"],
        ),
        ("setup: [{a: b}]\n", ["r.yaml:1:13: a: wants a list of microsteps and variables, found the text b"]),
        ("global: [a]\nsetup: []\n", ["r.yaml:1:9: global: wants a mapping of names to values, found a list"]),
        (
            "extend: a\nglobal: {distrib: d}\nsteps: []\n",
            ["r.yaml:1:1: extend: does not go with steps: (classic dialect); write bootstrap:, setup:, export:"],
        ),
        ("setup: [s]\nsetup: [s]\n", ["r.yaml:2:1: setup is here twice: first in line 1"]),
        ("? [a]\n: b\nsetup: []\n", ["r.yaml:1:3: a key must be a text, found a list"]),
        ("setup: [$$nowhere]\n", ["r.yaml:1:9: unknown variable $$nowhere; set it in global:"]),
        ("setup: [s: [zzz]]\n", ["r.yaml:1:13: the macrostep s has no microstep zzz"]),
        ("setup: [s: [micr]]\n", ["r.yaml:1:13: the macrostep s has no microstep micr; did you mean micro?"]),
        ("setup: [s: [v: {a: b}]]\n", ["r.yaml:1:16: the value of v must be a text, found a mapping"]),
        ("setup: [t]\n", ["steps/setup/t.yaml:1:1: a step file is a list of microsteps, found the text x"]),
        ("setup: [u]\n", ["steps/setup/u.yaml:1:1: unknown key uu: this file is the macrostep u"]),
        (
            "setup: [w]\n",
            [
                "steps/setup/w.yaml:1:3: expected a microstep's name and its commands, found the text x",
                "steps/setup/w.yaml:2:6: the microstep y wants a list of commands; begin each with a dash",
                "steps/setup/w.yaml:3:3: a/b is no name of a microstep; one line without / makes one",
                "steps/setup/w.yaml:4:3: z.z is no name of a variable, and its value no list of commands",
            ],
        ),
        ("aliases: {a: b}\nsetup: [s]\n", ["r.yaml:1:14: the alias a wants a list of commands, found the text b"]),
        ("aliases: gone\nsetup: [s]\n", ["r.yaml:1:10: no aliases/gone in a steps directory of this recipe"]),
        ("setup: [s]\nsetpu: [s]\n", ["r.yaml:2:1: unknown key setpu in a recipe; did you mean setup?"]),
    ],
)
def test_recipes_and_step_files(tmp_path: Path, recipe: str, lines: list[str]) -> None:
    files = {
        "r.yaml": recipe,
        "steps/setup/s.yaml": "- micro: [exec_in: x]\n",
        "steps/setup/t.yaml": "x\n",
        "steps/setup/u.yaml": "uu: []\n",
        "steps/setup/w.yaml": "- x\n- y: {exec_in: a}\n- a/b: [exec_in: x]\n- z.z: x\n",
    }
    found = mistakes(tmp_path, files)
    assert len(found) == len(lines)
    for line, expected in zip(found, lines, strict=True):
        assert line.startswith(expected)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b: c\n", "r.yaml:1:5: YAML: mapping values are not allowed"),
        ("a:\n\t- b\n", "r.yaml:2:1: YAML: found character"),
        ("a: [b\n", "r.yaml:2:1: YAML: "),
        ("a: 'b\n", "r.yaml:2:1: YAML: found unexpected end of stream while scanning a quoted scalar"),
        ("a: *b\n", "r.yaml:1:4: *b is not defined above"),
        ("a: &b [*b]\n", "r.yaml:1:8: *b stands in what it stands for"),
        (
            "a: !!python/object:os.system x\n",
            "r.yaml:1:4: the tag tag:yaml.org,2002:python/object:os.system is",
        ),
        ("--- a\n--- b\n", "r.yaml:2:1: a second document begins here: one file holds one"),
        ("", "r.yaml:1:1: is empty: nothing in it but white space and comments"),
        ("# nothing\n\n", "r.yaml:1:1: is empty: nothing in it but white space and comments"),
        ('a: "\\0"\n', "r.yaml:1:4: a text cannot hold a NUL character"),
        ("a: x\x07y\n", "r.yaml:1:5: a character YAML does not allow: U+0007"),
        ("a: " + "[" * 60 + "]" * 60, "r.yaml:1:54: nested deeper than 50 levels"),
        ("a: " + "[" * 100_000, "r.yaml:1:"),
    ],
)
def test_yaml(tmp_path: Path, text: str, line: str) -> None:
    assert any(found.startswith(line) for found in mistakes(tmp_path, {"r.yaml": text}))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a:\n\t- b\n", "indent with spaces, not with tabs"),
        ("a: b: c\n", 'a text with ": " in it wants quotes or a block (|), a list in a mapping its own lines'),
        ("a:\n  - b\n c: d\n", "look at the indentation of this line and of the lines above"),
    ],
)
def test_what_to_do_about_yaml(tmp_path: Path, text: str, hint: str) -> None:
    (line,) = mistakes(tmp_path, {"r.yaml": text})
    assert line.endswith(f"; {hint}")


def test_aliases_that_explode(tmp_path: Path) -> None:
    text = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    began = time.monotonic()
    (line,) = mistakes(tmp_path, {"r.yaml": text})
    assert line.endswith("holds more than 200000 values when its aliases are followed")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x7fELF\0\0\0", "1:1: is a binary file, not YAML"),
        ("a: é\nb: ".encode() + b"\xe9\n", "2:4: is not UTF-8 text (byte 0xe9)"),
        (b"\xef\xbb\xbfa\xe9\n", "1:2: is not UTF-8 text (byte 0xe9)"),
        (b"\xef\xbb\xbf\n\n\xef\xbb", "3:1: is not UTF-8 text (byte 0xef)"),
        ("a: b\n".encode("utf-16"), "1:1: is a binary file, not YAML"),
        (b"a: b\n" * (1 << 20), "1:1: is larger than 4 MB: not a recipe"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(data)
    with pytest.raises(RecipeErrors) as caught:
        resolve(path, cwd=str(tmp_path))
    assert caught.value.message == f"r.yaml:{message}"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    files = current("- exec_in: x")
    assert resolved(tmp_path, {"r.yaml": "\ufeff" + files["r.yaml"]}).name == "r"


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def message(path: Path) -> str:
        with pytest.raises(RecipeErrors) as caught:
            resolve(path, cwd=str(tmp_path))
        return caught.value.message

    assert message(tmp_path / "gone.yaml") == "gone.yaml:1:1: cannot be read: no such file or directory"
    assert message(tmp_path) == ".:1:1: is a directory, not a file"
    os.mkfifo(tmp_path / "fifo")
    assert message(tmp_path / "fifo") == "fifo:1:1: is not a regular file"
    assert message(Path("/dev/zero")) == "/dev/zero:1:1: is not a regular file"
    (tmp_path / "loop").symlink_to("loop")
    assert message(tmp_path / "loop") == "loop:1:1: cannot be read: too many levels of symbolic links"
    assert "cannot be read: file name too long" in message(tmp_path / ("x" * 300))
    # root may read everything: the refusal itself is played
    write(tmp_path, {"secret.yaml": ""})
    monkeypatch.setattr("builtins.open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    assert message(tmp_path / "secret.yaml") == "secret.yaml:1:1: cannot be read: permission denied"


def test_a_step_file_that_is_no_text_is_told_with_its_name(tmp_path: Path) -> None:
    write(tmp_path, {"steps/setup/s.yaml": ""})
    (tmp_path / "steps/setup/s.yaml").write_bytes(b"\xff")
    assert mistakes(tmp_path, {"r.yaml": "setup: [s, t]\n"}) == [
        "r.yaml:1:12: no step file for the macrostep t",
        "steps/setup/s.yaml:1:1: is not UTF-8 text (byte 0xff)",
    ]


def test_a_mistake_in_a_file_used_twice_is_told_once(tmp_path: Path) -> None:
    files = {"r.yaml": "setup: [s, s]\n", "steps/setup/s.yaml": "- m: [exec_inn: x]\n"}
    assert mistakes(tmp_path, files) == ["steps/setup/s.yaml:1:7: unknown command exec_inn; did you mean exec_in?"]


def test_a_strange_file_name_does_not_break_the_line(tmp_path: Path) -> None:
    name = "a\nb\x1b[31m\udcff.yaml"
    (line,) = mistakes(tmp_path, {name: "x"})
    assert line.startswith("a\\nb\\x1b[31m\\udcff.yaml:1:1: a recipe is a mapping")


def test_a_step_file_given_as_a_recipe(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, {"s.yaml": "- m: [exec_in: x]\n"})
    assert line.endswith("found a list; a step file is checked by checking a recipe that uses it")


def test_a_long_or_strange_name_does_not_break_the_line(tmp_path: Path) -> None:
    lines = mistakes(tmp_path, {"r.yaml": f'"{"x" * 500}": 1\n"a\\nb\\e[31m": 2\nsetup: []\n'})
    assert len(lines) == 2
    assert all(len(line) < 200 and line.isprintable() for line in lines)
