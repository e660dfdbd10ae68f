"""A first boot on machines that are not as one would wish, with real PostgreSQL and OAR."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.firstboot.container import Container, container, expect_done, first_boot

pytestmark = pytest.mark.real

LONGEST = "-".join(["a23456789"] * 6) + "-xyz"  # 63 characters: a label has no more


def test_a_network_without_lease_and_a_name_server_that_never_answers(box: Container) -> None:
    """Whatever is sent is lost: who asks anybody for a name waits for ever."""
    box.sh("""
        ip link add lost type veth peer name nobody
        ip address add 169.254.7.7/16 dev lost
        ip link set lost up
        ip link set nobody up
        ip route add default dev lost
        rm -f /etc/resolv.conf
        echo nameserver 192.0.2.1 >/etc/resolv.conf
    """)
    assert box.run("timeout", "8", "getent", "hosts", "example.org").returncode == 124
    expect_done(first_boot(box), box)
    # One question that is not answered takes ten seconds.
    done = [event for event in box.events() if event["event"] == "step" and event["state"] == "done"]
    assert max(event["seconds"] for event in done) < 60, done


def test_a_machine_with_no_network_at_all(box: Container) -> None:
    assert [line.split()[0] for line in box.sh("ip -brief address").splitlines()] == ["lo"]
    box.sh("rm -f /etc/resolv.conf")
    expect_done(first_boot(box), box)


def test_a_clock_in_1970(work: Path) -> None:
    """For every process of the machine; a real one's systemd would first set it to its own date of birth."""

    def set_back(tree: Path) -> None:
        (tree / "etc/faketimerc").write_text("@1970-01-01 00:01:00\n")
        library = next(tree.glob("usr/lib/*/faketime/libfaketimeMT.so.1"))
        (tree / "etc/ld.so.preload").write_text(f"/{library.relative_to(tree)}\n")

    with container(work, prepare=set_back) as box:
        # The library keeps what processes share to the user who came first: everybody may use it.
        share = "chmod 777 /dev/shm; while sleep 0.1; do chmod -f 666 /dev/shm/*; done"
        with box.start("bash", "-c", share) as sharing:
            assert box.sh("date --utc +%Y") == "1970"
            expect_done(first_boot(box), box)
            assert all(0 < event["t"] < 3600 for event in box.events())
            assert re.search(r"^ +1 : Alive", box.sh("sleep 1; oarnodes -s"), re.M)
            sharing.kill()


@pytest.mark.parametrize(
    ("name", "called"),
    [
        (LONGEST, LONGEST),
        ("Node-7\n", "node-7"),
        ("12-3.4x", "12-3.4x"),
        # To programs a number is an address: ssh would go to 0.0.4.210.
        ("1234", "kameleon"),
        ("0x7f000001", "kameleon"),
        ("10.0.0.7", "kameleon"),
        ("it's; $(touch /pwned)", "kameleon"),
        ("\xff\0", "kameleon"),
        ("", "kameleon"),
    ],
)
def test_odd_names_of_the_machine(box: Container, name: str, called: str) -> None:
    box.path("/etc/hostname").write_text(name, encoding="latin-1")
    done = first_boot(box)
    assert done.returncode == 0, done.stdout + box.log()
    assert f"kameleon: first boot done: role=both host={called} resources=" in done.stdout
    assert box.path("/etc/hostname").read_text().strip() == called
    assert box.sh("oarnodes -s").splitlines()[0].split()[0] == called
    assert not box.path("/pwned").exists()


def test_a_tree_that_cannot_be_written(box: Container) -> None:
    """The live system's medium is always read-only: what is meant here is a root with no memory above it."""
    box.sh("mount -o remount,ro /")
    done = first_boot(box)
    assert done.returncode != 0
    assert re.search(r"^kameleon: first boot failed before its first step: .*[Rr]ead-only", done.stdout, re.M)
    assert "Traceback" not in done.stdout + done.stderr
    box.sh("mount -o remount,rw /")
    expect_done(first_boot(box), box)


def test_what_was_not_written_is_noticed_whatever_the_tools_say(box: Container) -> None:
    """Rows that the database drops without a word, and an oarnodes that shows less than there is."""
    with box.path("/usr/lib/oar/database/pg_structure.sql").open("a") as tables:
        tables.write(
            "\nCREATE FUNCTION lost() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
            "\nCREATE TRIGGER lost BEFORE INSERT ON resources FOR EACH ROW EXECUTE FUNCTION lost();\n"
        )
    done = first_boot(box)
    assert done.returncode == 1
    assert "kameleon: first boot failed at services/create_resources: " in done.stdout
    assert "first boot done" not in done.stdout
    box.sh("cd /; setpriv --reuid=postgres --regid=postgres --init-groups psql -qd oar -c 'DROP FUNCTION lost CASCADE'")
    oarnodes = box.path("/usr/bin/oarnodes")
    oarnodes.rename(box.path("/usr/bin/oarnodes.real"))
    oarnodes.write_text("#!/bin/sh\n: nothing to show, and all is well\n")
    oarnodes.chmod(0o755)
    done = first_boot(box)
    assert done.returncode == 1
    assert "kameleon: first boot failed at services/create_resources: " in done.stdout
    assert "oarnodes does not show resource " in box.log()
    box.path("/usr/bin/oarnodes.real").rename(oarnodes)
    expect_done(first_boot(box), box)
