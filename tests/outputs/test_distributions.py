"""Every output type of Debian's other releases: made in one build of one appliance each, and looked at as those of
bookworm are, by the same tests."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.outputs import test_archives, test_disk_boot, test_disks, test_live, test_lxc, test_oci, test_uml
from tests.outputs.appliance import NAME, Appliance, built, exported
from tests.outputs.test_tar import unpack
from wizard.data import shipped

pytestmark = [pytest.mark.real, pytest.mark.long]

TYPES = sorted(path.stem for path in (shipped("recipes") / "steps/export").glob("*.yaml"))


@pytest.fixture(scope="module", params=["trixie", "sid"])
def suite(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def appliance(suite: str) -> Appliance:
    return built(("machine", "live_system", "secure_boot"), suite)


@pytest.fixture(scope="module")
def live_appliance(appliance: Appliance) -> Appliance:
    return appliance


@pytest.fixture(scope="module")
def folder(suite: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp(suite)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def outputs(appliance: Appliance, folder: Path) -> Path:
    """All types, made in one build."""
    values = {
        **test_archives.VALUES, "netboot_url": "http://192.0.2.1/images", "kernel_parameters": "quiet",
        "lxc_path": str(folder / "lxc"), "lxc_network": "none",
    }  # fmt: skip
    return exported(appliance, folder / "out", *TYPES, values=values)


@pytest.fixture(scope="module")
def output(outputs: Path) -> Path:
    return outputs


@pytest.fixture(scope="module")
def start(outputs: Path) -> Path:
    return outputs / f"{NAME}.uml"


@pytest.fixture(scope="module")
def place(outputs: Path, folder: Path) -> Path:
    """Where the container is unpacked."""
    return unpack(outputs / f"{NAME}.lxc.tar.zst", folder / "lxc")


medium = test_live.medium


def test_it_is_the_release_that_was_asked_for(suite: str, appliance: Appliance) -> None:
    said = dict(re.findall(r'^(\w+)="?(.*?)"?$', (appliance.tree / "etc/os-release").read_text(), re.M))
    # sid calls itself by the release that comes next.
    assert (said["VERSION_CODENAME"] == "trixie") is (suite == "trixie")
    assert suite in (appliance.tree / "etc/apt/sources.list").read_text().split()


test_partitions = test_disks.test_the_partition_table_is_for_bios_and_uefi_and_a_root_that_grows
test_disk_contents = test_disks.test_its_root_is_the_appliance_but_for_what_the_header_says
test_firmwares = test_disks.test_both_firmwares_find_grub
test_formats = test_disks.test_every_format_holds_the_same_disk
test_cow = test_disks.test_cow_and_its_base_may_be_moved_together_and_the_base_stays
test_vmx = test_disks.test_vmx_names_the_disk_beside_it_and_no_identity
test_ova = test_disks.test_ova_is_an_archive_as_importers_want_it
test_xen = test_disks.test_xen_guest_is_the_appliance_with_its_kernel_beside_it
test_no_place = test_disks.test_nothing_tells_where_it_was_built
test_live_contents = test_live.test_the_tree_is_the_appliance
test_medium = test_live.test_the_medium_can_be_checked
test_secure_boot = test_live.test_it_starts_with_bios_uefi_and_secure_boot
test_menu = test_live.test_the_menu_has_what_people_look_for
test_netboot = test_live.test_the_network_starts_what_the_iso_starts
test_archive_contents = test_archives.test_the_archive_holds_the_whole_appliance
test_uml_contents = test_uml.test_its_root_is_the_appliance
test_uml_job = test_uml.test_a_job_runs_and_its_status_comes_back
test_uml_changes = test_uml.test_what_was_changed_is_kept_and_applied
test_lxc_program = test_lxc.test_lxc_runs_a_program_in_it
test_lxc_init = test_lxc.test_its_own_init_comes_to_its_end


def test_libvirt_knows_the_machine_and_the_container(outputs: Path) -> None:
    for kind in ("libvirt", "lxc"):
        test_disks.said("virt-xml-validate", outputs / f"{NAME}.{kind}.xml", "domain")


def test_the_image_keeps_to_the_specification(outputs: Path) -> None:
    assert test_oci.checked(outputs / f"{NAME}.oci.tar")["config"]["Cmd"] == ["/bin/sh"]


def test_kadeploy_takes_the_description(outputs: Path) -> None:
    schema = json.loads((shipped("recipes") / "schema/kadeploy.schema.json").read_text())
    described = yaml.safe_load((outputs / f"{NAME}.dsc").read_text())
    jsonschema.validate(described, {**schema, "anyOf": [{"$ref": "#/definitions/g5k"}]})
    assert described["boot"]["kernel"] == "/vmlinuz"


def test_the_disk_starts(suite: str, outputs: Path) -> None:
    said = test_disk_boot.started(outputs / f"{NAME}.raw", f"raw-{suite}")
    release = "13" if suite == "trixie" else r"\S*sid"
    assert re.search(rf"^Debian GNU/Linux {release} hello ttyS0$", said, re.M), said[-3000:]
