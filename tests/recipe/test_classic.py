"""The classic dialect: globals, steps, where step files are, include, the eight commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipe.trees import classic, command, microstep, mistakes, outline, resolved, write
from wizard.recipe.resolve import resolve

RECIPE = "global: {distrib: debian}\nsteps:\n  - a\n"


def step(text: str, name: str = "a") -> str:
    return f"{name}:\n  - micro:\n      - exec_local: {text}\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"steps/debian/a.yaml": "1", "steps/common/a.yaml": "2", "steps/default/a.yaml": "3"}, "1"),
        ({"steps/common/a.yaml": "2", "steps/default/a.yaml": "3"}, "2"),
        ({"steps/default/a.yaml": "3"}, "3"),
        # Beside the recipe wins over beside its parent directory, whatever the folder.
        ({"recipes/steps/default/a.yaml": "4", "steps/debian/a.yaml": "1"}, "4"),
    ],
)
def test_step_files_are_looked_for_in_order(tmp_path: Path, files: dict[str, str], found: str) -> None:
    recipe = resolved(tmp_path, {"recipes/r.yaml": RECIPE} | {name: step(text) for name, text in files.items()})
    assert command(recipe, "micro").text == found


def test_step_files_are_found_on_kameleon_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAMELEON_PATH", f"{tmp_path}/nothing:{tmp_path}/library")
    recipe = resolved(tmp_path / "here", {"r.yaml": RECIPE, "../library/steps/common/a.yaml": step("found")})
    assert command(recipe, "micro").text == "found"


def test_a_step_file_may_be_a_mapping_or_a_bare_list(tmp_path: Path) -> None:
    bare = "- micro:\n    - exec_local: bare\n"
    assert command(resolved(tmp_path, {"r.yaml": RECIPE, "steps/common/a.yaml": bare}), "micro").text == "bare"


def test_chosen_microsteps_run_in_the_order_of_the_recipe(tmp_path: Path) -> None:
    micro = "".join(f"  - {name}:\n      - exec_local: {name}\n" for name in "xyz")
    files = {"r.yaml": "global: {distrib: d}\nsteps: [{a: [z, x]}]\n", "steps/d/a.yaml": f"a:\n{micro}"}
    assert outline(resolved(tmp_path, files)) == ["steps/a/z", "steps/a/x"]


def test_all_eight_commands(tmp_path: Path) -> None:
    recipe = resolved(
        tmp_path,
        classic(
            "- check_cmd: tar\n"
            "- check_appliance_cmd: apt-get\n"
            "- exec_current: pwd\n"
            "- exec_appliance: ls\n"
            "- exec_chroot: id\n"
            "- append_file: [/etc/hosts, more]\n"
            "- write_file: [etc/motd, hello]\n"
            "- set_var: [A_1, it's]\n"
        ),
    )
    found = [(c.name, c.context, c.directory, c.argument) for c in microstep(recipe, "micro").commands]
    assert found == [
        ("check_cmd", "local", "", "tar"),
        ("check_appliance_cmd", "in", "", "apt-get"),
        ("exec_current", "local", "cwd", "pwd"),
        ("exec_appliance", "local", "chroot", "ls"),
        ("exec_chroot", "in", "", "id"),
        ("append_file", "local", "", ("/etc/hosts", "more")),
        ("write_file", "local", "", ("etc/motd", "hello")),
        ("set_var", "all", "", ("A_1", "it's")),
    ]


def test_built_in_variables(tmp_path: Path) -> None:
    text = "exec_current: $$workdir|$$chroot|$$output|$$recipe|$$recipe_dir|$$cwd|$$workdir_base"
    path = write(tmp_path, classic(f"- {text}\n", workdir_base="/srv/work/"))
    recipe = resolve(path, run="r-1", output="/out", cwd=str(tmp_path / "elsewhere"))
    assert command(recipe, "micro").text == "|".join(
        ["/srv/work/r-1", "/srv/work/r-1/chroot", "/out", "r", str(tmp_path), f"{tmp_path}/elsewhere", "/srv/work/"]
    )
    assert (recipe.workdir, recipe.chroot, recipe.output) == ("/srv/work/r-1", "/srv/work/r-1/chroot", "/out")


def test_workdir_base_has_a_default(tmp_path: Path) -> None:
    assert resolved(tmp_path, classic("- exec_local: x"), run="1").workdir == "/var/tmp/kameleon-tui/r-1"


def test_the_mandatory_global_is_missed(tmp_path: Path) -> None:
    files = {"r.yaml": "global: {type: iso}\nsteps: [a]\n", "steps/common/a.yaml": step("x")}
    assert mistakes(tmp_path, files) == [
        "r.yaml:1:1: the mandatory global distrib is missing; write global: {distrib: …}"
    ]
    assert resolved(tmp_path, files, globals_={"distrib": "given"}).globals["distrib"] == "given"


def test_names_given_twice(tmp_path: Path) -> None:
    files = {
        "r.yaml": "global: {distrib: d}\nsteps:\n  - a\n  - a\n  - b: [micro, micro]\n  - c\n",
        "steps/d/a.yaml": step("x"),
        "steps/d/b.yaml": step("x", "b"),
        "steps/d/c.yaml": "- micro: [exec_in: x]\n- micro: [exec_in: x]\n",
    }
    assert mistakes(tmp_path, files) == [
        "r.yaml:4:5: a is here twice: first in line 3",
        "r.yaml:5:16: micro is here twice: first in line 5",
        "steps/d/c.yaml:2:3: the microstep micro is here twice: first at steps/d/c.yaml:1:3",
    ]


def test_a_256th_microstep(tmp_path: Path) -> None:
    def files(count: int) -> dict[str, str]:
        return {"r.yaml": RECIPE, "steps/debian/a.yaml": "".join(f"- m{n}: [exec_local: 'x']\n" for n in range(count))}

    assert len(resolved(tmp_path, files(255)).steps()) == 255
    (line,) = mistakes(tmp_path, files(256))
    assert line.startswith("steps/debian/a.yaml:256:3: m255 is microstep 256 of the macrostep a; at most 255")


def test_contents_and_values_are_literal_but_for_variables(tmp_path: Path) -> None:
    body = "- write_file:\n    - /a$$v\n    - |\n      $x `y` \"$$v\" $(z) \\n $$\n- set_var: [x, '$$v $x']\n"
    commands = microstep(resolved(tmp_path, classic(body, v="1")), "micro").commands
    assert commands[0].argument == ("/a1", '$x `y` "1" $(z) \\n $$\n')
    assert commands[1].text == "x='1 $x'"


def test_plain_scalars_are_texts(tmp_path: Path) -> None:
    files = classic("- exec_local: $$keyboard $$mode $$version $$nothing", keyboard="no", mode="0123", version="1.10")
    files["r.yaml"] = files["r.yaml"].replace("steps:", "  nothing: ~\nsteps:")
    assert command(resolved(tmp_path, files), "micro").text == "no 0123 1.10 ~"


class TestInclude:
    def test_as_written_from_the_including_file(self, tmp_path: Path) -> None:
        files = {"r.yaml": RECIPE, "steps/debian/a.yaml": "- include: ../more.yaml\n", "steps/more.yaml": step("x")[3:]}
        assert outline(resolved(tmp_path, files)) == ["steps/a/micro"]

    def test_by_its_part_after_steps(self, tmp_path: Path) -> None:
        files = {
            "r.yaml": RECIPE,
            "steps/debian/a.yaml": "a:\n- first: [exec_local: '1']\n- include: /none/steps/common/more.yaml\n",
            "steps/common/more.yaml": "- second: [exec_local: '2']\n",
        }
        assert outline(resolved(tmp_path, files)) == ["steps/a/first", "steps/a/second"]

    def test_a_circle(self, tmp_path: Path) -> None:
        files = {
            "r.yaml": RECIPE,
            "steps/debian/a.yaml": "- include: b.yaml\n",
            "steps/debian/b.yaml": "- include: c.yaml\n",
            "steps/debian/c.yaml": "- include: b.yaml\n",
        }
        assert mistakes(tmp_path, files) == [
            "steps/debian/c.yaml:1:12: files include each other in a circle: "
            "steps/debian/b.yaml → steps/debian/c.yaml → steps/debian/b.yaml"
        ]

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        files = {
            "r.yaml": RECIPE,
            "steps/debian/a.yaml": "- include: /x/steps/common/oar_unit.yaml\n",
            "steps/common/oar_init.yaml": "- m: [exec_local: '1']\n",
        }
        assert mistakes(tmp_path, files) == [
            "steps/debian/a.yaml:1:12: no file /x/steps/common/oar_unit.yaml to include, "
            "nor common/oar_unit.yaml in a steps directory; did you mean oar_init.yaml?"
        ]
