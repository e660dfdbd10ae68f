"""The output type kadeploy: archive, image of a partition, descriptions, post-installation; as Kadeploy uses them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.outputs import contents, ext4, little
from tests.outputs.appliance import NAME, Appliance, export, exported
from tests.outputs.test_tar import unpack
from wizard.data import shipped

pytestmark = pytest.mark.real

#: What is not the appliance's, or was made anew.
CHANGED = (
    *contents.LEFT_OUT, ".", "etc", "root", "var/tmp", "var/tmp/*", "var/lib/dhcp", "var/lib/dhcp/*", "boot",
    "boot/grub", "boot/grub/*", "etc/fstab", "root/.ssh", "root/.ssh/*", "vmlinuz", "initrd.img",
)  # fmt: skip


@pytest.fixture(scope="module")
def small(folder: Path) -> Appliance:
    return little.make(folder / "little")


@pytest.fixture(scope="module")
def output(small: Appliance, folder: Path) -> Path:
    return exported(small, folder / "out", "kadeploy")


def described(output: Path, dialect: str) -> dict[str, Any]:
    """The YAML form, which keeps to our schema."""
    schema = json.loads((shipped("recipes") / "schema/kadeploy.schema.json").read_text())
    description: dict[str, Any] = yaml.safe_load((output / f"{NAME}.dsc").read_text())
    jsonschema.validate(description, {**schema, "anyOf": [{"$ref": f"#/definitions/{dialect}"}]})
    return description


def text_form(output: Path) -> dict[str, str]:
    """The text form, read as kaenv3 3.1 reads it, which keeps to our schema."""
    found = {}
    for line in (output / f"{NAME}.kaenv").read_text().splitlines():
        match = re.fullmatch(r"(\w+)\s*:\s*(.+)", line)
        assert match, line
        found[match[1]] = match[2]
    jsonschema.validate(found, json.loads((shipped("recipes") / "schema/kaenv.schema.json").read_text()))
    return found


def members(archive: Path) -> list[str]:
    return subprocess.run(["tar", "-tf", archive, "--quoting-style=c"], capture_output=True, text=True).stdout.split(
        "\n"
    )


def test_the_archive_is_as_kadeploy_wants_it(small: Appliance, output: Path, folder: Path) -> None:
    archive = output / f"{NAME}.kadeploy.tar.gz"
    assert not [name for name in members(archive) if name.startswith(('"./', '"/'))]
    # Kadeploy takes the kernel out by the name that the description has, and follows the link.
    for name, newest in (("vmlinuz", "the newer kernel"), ("initrd.img", "the newer initramfs")):
        place = folder / name
        place.mkdir()
        subprocess.run(["tar", "-C", place, "-xzf", archive, name], check=True)
        target = os.readlink(place / name)
        subprocess.run(["tar", "-C", place, "-xzf", archive, target], check=True)
        assert (place / name).read_text() == newest
    tree = unpack(archive, folder / "tree")
    held = contents.of_tree(tree)
    assert contents.differences(small.contents, held, but=CHANGED, epoch=small.epoch) == []
    left = {name: name in held for name in (b"etc/fstab", b"boot/grub", b"root/.ssh", b"var/lib/dhcp/dhclient.leases")}
    assert not any(left.values()), left
    assert [name for name in held if re.match(rb"(dev|proc|sys|run|tmp|var/tmp)/", name)] == []


def test_both_descriptions_say_the_same(output: Path) -> None:
    new, old = described(output, "kadeploy3.3"), text_form(output)
    assert new["image"] == {"file": f"{NAME}.kadeploy.tar.gz", "kind": "tar", "compression": "gzip"}
    assert (output / new["image"]["file"]).is_file()
    assert old["tarball"] == f"{NAME}.kadeploy.tar.gz|tgz"
    assert int(old["fdisktype"], 16) == new["partition_type"]
    assert (
        (old["kernel"], old["initrd"]) == (new["boot"]["kernel"], new["boot"]["initrd"]) == ("/vmlinuz", "/initrd.img")
    )
    assert old["kernel_params"] == new["boot"]["kernel_params"]
    assert (int(old["version"]), old["name"]) == (new["version"], new["name"]) == (2023111422, NAME)
    post = new["postinstalls"][0]
    assert old["postinstall"] == f"{post['archive']}|tgz|{post['script']}"


def test_the_checksums_are_right(output: Path) -> None:
    subprocess.run(["md5sum", "--check", "--quiet", f"{NAME}.kadeploy.md5"], cwd=output, check=True)


def test_the_postinstallation_does_its_work(output: Path, folder: Path) -> None:
    post = described(output, "kadeploy3.3")["postinstalls"][0]
    node, root, part = folder / "node", folder / "node/root", folder / "node/part"
    (root / "etc").mkdir(parents=True)
    subprocess.run(["tar", "-C", node, "-xzf", output / post["archive"]], check=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-U", "0a1b2c3d-0000-4000-8000-000000000001", part, "1M"], check=True)
    variables = {
        "KADEPLOY_ENV_EXTRACTION_DIR": str(root),
        "KADEPLOY_DEPLOY_PART": str(part),
        "KADEPLOY_FS_TYPE": "ext4",
    }
    script = f'hostname graphene-1.nancy.example; exec "{node}/{post["script"]}"'
    subprocess.run(
        ["unshare", "--uts", "sh", "-c", script], check=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **variables}
    )
    assert (root / "etc/fstab").read_text() == (
        "UUID=0a1b2c3d-0000-4000-8000-000000000001 / ext4 defaults,x-systemd.growfs 0 1\n"
    )
    assert (root / "etc/hostname").read_text() == "graphene-1\n"
    said = subprocess.run([node / post["script"]], capture_output=True, text=True, check=False, env={"PATH": "/bin"})
    assert said.returncode != 0
    assert "KADEPLOY_ENV_EXTRACTION_DIR" in said.stderr


def test_grid5000s_dialect(small: Appliance, folder: Path) -> None:
    values = {
        "kadeploy_dialect": "g5k", "static_dev": "yes", "kadeploy_base": "http://public.example/~me/",
        "kadeploy_name": "debian12-mine", "kadeploy_visibility": "shared", "ssh_keys": "a key",
        "kadeploy_description": 'yes: "quoted" #é', "kernel_parameters": "quiet a=b",
    }  # fmt: skip
    output = exported(small, folder / "g5k", "kadeploy", values=values)
    said = described(output, "g5k")
    assert said["image"] == {
        "file": f"http://public.example/~me/{NAME}.kadeploy.tar.zst", "kind": "tar", "compression": "zstd",
    }  # fmt: skip
    assert said["description"] == values["kadeploy_description"]
    assert said["boot"]["kernel_params"].endswith(" quiet a=b")
    assert said["postinstalls"][0]["archive"] == "server:///grid5000/postinstalls/g5k-postinstall.tgz"
    assert not (output / f"{NAME}.kaenv").exists()
    assert not (output / f"{NAME}.postinstall.tgz").exists()
    with subprocess.Popen(["zstd", "-dcq", output / f"{NAME}.kadeploy.tar.zst"], stdout=subprocess.PIPE) as unpacked:
        assert unpacked.stdout is not None
        with tarfile.open(fileobj=unpacked.stdout, mode="r|") as archive:
            found = {member.name: member for member in archive}
    null = found["dev/null"]
    assert (null.ischr(), null.devmajor, null.devminor, null.mode) == (True, 1, 3, 0o666)
    assert found["dev/console"].ischr()
    assert "root/.ssh/authorized_keys" in found  # it was asked for


def test_the_image_of_a_partition(small: Appliance, folder: Path) -> None:
    values = {"kadeploy_kind": "dd", "kadeploy_size": "200M"}
    output = exported(small, folder / "dd", "kadeploy", values=values)
    assert described(output, "kadeploy3.3")["image"]["kind"] == "dd"
    assert text_form(output)["tarball"] == f"{NAME}.kadeploy.dd.gz|ddgz"
    image = folder / "part.img"
    with image.open("wb") as stream:
        subprocess.run(["gzip", "-dc", output / f"{NAME}.kadeploy.dd.gz"], stdout=stream, check=True)
    assert image.stat().st_size == 200 << 20
    again = exported(small, folder / "dd again", "kadeploy", values=values) / f"{NAME}.kadeploy.dd.gz"
    assert again.read_bytes() == (output / again.name).read_bytes()
    ext4.check(image)
    held = ext4.of_image(image, 0, folder / "part")
    assert contents.differences(small.contents, held, but=CHANGED, epoch=small.epoch) == []


def test_a_partition_too_small_is_told_before_the_work(small: Appliance, folder: Path) -> None:
    done = export(small, folder / "bad", "kadeploy", values={"kadeploy_kind": "dd", "kadeploy_size": "9M"})
    assert done.returncode == 1
    assert "the global kadeploy_size is too small: the tree needs " in done.stdout.splitlines()[-1]
    assert list((folder / "bad").glob("*.kadeploy.*")) == []


def test_an_appliance_without_a_kernel_is_none(small: Appliance, folder: Path) -> None:
    other = little.make(folder / "no kernel")
    (other.tree / "boot/initrd.img-6.1.0-10-amd64").unlink()
    done = export(other, folder / "out2", "kadeploy")
    assert "the kernel 6.1.0-10-amd64 of the appliance has no initramfs" in done.stdout.splitlines()[-1]
    for path in (other.tree / "boot").glob("vmlinuz-*"):
        path.unlink()
    done = export(other, folder / "out2", "kadeploy")
    assert "no kernel is in /boot of the appliance" in done.stdout.splitlines()[-1]
