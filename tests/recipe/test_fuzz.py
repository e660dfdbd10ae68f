"""Whatever bytes a recipe or step file holds: it resolves, or RecipeErrors says why in whole lines."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.recipe.errors import RecipeErrors
from wizard.recipe.find import all_recipes
from wizard.recipe.microstep import parse_commands
from wizard.recipe.model import ResolvedRecipe
from wizard.recipe.resolve import resolve
from wizard.recipe.show import outline, to_json

FILES = {
    "current.yaml": (
        "# DESCRIPTION: a recipe\n#\nextend: base\naliases: a.yaml\nglobal:\n  <<: &g {x: '1'}\n  include: more\n"
        "  include_steps: [$$x]\n  strict: true\n  in_context: {cmd: bash}\n  y: $${x} $$z\nbootstrap:\n  - '@base'\n"
        "setup:\n  - s: [v: $$y, m, n]\n  - e:\n      - q:\n          - on_clean: [exec_in: x]\n          - w: [a, b]\n"
        "          - exec_local: >\n              folded $$y\n\n              text\nexport: *none\n"
    ).replace("export: *none\n", ""),
    "base.yaml": "global: {z: $$x}\nbootstrap: [s]\n",
    "more.yaml": "m: n\n",
    "steps/setup/s.yaml": (
        "- v: default\n- m:\n    - exec_in: |\n        one $$v\n        two\n- n:\n    - set_var: [A, $$v]\n"
    ),
    "steps/s.yaml": "- m: [exec_local: x]\n",
    "steps/aliases/a.yaml": "w:\n  - write_file: ['@1', '@2']\n",
    "classic.yaml": "global: {distrib: d, workdir_base: /tmp}\nsteps:\n  - a\n  - b: [m]\n",
    "steps/d/a.yaml": "a:\n  - include: /x/steps/common/i.yaml\n  - m:\n      - check_cmd: tar\n",
    "steps/common/b.yaml": "- m:\n    - append_file: [/etc/x, $$distrib]\n    - exec_chroot: 'x'\n",
    "steps/common/i.yaml": "- i: [exec_current: pwd]\n",
}
SNIPPETS = [
    "$$", "$${", "$$x", "$${kameleon_data_dir}", "- ", ": ", "\n", "  ", "\t", "'", '"', "|", ">", "&a ", "*a", "<<: ",
    "[", "]", "{", "}", "#", "@base", "@1", "!!str ", "? ", "---\n", "...\n", "%", "\0", "\u2028", "\ufeff", "é",
    "exec_in: ", "on_clean: ", "include: ", "extend: ", "global:\n", "steps:\n", "setup:\n", "../", "/", "~", "x" * 300,
]  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """A few insertions, deletions and repetitions at places that are fractions of the file's length."""
    place = st.floats(0, 1)
    what = st.one_of(st.sampled_from(SNIPPETS).map(str.encode), st.binary(max_size=8))
    edits = draw(st.lists(st.tuples(place, st.integers(0, 30), what), min_size=1, max_size=6))

    def apply(data: bytes) -> bytes:
        for where, length, new in edits:
            start = int(where * len(data))
            data = data[:start] + new + data[start + length :]
        return data

    return apply


def told(errors: RecipeErrors) -> None:
    """The message is whole lines, the places are places."""
    lines = errors.message.split("\n")
    assert len(lines) == len(errors.errors) > 0
    assert all(line and line.isprintable() for line in lines)
    assert all(error.place is None or error.place.line > 0 < error.place.column for error in errors.errors)


def look(path: Path, cwd: Path) -> None:
    """Resolves, or not; either way what comes out can be shown."""
    try:
        recipe = resolve(path, cwd=str(cwd))
    except RecipeErrors as errors:
        told(errors)
        return
    to_json(recipe)
    outline(recipe, commands=True)
    for _, micro in recipe.steps():
        for command in micro.commands:
            assert [command.line_of(number) > 0 for number in range(command.text.count("\n") + 2)]


@pytest.mark.parametrize("recipe", ["current.yaml", "classic.yaml"])
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FILES)), mutations())
def test_mutated_files(recipe: str, name: str, mutate: Callable[[bytes], bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        for file, text in FILES.items():
            path = Path(directory) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(mutate(text.encode()) if file == name else text.encode())
        look(Path(directory) / recipe, Path(directory))


def test_the_files_are_recipes_before_they_are_mutated(tmp_path: Path) -> None:
    for file, text in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    assert len(resolve(tmp_path / "current.yaml", cwd=str(tmp_path)).steps()) == 5
    assert len(resolve(tmp_path / "classic.yaml", cwd=str(tmp_path)).steps()) == 3


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(st.sampled_from("a:-[]{}#&*!|>'\"%@` \n\t$\\?,~0"), max_size=60)))
def test_any_bytes(data: bytes | str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "x.yaml"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        look(path, Path(directory))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=5)), max_size=12).map("".join))
def test_edited_microsteps(text: str) -> None:
    recipe = ResolvedRecipe("r", "r", "current", True, "", {"x": "1"}, "", "", "", ())
    try:
        parse_commands(text, recipe=recipe, file="edited")
    except RecipeErrors as errors:
        told(errors)


def test_a_directory_of_rubbish_is_listed_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes/rubbish.yaml").write_bytes(b"\xff\0")
    (tmp_path / "recipes/list.yaml").write_text("- a\n")
    (tmp_path / "recipes/directory.yaml").mkdir()
    (tmp_path / "recipes/good.yaml").write_text("# DESCRIPTION: good\nsetup: [a]\n")
    monkeypatch.chdir(tmp_path)
    found = {recipe.name: recipe for recipe in all_recipes()}
    assert found["good"].description == "good"
    assert not {"rubbish", "list", "directory"} & set(found)
