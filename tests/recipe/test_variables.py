"""`$$name` and `$${name}`: names, recursion, what is told when it goes wrong, and values from outside."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipe.trees import classic, command, current, mistakes, resolved
from wizard.recipe.errors import Problems
from wizard.recipe.model import Place
from wizard.recipe.nodes import Source, TextNode
from wizard.recipe.variables import Expanded, Variables, literal


def expand(text: str, **values: str) -> str:
    problems = Problems()
    node = TextNode(text, Place("x", 1), Source(Path("x"), "x", text.split("\n")))
    found = Variables([{name: Expanded(value) for name, value in values.items()}], problems).expand(node).text
    problems.raise_any()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$$arch-live", "amd64-live"),  # arch-live is not defined
        ("$$arch-dead", "no"),  # arch-dead is
        ("$${arch}-dead", "amd64-dead"),
        ("$$arch_", "amd64_"),
        ("$$arch$$arch", "amd64amd64"),
        ("$$$$arch", "$$amd64"),
        ("$$$arch", "$amd64"),
        ("kill $$; echo $$.log $$", "kill $$; echo $$.log $$"),
        ("$${arch", "$${arch"),
        ("$$0", "zero"),
    ],
)
def test_names(text: str, expected: str) -> None:
    assert expand(text, arch="amd64", **{"arch-dead": "no", "0": "zero"}) == expected


def test_a_braced_name_is_exact(tmp_path: Path) -> None:
    assert mistakes(tmp_path, current("- exec_in: $${arch-live}", arch="amd64")) == [
        "r.yaml:7:20: unknown variable $$arch-live; did you mean arch?"
    ]


def test_values_hold_variables(tmp_path: Path) -> None:
    files = current("- exec_in: $$a", a="1$${b}1", b="2$$c", c="'3'")
    recipe = resolved(tmp_path, files)
    assert command(recipe, "micro").text == "1231"
    assert recipe.globals["a"] == "1231"


@pytest.mark.parametrize("make", [classic, current])
def test_an_unknown_variable_is_told_where_it_stands(tmp_path: Path, make: object) -> None:
    files = make("- exec_in: |\n    one\n    two $$hostnam three\n", hostname="h")  # type: ignore[operator]
    (line,) = mistakes(tmp_path, files)
    name, row, column, message = line.split(":", 3)
    text = (tmp_path / name).read_text().split("\n")[int(row) - 1]
    assert text[int(column) - 1 :].startswith("$$hostnam")
    assert message == " unknown variable $$hostnam; did you mean hostname?"


def test_an_unknown_variable_in_a_global_is_told_once(tmp_path: Path) -> None:
    assert mistakes(tmp_path, current("- exec_in: $$a $$a\n- exec_in: $$a", a="$$nothing")) == [
        "r.yaml:3:6: unknown variable $$nothing; set it in global: (the shell's process number is written ${$})"
    ]


def test_a_circle_is_an_error(tmp_path: Path) -> None:
    assert mistakes(tmp_path, current("- exec_in: x", a="$$b", b="$$c", c="$$a")) == [
        "r.yaml:5:6: variables go round in a circle: a → b → c → a"
    ]
    assert mistakes(tmp_path, current("- exec_in: x", a="x$$a")) == ["r.yaml:3:7: a is defined by itself"]


def test_growth_and_length_are_bounded(tmp_path: Path) -> None:
    doubling = {f"v{n}": f"$$v{n + 1}x$$v{n + 1}" for n in range(60)} | {"v60": "0123456789"}
    lines = mistakes(tmp_path, current("- exec_in: x", **doubling))
    assert any("grows beyond 4 MB" in line for line in lines)
    chain = {f"v{n}": f"$$v{n + 1}" for n in range(5000)} | {"v5000": "end"}
    assert any("over more than 100 others" in line for line in mistakes(tmp_path, current("- exec_in: x", **chain)))


def test_names_of_globals(tmp_path: Path) -> None:
    assert mistakes(tmp_path, current("- exec_in: x", **{"a.b": "1"})) == [
        "r.yaml:3:3: a.b is no name of a variable; letters, digits, _ and - make one"
    ]
    assert mistakes(tmp_path, current("- exec_in: x", **{"a-b": "1", "A_b": "2"})) == [
        "r.yaml:4:3: a-b and A_b are one environment variable: KAMELEON_A_B; rename one"
    ]
    assert mistakes(tmp_path, current("- exec_in: x", a="[1]")) == [
        "r.yaml:3:6: the value of a must be a text, found a list"
    ]


def test_globals_must_fit_into_the_environment(tmp_path: Path) -> None:
    assert mistakes(tmp_path, current("- exec_in: x", a="x" * 100_001))[0].startswith(
        "r.yaml:3:3: the value of a has 100001 bytes: an environment variable takes 100000"
    )
    many = {f"v{n}": "x" * 99_000 for n in range(11)}
    assert "the globals have" in mistakes(tmp_path, current("- exec_in: x", **many))[0]


HOSTILE = ["$(touch hit)", "`touch hit`", "'; touch hit; '", '"; touch hit; "', "a\ntouch hit", "x & touch hit", "$$a"]


class TestFromOutside:
    @pytest.mark.parametrize("value", HOSTILE)
    def test_values_are_literal(self, tmp_path: Path, value: str) -> None:
        files = current("- write_file: [/etc/x, '$$v']\n- set_var: [V, '$$v']\n- exec_in: echo \"$KAMELEON_V\"", a="x")
        recipe = resolved(tmp_path, files, globals_={"v": value})
        assert recipe.globals["v"] == value
        assert command(recipe, "micro").argument == ("/etc/x", value)
        text = command(recipe, "micro", 1).text
        shown = subprocess.run(
            ["bash", "-c", f'{text}; printf %s "$V"'], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert shown.stdout == value
        assert not (tmp_path / "hit").exists()

    @pytest.mark.parametrize("value", HOSTILE)
    def test_they_get_into_no_script(self, tmp_path: Path, value: str) -> None:
        line = (
            "r.yaml:7:20: $$v would put a value from outside, with characters that act in a shell, into a script; "
            'write "$KAMELEON_V", which is never run'
        )
        assert mistakes(tmp_path, current("- exec_in: echo $$v", a="x"), globals_={"v": value}) == [line]
        # nor through another global
        assert mistakes(tmp_path, current("- exec_in: echo $$w", w="'[$$v]'"), globals_={"v": value}) != []

    def test_harmless_ones_do(self, tmp_path: Path) -> None:
        recipe = resolved(tmp_path, current("- exec_in: apt install $$p"), globals_={"p": "vim less=1:2~3+x"})
        assert command(recipe, "micro").text == "apt install vim less=1:2~3+x"

    def test_a_hostile_directory(self, tmp_path: Path) -> None:
        place = tmp_path / "a $(touch hit) 'b'"
        recipe = resolved(place, current('- exec_in: cd "$KAMELEON_CWD"\n- write_file: [/x, $$cwd]'))
        assert recipe.globals["cwd"] == recipe.globals["recipe_dir"] == str(place)
        assert command(recipe, "micro", 1).argument == ("/x", str(place))
        assert 'write "$KAMELEON_CWD"' in mistakes(place, current("- exec_in: cd $$cwd"))[0]

    def test_paths_with_spaces_get_into_no_script(self, tmp_path: Path) -> None:
        lines = mistakes(tmp_path, current("- exec_in: rm -rf $$chroot", workdir_base="/my work"))
        assert lines[0].startswith("r.yaml:7:20: $$chroot would put a value from outside")

    def test_a_hostile_file_name(self, tmp_path: Path) -> None:
        name = "$(touch hit) 'x'\n.yaml"
        recipe = resolved(tmp_path, {name: current("- exec_in: echo $$recipe $$workdir")["r.yaml"]}, run="7")
        assert recipe.name == "__touch_hit___x__"
        assert command(recipe, "micro").text == f"echo {recipe.name} /var/tmp/kameleon-tui/{recipe.name}-7"

    def test_names_that_are_not_theirs(self, tmp_path: Path) -> None:
        assert mistakes(tmp_path, current("- exec_in: x"), globals_={"chroot": "/", "a b": "", "c": "\0"}) == [
            "chroot is set by kameleon-tui itself; set workdir_base",
            "a b is no name of a variable; letters, digits, _ and - make one",
            "the value of c holds a NUL character",
        ]


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("$ab{}-_ \\'\""), max_size=20))
def test_literal_expands_to_its_text(text: str) -> None:
    assert expand(literal(text), a="A", b="B", dollar="$") == text
