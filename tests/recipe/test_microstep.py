"""Commands as YAML and back: what edit-and-retry opens in an editor."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipe.trees import current, microstep, resolved
from wizard.recipe.errors import RecipeErrors
from wizard.recipe.microstep import commands_as_yaml, parse_commands
from wizard.recipe.model import Command, Place, ResolvedRecipe

RECIPE = ResolvedRecipe("r", "/r.yaml", "current", True, "", {"dollar": "$", "suite": "bookworm"}, "", "", "", ())


def test_scripts_are_shown_as_blocks(tmp_path: Path) -> None:
    text = (
        "- exec_in: apt-get update\n"
        "- exec_in: |\n    if true; then\n        echo 'a: b'\n    fi\n"
        "- write_file:\n    - /etc/x\n    - |\n      a $$v\n        b\n"
        "- exec_local: 'no # comment: here'\n"
    )
    found = microstep(resolved(tmp_path, current(text, v="1")), "micro").commands
    assert commands_as_yaml(found) == text.replace("$$v", "1").replace(
        "'no # comment: here'", "|-\n    no # comment: here"
    )


def test_variables_are_filled_in_and_lines_are_those_of_the_text() -> None:
    commands = parse_commands("- exec_in: |\n    one\n    $$suite\n", recipe=RECIPE, file="edited/m.yaml")
    assert commands[0].argument == "one\nbookworm\n"
    assert str(commands[0].text_place) == "edited/m.yaml:2:5"
    assert commands[0].line_of(2) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "e:1:1: is empty: nothing in it but white space and comments"),
        ("exec_in: x", "e:1:1: expected a list of commands, found a mapping"),
        ("- exec_out: $$suit\n- exce_in: y\n", "e:1:13: unknown variable $$suit; did you mean suite?\ne:2:3: unknown"),
        ("- on_clean: [exec_in: x]", "e:1:3: on_clean cannot stand here"),
        ("- ]", "e:1:3: YAML: "),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    with pytest.raises(RecipeErrors) as caught:
        parse_commands(text, recipe=RECIPE, file="e")
    assert caught.value.message.startswith(message)


_TEXT = st.text(st.sampled_from("ab $\\{}'\"\n\t#:-|>@`%&*!?[],~é\x85\u2028\ufeff"), max_size=15)
_PLACE = Place("r.yaml", 1)
_COMMANDS = st.lists(
    st.one_of(
        _TEXT.map(lambda text: Command("exec_in", text, _PLACE, "in", text)),
        _TEXT.map(lambda text: Command("write_file", ("etc/x", text), _PLACE, "local", "")),
    ),
    max_size=3,
)


@settings(max_examples=500, deadline=None)
@given(_COMMANDS)
def test_what_is_shown_is_read_back_as_it_was(commands: list[Command]) -> None:
    text = commands_as_yaml(commands)
    found = parse_commands(text, recipe=RECIPE, file="e")
    assert [(c.name, c.argument) for c in found] == [(c.name, c.argument) for c in commands]
    assert commands_as_yaml(found) == text
