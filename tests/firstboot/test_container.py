"""The first boot with real PostgreSQL and OAR: it works, again and again, killed anywhere, and says what fails."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.firstboot.container import RUN, Container, container, expect_done, first_boot

pytestmark = pytest.mark.real

#: What must be the same however it came about.
STATE = """
stat -c '%n %U:%G %a' /etc/oar/oar.conf /etc/oar/oar_ssh_host_ed25519_key* /etc/oar/sshd_config /var/lib/oar/.ssh \
    /var/lib/oar/.ssh/authorized_keys /var/lib/oar/.ssh/id_ed25519* /var/lib/postgresql/15/main /etc/hosts \
    /etc/hostname /var/log/oar.log
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
cat /etc/oar/oar_ssh_host_ed25519_key.pub /var/lib/oar/.ssh/id_ed25519.pub
sed -n 's/^DB_BASE_PASSWD/&/p' /etc/oar/oar.conf | sha256sum
for key in /etc/oar/oar_ssh_host_ed25519_key /var/lib/oar/.ssh/id_ed25519; do
    test "$(ssh-keygen -y -f "$key" | cut -d' ' -f1,2)" = "$(cut -d' ' -f1,2 "$key.pub")"
done
"""


def steps(box: Container) -> list[str]:
    """MACROSTEP/MICROSTEP, in order."""
    plan = json.loads(first_boot(box, "--dry-run", "--json").stdout)
    return [f"{step['macrostep']}/{step['microstep']}" for step in plan["steps"]]


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
    again = [event["step"] for event in box.events() if event["event"] == "step" and event["state"] == "done"]
    assert again == list(range(len(steps(box))))
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


HOLD = """\
    - exec_local: while [[ $(cat /hold 2>/dev/null) == {}/{} ]]; do sleep 0.05; done
"""


def test_every_microstep_killed_in_the_middle(box: Container) -> None:
    """The runner is killed in each microstep once; at last it is as if nothing had been."""
    # Each stays at its end for as long as /hold names it: a quick one is killed when its work is done, and nobody told.
    for file in box.path("/usr/lib/kameleon-tui/recipes/firstboot/steps").glob("*.yaml"):
        head, *microsteps = re.split(r"(?m)^(?=- \w+:$)", file.read_text().rstrip("\n") + "\n")
        file.write_text(head + "".join(text + HOLD.format(file.stem, text[2 : text.index(":")]) for text in microsteps))
    #: Seconds into the microstep; the others are killed as soon as they have begun.
    middle = {"cluster": 0.9, "start": 0.1, "oar": 0.12, "node": 0.15, "create_resources": 0.3, "check_server": 0.1}
    for number, held in enumerate(steps(box)):
        box.path("/hold").write_text(held)
        process = box.start("kameleon-tui", "firstboot", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        step, name = wait_for_step(box, process, number)
        assert step == number, f"{name} was not caught; {box.log()[-2000:]}"
        time.sleep(middle.get(name, 0.0))
        # The program itself, not nsenter: as if the machine's owner had done it.
        box.run("kill", "-KILL", *box.run("pgrep", "-f", "wizard firstboot").stdout.split())
        process.wait(20)
        done = {event["step"] for event in box.events() if event["event"] == "step" and event["state"] == "done"}
        assert number not in done
        box.path("/hold").unlink()
    expect_done(first_boot(box), box)
    box.sh(IDENTITY)
    state = box.sh(STATE)
    with tempfile.TemporaryDirectory(dir="/tmp") as other:
        Path(other).chmod(0o755)
        with container(Path(other)) as undisturbed:
            expect_done(first_boot(undisturbed), undisturbed)
            assert undisturbed.sh(STATE) == state


def wait_for_step(box: Container, process: subprocess.Popen[str], number: int) -> tuple[int, str]:
    """Until that step or a later one runs in this process: its number and name; -1 when the process ended before."""
    already = len(box.events())
    names: list[str] = []
    while process.poll() is None:
        events = box.events()
        for event in events[already:] if len(events) >= already else events:
            if event["event"] == "run":
                names = [step["name"] for macro in event["macrosteps"] for step in macro["steps"]]
            if event["event"] == "step" and event["state"] == "begin" and event["step"] >= number and names:
                return event["step"], names[event["step"]]
        time.sleep(0.005)
    return -1, ""


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


def test_a_slow_database_is_waited_for(box: Container) -> None:
    box.path("/usr/bin/pg_ctlcluster").rename(box.path("/usr/bin/pg_ctlcluster.real"))
    starter = box.path("/usr/bin/pg_ctlcluster")
    starter.write_text(
        "#!/bin/sh\ntouch /var/lib/postgresql/15/main/postmaster.pid\n"
        '(sleep 8; rm /var/lib/postgresql/15/main/postmaster.pid; exec pg_ctlcluster.real "$@") >/dev/null 2>&1 &\n'
    )
    starter.chmod(0o755)
    expect_done(first_boot(box), box)
    assert "waiting for PostgreSQL, 90 s at most" in box.log()


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
    assert "kameleon.hostname='$(reboot)' on the kernel command line is ignored: '$(reboot)' is no host" in done.stderr
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
    expected = {"hostname": "kameleon", "keymap": "us", "network": "dhcp", "role": "both", "timezone": "Etc/UTC"}
    assert {name: plan["answers"][name] for name in expected} == expected
    assert len(plan["steps"]) > 15
    assert not box.path(RUN).exists()
    assert [line for line in box.sh(files).split("\n") if line not in before and "kameleon-tui" not in line] == []
