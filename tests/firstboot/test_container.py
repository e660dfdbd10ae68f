"""The first boot with real PostgreSQL and OAR: it works, again and again, killed anywhere, and says what fails."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firstboot.container import RUN, Container, container

pytestmark = pytest.mark.real
STEPS = 15


@pytest.fixture
def work() -> Iterator[Path]:
    # Not tmp_path: the container's daemons, who are not root, go through it.
    path = Path(tempfile.mkdtemp(prefix="kt-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def box(work: Path) -> Iterator[Container]:
    with container(work) as found:
        yield found


def first_boot(box: Container, *options: str) -> subprocess.CompletedProcess[str]:
    return box.run("kameleon-tui", "firstboot", *options, timeout=200)


DONE = re.compile(r"^kameleon: first boot done: role=both host=kameleon resources=(\d+)$", re.M)

#: What must be the same however it came about.
STATE = """
stat -c '%n %U:%G %a' /etc/oar/oar.conf /etc/oar/oar_ssh_host_rsa_key* /etc/ssh/ssh_host_*_key* /var/lib/oar/.ssh \
    /var/lib/oar/.ssh/authorized_keys /var/lib/oar/.ssh/id_rsa* /var/lib/postgresql/15/main /etc/hosts /etc/hostname \
    /var/log/oar.log
cat /etc/hostname /etc/hosts
grep -c OAR_KEY /var/lib/oar/.ssh/authorized_keys
find / -xdev -name '*.kameleon-new' -o -xdev -path '/etc/*key.new*' -o -xdev -path '/var/lib/oar/.ssh/*.new*'
cd /
export PAGER=
ask() { setpriv --reuid=postgres --regid=postgres --init-groups /usr/lib/postgresql/15/bin/psql -At -d oar -c "$1"; }
for table in schema queues admission_rules gantt_jobs_predictions resources; do
    echo "$table $(ask "SELECT count(*) FROM $table")"
done
ask "SELECT datname FROM pg_database ORDER BY 1"
ask "SELECT rolname, rolcanlogin, rolsuper FROM pg_roles WHERE rolname LIKE 'oar%' ORDER BY 1"
ask "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
ask "SELECT network_address, state, cpuset, core, cpu FROM resources ORDER BY resource_id"
ask "SELECT has_table_privilege('oar_ro', 'jobs', 'SELECT'), has_table_privilege('oar_ro', 'challenges', 'SELECT')"
oar-database --check
oarnodes -s
su -s /bin/bash oar -c 'ssh -p 6667 -o BatchMode=yes kameleon "echo OAR_KEY is \\$OAR_KEY"' 2>/dev/null
pgrep -x Almighty >/dev/null && echo Almighty
"""
#: What must not change once it is made.
IDENTITY = """
cat /etc/ssh/ssh_host_*_key.pub /etc/oar/oar_ssh_host_rsa_key.pub /var/lib/oar/.ssh/id_rsa.pub
sed -n 's/^DB_BASE_PASSWD/&/p' /etc/oar/oar.conf | sha256sum
for key in /etc/ssh/ssh_host_*_key /etc/oar/oar_ssh_host_rsa_key /var/lib/oar/.ssh/id_rsa; do
    test "$(ssh-keygen -y -f "$key" | cut -d' ' -f1,2)" = "$(cut -d' ' -f1,2 "$key.pub")"
done
"""


def expect_done(done: subprocess.CompletedProcess[str], box: Container) -> None:
    assert done.returncode == 0, done.stdout + done.stderr + box.log()
    assert DONE.search(done.stdout), done.stdout


def test_it_works_again_and_again_and_tells_nobody_its_passwords(box: Container) -> None:
    watch = box.start("/bin/bash", "-c", WATCH, stdout=subprocess.PIPE)
    expect_done(first_boot(box), box)
    box.path("/stop").touch()
    said = watch.communicate(timeout=20)[0]
    assert said.count("postgres") > 3
    passwords = re.findall(r'^DB_BASE_PASSWD(?:_RO)?="(\w{32})"$', box.path("/etc/oar/oar.conf").read_text(), re.M)
    assert len(set(passwords)) == 2
    for password in passwords:
        assert password not in said
        assert password not in box.log()
        found = box.run(
            "grep", "-rlaF", password, "/etc", "/run", "/tmp", "/var/log", "/var/lib/kameleon-tui", "/var/tmp"
        )
        assert found.stdout.split() == ["/etc/oar/oar.conf"]
    state, identity = box.sh(STATE), box.sh(IDENTITY)
    assert "OAR_KEY is 1" in state
    assert "queues 3" in state
    assert re.search(r"^t\|f$", state, re.M)
    assert state.endswith("Almighty")
    assert box.path("/var/log/oar.log").stat().st_size > 0
    # Nothing to do: no microstep runs, and the line is told again.
    before = box.events()
    expect_done(first_boot(box), box)
    assert box.events() == before
    # Every microstep twice.
    expect_done(first_boot(box, "--again"), box)
    assert len([event for event in box.events() if event.get("state") == "done" and event["event"] == "step"]) == STEPS
    assert box.sh(STATE) == state
    assert box.sh(IDENTITY) == identity


#: Every process's words and environment, as often as can be, until /stop is there.
WATCH = """
while [[ ! -e /stop ]]; do
    for directory in /proc/[0-9]*; do
        tr '\\0' ' ' <$directory/cmdline; echo
        tr '\\0' ' ' <$directory/environ; echo
    done 2>/dev/null
done | sort -u
"""


def test_every_microstep_killed_in_the_middle(box: Container) -> None:
    """The runner is killed in each microstep once; at last it is as if nothing had been."""
    #: Seconds into the microstep; the others are killed as soon as they have begun.
    middle = {"cluster": 0.9, "start": 0.1, "oar": 0.12, "reach": 0.15, "create": 0.3, "server": 0.1}
    killed = []
    for number in range(STEPS):
        process = box.start("kameleon-tui", "firstboot", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        name = wait_for_step(box, process, number)
        if name:
            time.sleep(middle.get(name, 0.0))
            # The program itself, not nsenter: as if the machine's owner had done it.
            pids = box.run("pgrep", "-f", "wizard firstboot").stdout.split()
            box.run("kill", "-KILL", *pids)
            killed.append(number)
        process.wait(20)
    assert len(killed) >= STEPS - 2, killed
    expect_done(first_boot(box), box)
    box.sh(IDENTITY)
    state = box.sh(STATE)
    with tempfile.TemporaryDirectory(dir="/tmp") as other:
        Path(other).chmod(0o755)
        with container(Path(other)) as undisturbed:
            expect_done(first_boot(undisturbed), undisturbed)
            assert undisturbed.sh(STATE) == state


def wait_for_step(box: Container, process: subprocess.Popen[str], number: int) -> str:
    """Until the step runs in this process: its name, "" when the process ended before."""
    already = len(box.events())
    names: list[str] = []
    while process.poll() is None:
        events = box.events()
        for event in events[already:] if len(events) >= already else events:
            if event["event"] == "run":
                names = [step["name"] for macro in event["macrosteps"] for step in macro["steps"]]
            if event["event"] == "step" and event["state"] == "begin" and event["step"] >= number and names:
                return str(names[event["step"]])
        time.sleep(0.005)
    return ""


def test_a_database_that_does_not_start_is_told_and_waited_for_no_longer_than_needed(box: Container) -> None:
    # Every setting in this file that pg_createcluster does not know itself goes into the cluster's configuration.
    box.sh("echo \"shared_preload_libraries = 'none_such'\" >>/etc/postgresql-common/createcluster.conf")
    began = time.monotonic()
    done = first_boot(box)
    assert time.monotonic() - began < 60
    assert done.returncode == 1
    line = done.stdout.strip().splitlines()[-1]
    assert re.fullmatch(
        rf"kameleon: first boot failed at database/start: PostgreSQL ended again \(exit status 1\); log: {RUN}/logs/.*",
        line,
    ), line
    assert "none_such" in box.log()
    # Mended, it goes on where it was.
    box.sh("sed -i '/none_such/d' /etc/postgresql/15/main/postgresql.conf")
    expect_done(first_boot(box), box)


def test_a_database_that_does_not_answer_has_a_limit(box: Container) -> None:
    box.sh("sed -i 's/^  database_timeout:.*/  database_timeout: \"6\"/' "
           "/usr/lib/kameleon-tui/recipes/firstboot/both.yaml")  # fmt: skip
    # It starts, and is never ready.
    box.path("/usr/bin/pg_ctlcluster").rename(box.path("/usr/bin/pg_ctlcluster.real"))
    starter = box.path("/usr/bin/pg_ctlcluster")
    starter.write_text("#!/bin/sh\ntouch /var/lib/postgresql/15/main/postmaster.pid\n")
    starter.chmod(0o755)
    done = first_boot(box)
    assert done.returncode == 1
    assert "failed at database/start: PostgreSQL did not answer within 6 s" in done.stdout
    assert "waiting for PostgreSQL, 6 s at most" in box.log()
    box.sh("mv /usr/bin/pg_ctlcluster.real /usr/bin/pg_ctlcluster; rm /var/lib/postgresql/15/main/postmaster.pid")
    expect_done(first_boot(box), box)


def test_a_name_with_dots_in_place_of_an_earlier_one(box: Container) -> None:
    box.path("/etc/hostname").write_text("head-1.cluster.example.org\n")
    box.path("/etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 earlier\n10.0.0.7 head-1.cluster.example.org\n")
    done = first_boot(box)
    assert done.returncode == 0, done.stdout + box.log()
    assert "first boot done: role=both host=head-1.cluster.example.org resources=" in done.stdout
    assert box.path("/etc/hosts").read_text() == (
        "127.0.1.1 head-1.cluster.example.org head-1\n127.0.0.1 localhost\n10.0.0.7 head-1.cluster.example.org\n"
    )
    assert box.sh("oarnodes -s").startswith("head-1.cluster.example.org")


def test_answers_of_the_kernel_command_line(box: Container) -> None:
    box.path("/line").write_text(
        "BOOT_IMAGE=/live/vmlinuz boot=live kameleon.hostname=node7 kameleon.keymap=ch:fr "
        "kameleon.timezone=Europe/Paris kameleon.hostname=$(reboot) kameleon.colour=red\n"
    )
    box.sh("rm /etc/kameleon-tui/firstboot; mount --bind /line /proc/cmdline")
    done = first_boot(box, "--json")
    assert done.returncode == 0, done.stderr + box.log()
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event for event in events if event["event"] != "output"] == box.events()
    assert "first boot done: role=both host=node7 resources=" in done.stderr
    assert "kameleon.hostname='$(reboot)' on the kernel command line is no host name" in done.stderr
    assert "kameleon.colour on the kernel command line is not known and ignored" in done.stderr
    assert box.sh("cat /etc/hostname /proc/sys/kernel/hostname").split() == ["node7", "node7"]
    assert box.sh("readlink /etc/localtime; cat /etc/timezone").split() == [
        "/usr/share/zoneinfo/Europe/Paris",
        "Europe/Paris",
    ]
    assert box.sh("grep -E '^XKB(LAYOUT|VARIANT)' /etc/default/keyboard").split() == [
        'XKBLAYOUT="ch"',
        'XKBVARIANT="fr"',
    ]
    assert 'XKBMODEL="pc105"' in box.path("/etc/default/keyboard").read_text()


def test_another_tree_is_configured_in_a_chroot(box: Container) -> None:
    """--root: names and files of that tree, not of the system."""
    box.sh(
        "mkdir /other; mount --bind / /other; for name in proc sys dev run; do mount --rbind /$name /other/$name; done"
    )
    box.sh("rm /etc/kameleon-tui/firstboot")
    refused = first_boot(box)
    assert refused.returncode == 3
    assert "no live system" in refused.stderr
    assert "mkdir -p /etc/kameleon-tui; touch /etc/kameleon-tui/firstboot" in refused.stderr
    done = first_boot(box, "--root", "/other")
    expect_done(done, box)
    # The kernel's name is not the tree's.
    assert box.sh("cat /proc/sys/kernel/hostname /other/etc/hostname").split() == ["localhost", "kameleon"]


def test_the_plan_is_canonical_and_writes_nothing(box: Container) -> None:
    files = "find / -xdev ! -name '*.pyc' ! -name __pycache__ -printf '%p %y %s %T@\n' | sort"
    box.run("kameleon-tui", "--version")  # what Python keeps of its own stands there now
    before = box.sh(files)
    first = first_boot(box, "--dry-run", "--json").stdout
    assert first == first_boot(box, "--dry-run", "--json", "--defaults").stdout
    plan = json.loads(first)
    assert first == json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    assert plan["answers"] == {"hostname": "kameleon", "keymap": "us", "role": "both", "timezone": "Etc/UTC"}
    assert len(plan["steps"]) == STEPS
    assert not box.path(RUN).exists()
    assert [line for line in box.sh(files).split("\n") if line not in before and "kameleon-tui" not in line] == []


@pytest.mark.long
def test_with_systemd_the_unit_does_it_before_the_login(work: Path) -> None:
    def enabled(tree: Path) -> None:
        """As in an image: OAR's and PostgreSQL's services are enabled, too."""
        units = tree / "etc/systemd/system"
        shutil.copytree(tree / "usr/lib/kameleon-tui/recipes/firstboot/system", units, dirs_exist_ok=True)
        (units / "multi-user.target.wants/kameleon-firstboot.service").symlink_to("../kameleon-firstboot.service")

    with container(work, "systemd", enabled) as box:
        box.sh("until systemctl is-active --quiet multi-user.target; do sleep 0.5; done", timeout=120)
        journal = box.sh("journalctl --unit kameleon-firstboot --output cat")
        assert DONE.search(journal), journal + box.log()
        assert box.sh("systemctl is-active oar-server oar-node postgresql@15-main ssh").split() == ["active"] * 4
        assert "OAR database seems not ready" not in box.sh("journalctl --output cat")
        assert box.sh("systemctl list-units --failed --plain --no-legend") == ""
        box.sh("systemd-analyze verify kameleon-firstboot.service")
        # The prompts wait for this target, and it for the first boot.
        first, prompts = (
            int(box.sh(f"systemctl show --property {name} --value {unit}"))
            for name, unit in (
                ("ActiveEnterTimestampMonotonic", "kameleon-firstboot"),
                ("ActiveEnterTimestampMonotonic", "getty-pre.target"),
            )
        )
        assert 0 < first <= prompts
        # The passwords are in nobody's journal.
        for line in box.path("/etc/oar/oar.conf").read_text().splitlines():
            if line.startswith("DB_BASE_PASSWD"):
                assert line.split('"')[1] not in box.sh("journalctl --output export")
