"""The current dialect: sections, extend, @base, arguments, aliases, on_clean, contexts, where step files are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipe.trees import command, current, microstep, mistakes, outline, resolved, write
from wizard.recipe.errors import RecipeErrors
from wizard.recipe.resolve import resolve


def step(*names: str, text: str = "x") -> str:
    return "".join(f"- {name}:\n    - exec_local: {text}\n" for name in names)


def test_sections_run_in_their_order_whatever_the_file_says(tmp_path: Path) -> None:
    files = {"r.yaml": "export: [e]\nsetup: [s]\nbootstrap: [b]\n"}
    files |= {f"steps/{section}/{section[0]}.yaml": step("m") for section in ("bootstrap", "setup", "export")}
    assert outline(resolved(tmp_path, files)) == ["bootstrap/b/m", "setup/s/m", "export/e/m"]


class TestExtend:
    FILES = {
        "child.yaml": "extend: base\nglobal: {a: child}\nsetup: [before, '@base', after]\n",
        "base.yaml": "global: {a: base, b: base}\nbootstrap: [dropped]\nsetup: [one, two]\n",
        "steps/setup/before.yaml": step("m", text="$$a-$$b"),
    } | {f"steps/setup/{name}.yaml": step("m") for name in ("one", "two", "after")}

    def test_base_is_spliced_and_a_section_left_out_is_dropped(self, tmp_path: Path) -> None:
        recipe = resolved(tmp_path, self.FILES)
        assert outline(recipe) == ["setup/before/m", "setup/one/m", "setup/two/m", "setup/after/m"]
        assert recipe.files[0].endswith("/child.yaml")
        assert recipe.files[1].endswith("/base.yaml")

    def test_the_childs_globals_win(self, tmp_path: Path) -> None:
        assert command(resolved(tmp_path, self.FILES), "m").text == "child-base"

    def test_a_value_naming_itself_takes_the_parents(self, tmp_path: Path) -> None:
        files = {
            "c.yaml": "extend: b\nglobal: {p: '$${p} c'}\nsetup: ['@base']\n",
            "b.yaml": "extend: a\nglobal: {p: '$$p b'}\nsetup: ['@base']\n",
            "a.yaml": "global: {p: a}\nsetup: [{e: [m: [exec_in: $$p]]}]\n",
        }
        assert command(resolved(tmp_path, files), "m").text == "a b c"

    def test_a_variable_in_extend(self, tmp_path: Path) -> None:
        files = {"r.yaml": "extend: $${which}\nglobal: {which: a}\nsetup: ['@base']\n"}
        files |= {f"{name}.yaml": f"setup: [{{{name}: [m: [exec_in: x]]}}]\n" for name in "ab"}
        assert outline(resolved(tmp_path, files)) == ["setup/a/m"]
        assert outline(resolved(tmp_path, files, globals_={"which": "b"})) == ["setup/b/m"]

    def test_a_bare_name_is_looked_for_along_the_recipe_path(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, {"library/base.yaml": "setup: [a]\n", "library/steps/setup/a.yaml": step("m")})
        monkeypatch.setenv("KAMELEON_PATH", str(tmp_path / "library"))
        assert outline(resolved(tmp_path / "x", {"r.yaml": "extend: base\nsetup: ['@base']\n"})) == ["setup/a/m"]

    def test_a_recipe_may_have_the_name_of_the_one_it_extends(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, {"library/r.yaml": "setup: [a]\n", "library/steps/setup/a.yaml": step("m")})
        monkeypatch.setenv("KAMELEON_PATH", f"{tmp_path / 'x'}:{tmp_path / 'library'}")
        files = {"r.yaml": "extend: r\nsetup: ['@base']\n"}
        assert outline(resolved(tmp_path / "x", files)) == ["setup/a/m"]
        assert mistakes(tmp_path / "x", {"r.yaml": "extend: ./r\n"}) == [
            "r.yaml:1:9: recipes extend each other in a circle: r.yaml → r.yaml"
        ]
        (tmp_path / "library" / "r.yaml").unlink()
        assert mistakes(tmp_path / "x", files) == ["r.yaml:1:9: recipes extend each other in a circle: r.yaml → r.yaml"]

    def test_steps_of_the_child_hide_the_parents(self, tmp_path: Path) -> None:
        files = {
            "child/r.yaml": "extend: ../base/b\nsetup: ['@base']\n",
            "base/b.yaml": "setup: [a]\n",
            "base/steps/setup/a.yaml": step("m", text="base"),
        }
        assert command(resolved(tmp_path, files), "m").text == "base"
        files["child/steps/setup/a.yaml"] = step("m", text="child")
        assert command(resolved(tmp_path, files), "m").text == "child"

    def test_a_circle(self, tmp_path: Path) -> None:
        files = {name: f"extend: {other}\nsetup: []\n" for name, other in [("a.yaml", "b"), ("b.yaml", "a")]}
        assert mistakes(tmp_path, files) == [
            "b.yaml:1:9: recipes extend each other in a circle: a.yaml → b.yaml → a.yaml"
        ]

    def test_a_recipe_that_is_not_there_or_of_the_other_dialect(self, tmp_path: Path) -> None:
        files = {"r.yaml": "extend: debiam\nsetup: []\n", "debian.yaml": "steps: []\n"}
        assert mistakes(tmp_path, files) == ["r.yaml:1:9: no recipe debiam.yaml to extend; did you mean debian?"]
        files["r.yaml"] = "extend: debian\nsetup: []\n"
        assert "it is no recipe of the current dialect" in mistakes(tmp_path, files)[0]


class TestLookup:
    def test_from_the_recipe_up_to_where_it_was_started(self, tmp_path: Path) -> None:
        files = {"a/b/r.yaml": "setup: [s]\n"}
        places = ["a/b/steps/setup", "a/b/steps", "a/b/.steps/setup", "a/steps/setup", "steps"]
        write(tmp_path, files | {f"{place}/s.yaml": step("m", text=place) for place in places})
        for place in places:
            assert command(resolve(tmp_path / "a/b/r.yaml", cwd=str(tmp_path)), "m").text == place
            (tmp_path / place / "s.yaml").unlink()

    def test_a_recipe_elsewhere_has_only_its_own_directory(self, tmp_path: Path) -> None:
        path = write(tmp_path, {"a/b/r.yaml": "setup: [s]\n", "a/steps/s.yaml": step("m")})
        assert outline(resolve(path, cwd=str(tmp_path))) == ["setup/s/m"]
        with pytest.raises(RecipeErrors, match="no step file for the macrostep s"):
            resolve(path, cwd=str(tmp_path / "other"))

    def test_include_steps_come_first(self, tmp_path: Path) -> None:
        files = {
            "r.yaml": "global: {include_steps: [$$d/12, $$d], d: debian}\nsetup: [a, b, c]\n",
            "steps/setup/debian/12/a.yaml": step("a", text="12"),
            "steps/setup/debian/a.yaml": step("a", text="debian"),
            "steps/debian/b.yaml": step("b", text="debian"),
            "steps/setup/b.yaml": step("b", text="plain"),
            "steps/setup/c.yaml": step("c", text="plain"),
        }
        recipe = resolved(tmp_path, files)
        assert [command(recipe, name).text for name in "abc"] == ["12", "debian", "plain"]


class TestMacrostepCalls:
    FILE = "- v: default\n- w: w\n- a:\n    - exec_in: a $$v $$w\n- b:\n    - exec_in: b $$v\n"

    def recipe(self, tmp_path: Path, call: str, global_: str = "{}") -> list[str]:
        files = {"r.yaml": f"global: {global_}\nsetup:\n  - {call}\n", "steps/setup/s.yaml": self.FILE}
        return [command.text for _, micro in resolved(tmp_path, files).steps() for command in micro.commands]

    def test_defaults_globals_and_arguments(self, tmp_path: Path) -> None:
        assert self.recipe(tmp_path, "s") == ["a default w", "b default"]
        assert self.recipe(tmp_path, "s", "{v: global}") == ["a global w", "b global"]
        assert self.recipe(tmp_path, "s: [v: argument]", "{v: global}") == ["a argument w", "b argument"]
        assert self.recipe(tmp_path, "s: [v: '$$v+$$w']", "{v: global}") == ["a global+w w", "b global+w"]

    def test_microsteps_are_chosen_ordered_and_repeated(self, tmp_path: Path) -> None:
        assert self.recipe(tmp_path, "s: [b, a, b, v: '1']") == ["b 1", "a 1 w", "b 1"]

    def test_a_variable_in_the_name(self, tmp_path: Path) -> None:
        assert self.recipe(tmp_path, "$$which: [b]", "{which: s}") == ["b default"]

    def test_embedded(self, tmp_path: Path) -> None:
        files = {"r.yaml": "setup:\n  - here:\n      - v: '1'\n      - m:\n          - exec_in: $$v\n"}
        recipe = resolved(tmp_path, files)
        assert (outline(recipe), command(recipe, "m").text) == (["setup/here/m"], "1")
        assert str(recipe.macrosteps[0].place) == "r.yaml:2:5"

    def test_a_variable_without_a_default_is_empty(self, tmp_path: Path) -> None:
        files = {"r.yaml": "setup: [s]\n", "steps/setup/s.yaml": "- v:\n- m:\n    - exec_in: x$${v}y\n"}
        assert command(resolved(tmp_path, files), "m").text == "xy"


def test_output_types_replace_the_export_section(tmp_path: Path) -> None:
    files = {
        "r.yaml": "setup: [s]\nexport: [tar]\n",
        "steps/setup/s.yaml": step("m"),
        "steps/export/tar.yaml": step("t"),
        "steps/export/iso.yaml": step("i"),
        "steps/export/raw.yaml": step("r"),
    }
    assert outline(resolved(tmp_path, files)) == ["setup/s/m", "export/tar/t"]
    assert outline(resolved(tmp_path, files, types=["raw", "iso"])) == ["setup/s/m", "export/raw/r", "export/iso/i"]
    (line,) = mistakes(tmp_path, files, types=["rav"])
    assert line == "no output type rav: no steps/export has a file of that name; did you mean raw?"


def test_an_output_type_by_its_path(tmp_path: Path) -> None:
    files = {"r.yaml": "export: [export/tar]\n", "steps/export/tar.yaml": step("t")}
    assert outline(resolved(tmp_path, files)) == ["export/tar/t"]


def test_on_clean_runs_last_the_latest_first(tmp_path: Path) -> None:
    text = (
        "- a:\n    - exec_in: a\n    - on_clean:\n        - exec_in: undo a\n        - exec_local: and more\n"
        "- only:\n    - on_clean: [exec_in: undo only]\n"
        "- b:\n    - on_clean: [exec_in: undo b]\n    - exec_in: b\n"
    )
    recipe = resolved(tmp_path, {"r.yaml": "setup: [s]\n", "steps/setup/s.yaml": text})
    names = [(micro.name, micro.clean) for _, micro in recipe.steps()]
    assert names == [("a", False), ("b", False), ("_clean_2_b", True), ("_clean_1_only", True), ("_clean_0_a", True)]
    assert [command.text for command in microstep(recipe, "_clean_0_a").commands] == ["undo a", "and more"]


def test_contexts(tmp_path: Path) -> None:
    assert resolved(tmp_path, current("- exec_in: x")).contexts == {"local": "", "out": "", "in": ""}
    files = current("- exec_in: x", in_context="{cmd: 'ssh $$host', proxy_cache: x}", host="box")
    assert resolved(tmp_path, files).contexts == {"local": "", "out": "", "in": "ssh box"}
    files = current("- exec_in: x", out_context="{comd: ssh}")
    assert mistakes(tmp_path, files) == ["r.yaml:3:17: unknown key comd in out_context; did you mean cmd?"]


@pytest.mark.parametrize(("value", "strict"), [("true", True), ("yes", True), ("false", False), ("no", False)])
def test_strict(tmp_path: Path, value: str, strict: bool) -> None:
    assert resolved(tmp_path, current("- exec_in: x", strict=value)).strict is strict


def test_strict_is_false_when_not_said_and_true_in_the_classic_dialect(tmp_path: Path) -> None:
    assert not resolved(tmp_path, {"r.yaml": "setup: [{a: [m: [exec_in: x]]}]\n"}).strict
    assert mistakes(tmp_path, current("- exec_in: x", strict="maybe")) == [
        "r.yaml:2:3: strict is true or false, found maybe"
    ]


class TestAliases:
    ALIASES = (
        "write_in:\n  - exec_in: |\n      mkdir -p $(dirname @1)\n      cat >@1 <<END\n      @2\n      END\n"
        "twice:\n  - exec_in: '@1'\n  - once: ['@1!']\nonce:\n  - exec_local: '@1'\nnone:\n  - exec_in: nothing\n"
    )

    def recipe(self, commands: str) -> dict[str, str]:
        files = current(commands, v="value")
        return {"r.yaml": "aliases: defaults.yaml\n" + files["r.yaml"], "steps/aliases/defaults.yaml": self.ALIASES}

    def test_arguments_are_filled_in_and_variables_after_that(self, tmp_path: Path) -> None:
        recipe = resolved(
            tmp_path, self.recipe("- write_in:\n    - /etc/x\n    - |\n      $$v\n- twice: $$v\n- none\n")
        )
        found = [(command.name, command.text) for command in microstep(recipe, "micro").commands]
        assert found == [
            ("exec_in", "mkdir -p $(dirname /etc/x)\ncat >/etc/x <<END\nvalue\nEND\n"),
            ("exec_in", "value"),
            ("exec_local", "value!"),
            ("exec_in", "nothing"),
        ]

    def test_the_command_stands_at_its_call_and_its_text_in_the_alias(self, tmp_path: Path) -> None:
        recipe = resolved(tmp_path, self.recipe("- write_in:\n    - a\n    - |\n      1\n      2\n"))
        found = command(recipe, "micro")
        assert str(found.place) == "r.yaml:8:11"
        assert found.text_place is not None
        assert found.text_place.file == "steps/aliases/defaults.yaml"
        assert [found.line_of(line) for line in range(1, 6)] == [3, 4, 5, 5, 6]

    def test_wrong_count_and_circle(self, tmp_path: Path) -> None:
        assert mistakes(tmp_path, self.recipe("- write_in: a\n- none: a")) == [
            "r.yaml:8:21: the alias write_in takes 2 texts, found 1",
            "r.yaml:9:17: the alias none takes 0 texts, found 1",
        ]
        files = self.recipe("- a")
        files["steps/aliases/defaults.yaml"] = "a: [b]\nb: [a]\n"
        assert mistakes(tmp_path, files) == ["steps/aliases/defaults.yaml:2:5: aliases go round in a circle: a → b → a"]

    def test_a_near_alias_is_named(self, tmp_path: Path) -> None:
        assert mistakes(tmp_path, self.recipe("- writ_in: a")) == [
            "r.yaml:8:11: unknown command writ_in; did you mean write_in?"
        ]


def test_files_of_globals(tmp_path: Path) -> None:
    files = current("- exec_in: $$a $$b $$c", include="[more, '-missing', shared]", c="own")
    files |= {"more.yaml": "a: '1'\n", "steps/global/shared.yaml": "b: '2'\nc: shared\n"}
    assert command(resolved(tmp_path, files), "micro").text == "1 2 own"
    assert mistakes(tmp_path, current("- exec_in: x", include="[gone]")) == [
        "r.yaml:3:13: no file of globals gone.yaml: neither beside the recipe nor in a steps/global"
    ]


def test_data_files(tmp_path: Path) -> None:
    files = current(
        "- exec_local: cp $${kameleon_data_dir}/a/b.txt /x; ls -C $${kameleon_data_dir} -- z\n"
        "- exec_local: '\"$$kameleon_data_dir/a b\"'\n"
    )
    files |= {"steps/data/a/b.txt": "", "steps/data/a b": ""}
    commands = microstep(resolved(tmp_path, files), "micro").commands
    assert commands[0].text == f"cp {tmp_path}/steps/data/a/b.txt /x; ls -C {tmp_path}/steps/data -- z"
    assert commands[1].text == f'"{tmp_path}/steps/data/a b"'
    files = current("- exec_local: cp $${kameleon_data_dir}/gone /x")
    assert "no data/gone in a steps directory of this recipe" in mistakes(tmp_path, files)[0]


def test_what_is_not_run_is_refused_with_a_sentence(tmp_path: Path) -> None:
    lines = mistakes(tmp_path, current("- pipe: [exec_in: a, exec_in: b]\n- breakpoint: x\n- on_export_clean: []\n"))
    assert lines == [
        "r.yaml:6:11: pipe is a word of Kameleon 2 that kameleon-tui does not run; "
        "write a pipe in bash, through a file of the appliance when it crosses contexts",
        "r.yaml:7:11: breakpoint is a word of Kameleon 2 that kameleon-tui does not run; "
        "stop with build --break MACROSTEP/MICROSTEP",
        "r.yaml:8:11: on_export_clean is a word of Kameleon 2 that kameleon-tui does not run; "
        "make it a macrostep of export",
    ]


def test_checkpoints_are_taken_and_left_aside(tmp_path: Path) -> None:
    files = current("- on_checkpoint: skip\n- exec_in: x")
    files["r.yaml"] = "checkpoint: qemu.yaml\nenv: a.sh\n" + files["r.yaml"]
    assert len(microstep(resolved(tmp_path, files), "micro").commands) == 1


def test_anchors_and_merge_keys(tmp_path: Path) -> None:
    text = (
        ".shared: &shared\n  a: '1'\n  b: '2'\nglobal:\n  <<: *shared\n  b: own\nsetup:\n"
        "  - one: &list\n      - m:\n          - exec_in: $$a $$b\n  - two: *list\n"
    )
    recipe = resolved(tmp_path, {"r.yaml": text})
    assert outline(recipe) == ["setup/one/m", "setup/two/m"]
    assert command(recipe, "m").text == "1 own"


def test_kameleons_own_variables(tmp_path: Path) -> None:
    text = "- exec_in: $${kameleon_recipe_name} $${kameleon_cwd} $${kameleon_recipe_dir} $${kameleon_short_uuid}"
    recipe = resolved(tmp_path, current(text), run="9", globals_={"kameleon_uuid": "1-2-3"})
    assert command(recipe, "micro").text == f"r /var/tmp/kameleon-tui/r-9 {tmp_path} 3"
    assert resolved(tmp_path, current(text), run="9").globals["kameleon_uuid"].count("-") == 4


def test_output_may_be_the_recipes_own_unless_it_is_strict(tmp_path: Path) -> None:
    recipe = resolved(tmp_path, current("- exec_in: $$output", strict="false", output="mine"), output="/ours")
    assert (command(recipe, "micro").text, recipe.output) == ("mine", "/ours")
    assert mistakes(tmp_path, current("- exec_in: x", output="mine", chroot="/")) == [
        "r.yaml:3:3: output is set by kameleon-tui itself; give --output",
        "r.yaml:4:3: chroot is set by kameleon-tui itself; set workdir_base",
    ]
