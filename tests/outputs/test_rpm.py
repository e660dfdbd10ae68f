"""Systems of the RPM family: recipes/rocky-9-x86_64.yaml made of a small repository of RPM packages, in a few seconds.
No mirror of Rocky Linux is in reach of tests: what is proved is how it is made, not what Rocky's packages do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.tree import ROOT
from tests.outputs import contents, rpm, test_oci
from tests.outputs.appliance import KEY
from tests.outputs.test_tar import unpack
from wizard.recipe.errors import RecipeErrors
from wizard.recipe.find import find_recipe
from wizard.recipe.resolve import resolve

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not all(map(shutil.which, ("dnf", "rpmbuild", "createrepo_c"))),
        reason="dnf, rpmbuild and createrepo_c are not here: doctor --for develop --install",
    ),
]
NAME = "rocky-9-x86_64"


@pytest.fixture(scope="module")
def repository(folder: Path) -> rpm.Repository:
    (folder / "repository").mkdir()
    return rpm.make(folder / "repository")


def build(
    repository: rpm.Repository, output: Path, *types: str, path: str = os.environ["PATH"], **values: str
) -> subprocess.CompletedProcess[str]:
    given = {
        "mirror": repository.address, "repository_key": repository.key.name, "ssh_keys": KEY,
        "workdir_base": str(output.with_name("work")), **values,
    }  # fmt: skip
    words = [word for key, value in given.items() for word in ("-g", f"{key}:{value}")]
    return subprocess.run(
        [sys.executable, "-m", "wizard", "build", NAME, "--on-failure", "abort", "--output", str(output), *words]
        + [word for one in types for word in ("--type", one)],
        cwd=repository.key.parent,  # the key is named as seen from here
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(output.with_name("state"))},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(repository: rpm.Repository, folder: Path) -> Path:
    done = build(repository, folder / "out", "tar", "oci", "lxc")
    assert done.returncode == 0, done.stdout[-4000:]
    return folder / "out"


@pytest.fixture(scope="module")
def tree(made: Path, folder: Path) -> Path:
    return unpack(made / f"{NAME}.tar.zst", folder / "tree")


def test_packages_are_installed_as_rpm_does(tree: Path, made: Path, tmp_path: Path) -> None:
    shutil.copytree(tree / "var/lib/rpm", tmp_path / "database")

    def said(*words: str) -> str:
        words = ("rpm", "--dbpath", str(tmp_path / "database"), *words)
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    names = set(said("-qa", "--queryformat", "%{NAME}\n").split())
    assert names == {"filesystem", "gpg-pubkey", *rpm.PACKAGES} - {"unsigned"}
    assert "Tester" in said("-q", "gpg-pubkey", "--queryformat", "%{SUMMARY}")
    listed = [line.split("\t") for line in (made / "packages.tsv").read_text().splitlines()]
    assert [line[0] for line in listed[1:]] == sorted(names - {"gpg-pubkey"})
    assert ["bash", "9-1", "x86_64"] in [line[:3] for line in listed]
    assert (tree / "etc/made").read_text() == "made by a script\n"  # it ran where /proc and /dev were
    assert list((tree / "dev").iterdir()) == list((tree / "proc").iterdir()) == []
    assert os.getxattr(tree / "usr/bin/hostname", "security.capability")


def test_it_is_a_system_of_its_own_and_tells_nothing_of_the_build(tree: Path, folder: Path) -> None:
    done = subprocess.run(
        ["chroot", tree, "bash", "-c", ". /etc/os-release; echo $ID $VERSION_ID"], capture_output=True, text=True
    )
    assert done.stdout == "rocky 9.9\n", done.stderr
    assert (tree / "etc/hostname").read_text() == "rocky\n"
    assert (tree / "etc/machine-id").read_text() == ""
    assert (tree / "etc/shadow").read_text().startswith("root:*:")
    assert (tree / "root/.ssh/authorized_keys").read_text() == f"{KEY}\n"
    enabled = {one.name for one in (tree / "etc/systemd/system/multi-user.target.wants").iterdir()}
    assert enabled == {"NetworkManager.service", "sshd.service"}
    for place in (folder, Path("/var/tmp/kameleon-tui")):
        found = subprocess.run(["grep", "-rlaF", str(place), tree], capture_output=True, text=True)
        assert found.stdout == ""


def test_every_type_holds_the_same(made: Path, tree: Path, tmp_path: Path) -> None:
    place = unpack(made / f"{NAME}.lxc.tar.zst", tmp_path / "lxc") / NAME
    assert "lxc.uts.name = rocky\n" in (place / "config").read_text()
    assert contents.differences(contents.of_tree(tree), contents.of_tree(place / "rootfs")) == []
    assert test_oci.checked(made / f"{NAME}.oci.tar")["config"]["Cmd"] == ["/bin/sh"]
    image = test_oci.unpack(made / f"{NAME}.oci.tar", tmp_path / "oci")
    assert contents.differences(contents.of_tree(tree), contents.of_tree(image), but=["."]) == []
    done = subprocess.run(["virt-xml-validate", made / f"{NAME}.lxc.xml", "domain"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("lxc-execute"), reason="LXC is not here: doctor --for lxc --install")
def test_lxc_runs_a_program_in_it(made: Path, repository: rpm.Repository, folder: Path) -> None:
    containers = folder / "containers"
    done = build(repository, folder / "none", "lxc", lxc_path=str(containers), lxc_network="none")
    assert done.returncode == 0, done.stdout[-4000:]
    unpack(folder / f"none/{NAME}.lxc.tar.zst", containers)
    words = ["lxc-execute", "-P", str(containers), "-n", NAME, "--", "bash", "-c", "test $(hostname) = rocky && exit 7"]
    ran = subprocess.run(words, capture_output=True, text=True)
    assert ran.returncode == 7, ran.stdout + ran.stderr


def test_what_is_not_signed_by_that_key_is_refused(repository: rpm.Repository, folder: Path) -> None:
    for values, told in (
        ({"packages": "unsigned"}, "GPG check FAILED"),
        ({"repository_key": str(repository.other), "signed_lists": "no"}, "GPG check FAILED"),
        ({"repository_key": str(repository.other)}, "repomd.xml GPG signature verification error"),
        ({"repository_key": "/etc/hostname"}, "the global repository_key is no file of a public key: /etc/hostname"),
        ({"repository_key": ""}, "no key to check packages with"),
        ({"mirror": ""}, "no mirror was named"),
        ({"mirror": "http://me:a%0Agpgcheck=0@127.0.0.1:9"}, "no name or password with blanks in it"),
        ({"packages": "bash nothing-like-it"}, "nothing-like-it"),
    ):
        done = build(repository, folder / "refused", "tar", **values)
        assert done.returncode == 1, (values, done.stdout)
        assert told in done.stdout, (values, done.stdout)
        assert not list((folder / "refused").glob("*.tar*"))


def test_lists_that_were_changed_are_refused(repository: rpm.Repository, folder: Path, tmp_path: Path) -> None:
    copy = rpm.Repository(tmp_path / "mirror", repository.key, repository.other)
    shutil.copytree(repository.folder, copy.folder)
    index = copy.folder / "BaseOS/x86_64/os/repodata/repomd.xml"
    index.write_text(index.read_text().replace("<revision>", "<revision>1"))
    done = build(copy, folder / "changed", "tar")
    assert done.returncode == 1
    assert "repomd.xml GPG signature verification error" in done.stdout


def test_a_missing_tool_is_told_before_the_build(repository: rpm.Repository, folder: Path, tmp_path: Path) -> None:
    done = build(repository, folder / "lacking", "tar", path=str(tmp_path))
    assert done.returncode == 3  # /usr/sbin is looked at, too, and has none of them
    assert "building rocky-9-x86_64 needs dnf, rpm, gpg" in done.stdout
    assert "apt-get install dnf gnupg rpm" in done.stdout
    assert not (folder / "lacking").exists()


@pytest.mark.parametrize("kind", ["raw", "iso", "uml", "kadeploy", "libvirt"])
def test_types_that_are_debians_only_are_refused(kind: str) -> None:
    with pytest.raises(RecipeErrors, match=f"the output type {kind} is for Debian's family only"):
        resolve(find_recipe(NAME), types=(kind,))


def test_the_passwords_of_mirrors_stay_out(repository: rpm.Repository, folder: Path) -> None:
    done = build(repository, folder / "secret", "tar", mirror="http://me:s3cret@127.0.0.1:9/rocky/9")
    assert done.returncode == 1
    logs = (folder / "state").rglob("*")
    told = done.stdout + "".join(path.read_text(errors="replace") for path in logs if path.suffix == ".log")
    assert "dnf/packages" in told
    assert "s3cret" not in told
