"""The 2009 specification's own example: a recipe, three step files, and what it says about them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.recipe.trees import command, outline
from wizard.engine.script import write_scripts
from wizard.recipe.model import ResolvedRecipe
from wizard.recipe.resolve import resolve

HERE = Path(__file__).parent / "spec2009"


@pytest.fixture(scope="module")
def recipe() -> ResolvedRecipe:
    return resolve(HERE / "recipes/debian-lenny-oar-2.4.yaml", run="20261121-024101-3f2a", cwd=str(HERE))


def test_macrosteps_and_microsteps_run_in_the_order_given(recipe: ResolvedRecipe) -> None:
    assert outline(recipe) == [
        f"steps/{step}"
        for step in (
            "bootstrap/unpack_initial_appliance",
            "minimal_packages_installation/install",
            "system_configuration/host_name",
            # without a list: as in the file
            "oar_install/init_repo",
            "oar_install/config_apt_local",
            "oar_install/oar_install",
            "oar_install/oar_add_online_repo",
            # with a list: as in the recipe
            "oar_init/config_oar_key",
            "oar_init/stop_host_mysql",
            "oar_init/stop_oar_server",
            "oar_init/start_appliance_mysql",
            "oar_init/init_mysql_db",
            "oar_init/init_oar_db",
            "oar_init/create_oar_resources",
            "oar_init/stop_appliance_mysql",
            "kernel_install/install",
            "image_create/archive",
            "clean/remove_chroot",
        )
    ]


def test_steps_are_found_for_the_distribution_then_common_then_default(recipe: ResolvedRecipe) -> None:
    files = {macrostep.name: macrostep.place.file for macrostep in recipe.macrosteps}
    assert files["oar_install"] == "steps/debian-lenny-x86_64/oar_install.yaml"
    assert files["system_configuration"] == "steps/common/system_configuration.yaml"
    assert files["clean"] == "steps/default/clean.yaml"
    # The distribution's oar_init hides the common one, and includes it.
    assert files["oar_init"] == "steps/debian-lenny-x86_64/oar_init.yaml"
    assert command(recipe, "config_oar_key").place.file == "steps/common/oar_init.yaml"


def test_variables_and_contexts_are_those_of_the_specification(recipe: ResolvedRecipe) -> None:
    assert recipe.dialect == "classic"
    assert recipe.strict
    assert recipe.workdir == "/var/tmp/debian-lenny-oar-2.4-20261121-024101-3f2a"
    assert recipe.chroot == recipe.workdir + "/chroot"
    assert recipe.globals["distrib-repository"] == "ftp://debian.ftp.fr/deb/"
    copy = command(recipe, "init_repo", 2)
    assert (copy.name, copy.context, copy.directory) == ("exec_appliance", "local", "chroot")
    assert copy.text == "cp file://./svn/build-area//*.deb ./var/lib/debs/"
    stop = command(recipe, "stop_host_mysql")
    assert (stop.name, stop.context, stop.directory) == ("exec_current", "local", "cwd")
    assert 'if [[|"$RC" = "0" ]]\nthen\n  /etc/init.d/mysql stop\n' in stop.text
    chroot = command(recipe, "oar_install")
    assert (chroot.name, chroot.context, chroot.directory) == ("exec_chroot", "in", "")
    assert chroot.text.count("\n") == 2


def test_contents_of_files_are_what_the_yaml_says(recipe: ResolvedRecipe) -> None:
    assert command(recipe, "config_apt_local").argument == ("/etc/apt/sources.lists", "deb file:/var debs/")
    assert command(recipe, "oar_add_online_repo").argument == (
        "/etc/apt/sources.lists",
        "deb http://ftp.fr.debian.org/debian lenny main\n"
        "deb http://security.debian.org/ lenny/updates main\n"
        "deb http://oar.imag.fr/debian/unstable/2.4/ ./\n",
    )
    sql = command(recipe, "init_mysql_db").argument[1]
    assert 'GRANT SELECT ON oar.* TO oarreader@"%";' in sql
    assert "VALUES('%','oar',PASSWORD('oar'));" in sql


def test_it_compiles_to_one_script_a_macrostep_that_bash_takes(recipe: ResolvedRecipe, tmp_path: Path) -> None:
    scripts = write_scripts(recipe, tmp_path)
    assert len(scripts) == len(recipe.macrosteps) == 8
    for script in scripts:
        subprocess.run(["bash", "-n", script], check=True)
