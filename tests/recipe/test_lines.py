"""Which line of the file a line of a command is: for each shape YAML knows, in both dialects."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from tests.recipe.trees import classic, command, current, resolved
from wizard.engine.failure import describe


class Make(Protocol):
    def __call__(self, commands: str, **global_: str) -> dict[str, str]: ...


both = pytest.mark.parametrize("make", [classic, current])


def lines(tmp_path: Path, files: dict[str, str], count: int) -> list[str]:
    """For each line of the one command's text the line of the file it is said to stand on, stripped."""
    found = command(resolved(tmp_path, files), "micro")
    assert found.text_place is not None
    assert found.text.rstrip("\n").count("\n") == count - 1
    text = (tmp_path / found.text_place.file).read_text().split("\n")
    assert found.line_of(0) == found.line_of(1) == found.text_place.line
    return [text[found.line_of(number) - 1].strip() for number in range(1, count + 1)]


@both
def test_literal_block(tmp_path: Path, make: Make) -> None:
    assert lines(tmp_path, make("- exec_local: |\n    one\n\n      two\n    three\n"), 4) == ["one", "", "two", "three"]


@both
@pytest.mark.parametrize("header", ["|-", "|+", "|2", "| # why", "!!str |"])
def test_literal_block_with_a_header(tmp_path: Path, make: Make, header: str) -> None:
    assert lines(tmp_path, make(f"- exec_local: {header}\n    one\n    two\n"), 2) == ["one", "two"]


@both
def test_literal_block_that_begins_with_empty_lines(tmp_path: Path, make: Make) -> None:
    files = make("- exec_local: |\n\n\n    one\n    two\n")
    assert lines(tmp_path, files, 4) == ["", "", "one", "two"]


@both
def test_folded_block(tmp_path: Path, make: Make) -> None:
    files = make("- exec_local: >\n    one\n    and one\n\n    two\n      as it is\n    three\n    and three\n")
    assert lines(tmp_path, files, 4) == ["one", "two", "as it is", "three"]


@both
def test_plain(tmp_path: Path, make: Make) -> None:
    assert lines(tmp_path, make("- exec_local: one and one\n"), 1) == ["- exec_local: one and one"]
    assert lines(tmp_path, make("- exec_local: one\n    and one\n\n    two\n"), 2) == ["- exec_local: one", "two"]


@both
@pytest.mark.parametrize("quote", ["'", '"'])
def test_quoted(tmp_path: Path, make: Make, quote: str) -> None:
    files = make(f"- exec_local: {quote}one\n    and one\n\n    two{quote}\n")
    assert lines(tmp_path, files, 2) == [f"- exec_local: {quote}one", f"two{quote}"]


@both
def test_line_breaks_as_escapes_stay_on_their_line(tmp_path: Path, make: Make) -> None:
    files = make('- exec_local: "one\\ntwo\\nthree"\n')
    assert lines(tmp_path, files, 3) == ['- exec_local: "one\\ntwo\\nthree"'] * 3


@both
def test_a_value_of_several_lines_counts_as_the_line_it_is_named_on(tmp_path: Path, make: Make) -> None:
    files = make("- exec_local: |\n    one\n    two $$v two\n    three\n", v='"a\\nb\\nc"')
    assert lines(tmp_path, files, 5) == ["one", "two $$v two", "two $$v two", "two $$v two", "three"]
    files = make("- exec_local: |\n    $$v\n    $$v\n", v='"a\\nb"')
    found = command(resolved(tmp_path, files), "micro")
    first = found.line_of(1)
    assert [found.line_of(number) - first for number in range(1, 5)] == [0, 0, 1, 1]


@both
def test_the_text_s_place_is_its_first_character(tmp_path: Path, make: Make) -> None:
    for body in (
        "- exec_local: |\n    one\n",
        "- exec_local: >\n    one\n",
        "- exec_local: one\n",
        "- exec_local: 'one'",
    ):
        found = command(resolved(tmp_path, make(body)), "micro")
        assert found.text_place is not None
        text = (tmp_path / found.text_place.file).read_text().split("\n")[found.text_place.line - 1]
        assert text[found.text_place.column - 1 :].lstrip("'").startswith("one")


def test_texts_that_are_made_have_no_place(tmp_path: Path) -> None:
    found = command(resolved(tmp_path, current("- write_file:\n    - /x\n    - |\n      a\n")), "micro")
    assert found.text_place is None
    assert found.line_of(2) == found.place.line == 6


def test_dos_line_ends(tmp_path: Path) -> None:
    files = {name: text.replace("\n", "\r\n") for name, text in classic("- exec_local: |\n    one\n    two\n").items()}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    from wizard.recipe.resolve import resolve

    found = command(resolve(tmp_path / "r.yaml", cwd=str(tmp_path)), "micro")
    assert found.text == "one\ntwo\n"
    assert (found.line_of(1), found.line_of(2)) == (4, 5)


@both
@pytest.mark.parametrize(("header", "failing"), [("|", 3), (">", 2)])
def test_a_failure_is_told_with_the_line_of_the_file(tmp_path: Path, make: Make, header: str, failing: int) -> None:
    recipe = resolved(tmp_path, make(f"- exec_local: {header}\n    one\n\n    two\n"))
    fields = ["failed", "0", "1", "1", str(failing), "local", "", "two"]
    told = describe(recipe, 0, fields, output=[])
    assert (tmp_path / told["file"]).read_text().split("\n")[told["line"] - 1].strip() == "two"
