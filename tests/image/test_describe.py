"""Descriptions of virtual machines: what is refused, and that values stay what they are in each form."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from wizard.errors import UserError
from wizard.image import describe
from wizard.image.domain import Machine, xen

MACHINE = Machine("web-1", 2048, 4, "web-1-disk1.vmdk", 12345, 2 << 30, "/srv/xen", "0-1-2", "quiet")


@pytest.mark.parametrize("name", ["", "-web", "a b", 'a"b', "a\nb", "a,b", "a/b", "é", ".."])
def test_a_name_that_could_be_misread_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name of a virtual machine"):
        describe.check(replace(MACHINE, name=name))


def test_items_of_ovf_are_in_the_order_of_the_alphabet() -> None:
    root = ElementTree.fromstring(describe.ovf(MACHINE))
    items = root.findall(".//{*}Item")
    assert len(items) == 5
    for item in items:
        names = [child.tag for child in item]
        assert names == sorted(names)
    kinds = [item.findtext("{*}ResourceType") for item in items]
    assert kinds == ["3", "4", "20", "17", "10"]  # processors, memory, controller, disk, network
    assert [item.findtext("{*}VirtualQuantity") for item in items[:2]] == ["4", "2048"]
    assert items[3].findtext("{*}Parent") == items[2].findtext("{*}InstanceID")


def test_ovf_tells_sizes() -> None:
    root = ElementTree.fromstring(describe.ovf(MACHINE))
    file, disk = root.find(".//{*}File"), root.find(".//{*}Disk")
    assert file is not None
    assert disk is not None
    space = "{http://schemas.dmtf.org/ovf/envelope/1}"
    assert (file.get(f"{space}href"), file.get(f"{space}size")) == ("web-1-disk1.vmdk", "12345")
    assert disk.get(f"{space}capacity") == str(2 << 30)


def test_xl_and_libvirt_say_the_same() -> None:
    domain = ElementTree.fromstring(xen(MACHINE))
    text = describe.xl(MACHINE)
    for path in ("os/kernel", "os/initrd", "os/cmdline", "name"):
        value = domain.findtext(path)
        assert value
        assert f'"{value}"' in text
    assert domain.findtext("os/cmdline") == "root=UUID=0-1-2 ro console=hvc0 quiet"
    source = domain.find("devices/disk/source")
    assert source is not None
    assert f"target={source.get('file')}" in text
    assert (domain.findtext("memory"), domain.findtext("vcpu")) == ("2048", "4")


def test_the_command_line_prints_one_and_tells_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--name", "web", "--memory", "512", "--cpus", "1"]
    assert describe.main(["vmx", *words, "--disk", "web.vmdk"]) == 0
    assert 'sata0:0.fileName = "web.vmdk"\n' in capsys.readouterr().out
    assert describe.main(["check", *words]) == 0
    assert capsys.readouterr().out == ""
    assert describe.main(["check", "--name", "a b", *words[2:]]) != 0
    assert capsys.readouterr().err.count("\n") == 1
