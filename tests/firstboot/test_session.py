"""Several consoles, one first boot: who answers, who takes over, who applies."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firstboot.recorded import readers, tree
from wizard.errors import UserError
from wizard.firstboot.member import Member, started
from wizard.firstboot.session import Session, Turn
from wizard.firstboot.shared import Ended, Shared
from wizard.firstboot.sitting import sit_down


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Consoles:
    """Each is a process of its own, that sleeps; what it would do, this one does."""

    def __init__(self, root: Path, state: Path) -> None:
        self.root, self.state, self.clock = tree(root), state, Clock()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def sit(self, name: str, timeout: float = 30) -> Session:
        process = subprocess.Popen(["sleep", "1000"])
        self.processes[name] = process
        start = started(process.pid)
        assert start is not None
        sitting = sit_down(self.root, command_line="", readers=readers(), timeout=timeout, clock=self.clock)
        session = Session(sitting, Member(name, process.pid, start), self.state)
        session.join()
        return session

    def kill(self, name: str) -> None:
        """As kill -9; nobody takes note of its end."""
        self.processes[name].kill()
        os.waitid(os.P_PID, self.processes[name].pid, os.WEXITED | os.WNOWAIT)


@pytest.fixture
def consoles(tmp_path: Path) -> Iterator[Consoles]:
    (tmp_path / "tree").mkdir()
    found = Consoles(tmp_path / "tree", tmp_path / "run")
    yield found
    for process in found.processes.values():
        process.kill()
        process.wait()


def role(session: Session) -> object:
    return session.sitting.flow.values()["role"]


def say(session: Session, value: str) -> None:
    session.sitting.flow.go("role")
    assert session.sitting.flow.answer(value) == ""
    session.sitting.flow.next()


def test_nobody_owns_it_before_the_first_key_and_all_count_down_to_the_same_end(consoles: Consoles) -> None:
    one = consoles.sit("tty1")
    consoles.clock.now += 7
    two = consoles.sit("ttyS0", timeout=100)
    assert (one.look(), two.look()) == (Turn.FREE, Turn.FREE)
    assert one.sitting.countdown.left == two.sitting.countdown.left == 23


def test_the_first_key_owns_it(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    assert two.key()
    two.sitting.countdown.key()
    assert two.look() is Turn.OURS
    assert not one.key()
    assert one.look() is Turn.ELSEWHERE
    assert one.where == "ttyS0"
    assert two.key()


def test_who_claims_it_goes_on_where_the_other_was(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    one.key()
    one.sitting.countdown.key()
    say(one, "node")
    assert one.look() is Turn.OURS
    assert two.look() is Turn.ELSEWHERE
    assert role(two) == "both"
    consoles.clock.now += 5
    assert two.claim()
    assert role(two) == "node"
    assert two.sitting.flow.state() == one.sitting.flow.state()
    assert two.sitting.countdown.stopped
    assert (two.look(), one.look(), one.where) == (Turn.OURS, Turn.ELSEWHERE, "ttyS0")
    # What the first types meanwhile changes nothing of it.
    say(one, "server")
    assert one.look() is Turn.ELSEWHERE
    assert one.claim()
    assert role(one) == "node"


def test_a_dead_owner_is_noticed(consoles: Consoles) -> None:
    one, two, three = (consoles.sit(name) for name in ("tty1", "ttyS0", "ttyS1"))
    one.key()
    say(one, "server")
    one.look()
    assert two.look() is Turn.ELSEWHERE
    consoles.kill("tty1")
    # The one that came first answers then, whoever notices, whenever it looks, and whatever is pressed elsewhere.
    assert (three.look(), three.where) == (Turn.ELSEWHERE, "ttyS0")
    assert not three.key()
    assert two.look() is Turn.OURS
    assert role(two) == "server"
    assert three.look() is Turn.ELSEWHERE
    consoles.kill("ttyS0")
    assert three.look() is Turn.OURS
    assert role(three) == "server"


def test_what_is_pressed_where_a_dead_owner_was_not_noticed_yet_counts(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    one.key()
    say(one, "server")
    one.look()
    consoles.kill("tty1")
    assert two.key()
    assert role(two) == "server"
    assert two.look() is Turn.OURS


def test_who_leaves_before_it_knows_that_it_answers_changes_no_answer(consoles: Consoles) -> None:
    one, two, three = (consoles.sit(name) for name in ("tty1", "ttyS0", "ttyS1"))
    one.key()
    say(one, "server")
    one.look()
    consoles.kill("tty1")
    two.leave()
    assert three.look() is Turn.OURS
    assert role(three) == "server"


def test_who_comes_when_the_owner_is_dead_comes_last(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    one.key()
    consoles.kill("tty1")
    late = consoles.sit("ttyS1")
    assert (late.look(), late.where) == (Turn.ELSEWHERE, "ttyS0")
    assert two.look() is Turn.OURS


def test_a_process_of_the_same_number_is_another_one(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    one.leave()
    one.me = Member("tty1", one.me.pid, one.me.start + 1)
    one.join()
    assert one.key()
    assert two.look() is Turn.OURS


def test_who_leaves_makes_room_and_keeps_the_answers(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    one.key()
    say(one, "node")
    one.leave()
    assert two.look() is Turn.FREE
    assert role(two) == "node"
    assert two.key()
    assert two.look() is Turn.OURS
    two.leave()
    assert not (consoles.state / "firstboot.json").exists()


def test_what_dead_processes_have_left_is_forgotten(consoles: Consoles) -> None:
    one = consoles.sit("tty1")
    one.key()
    say(one, "node")
    one.look()
    consoles.kill("tty1")
    two = consoles.sit("ttyS0")
    assert two.look() is Turn.FREE
    assert role(two) == "both"


def test_it_is_applied_once(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    assert one.apply()
    assert one.apply()
    assert not two.apply()
    assert (two.look(), two.where) == (Turn.APPLIED, "tty1")
    assert not two.claim()
    one.give_up()
    assert two.look() is Turn.FREE
    assert two.apply()


def test_who_was_killed_while_applying_holds_nobody(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    one.key()
    assert one.apply()
    one.look()
    assert two.look() is Turn.APPLIED
    consoles.kill("tty1")
    assert two.look() is Turn.OURS
    assert two.apply()


RACE = """
import sys
from pathlib import Path
from tests.firstboot.recorded import readers
from wizard.firstboot.member import this_process
from wizard.firstboot.session import Session
from wizard.firstboot.sitting import sit_down
root, state, start = map(Path, sys.argv[1:])
sitting = sit_down(root, command_line="", readers=readers())
session = Session(sitting, this_process(), state)
session.join()
print("ready", flush=True)
sys.stdin.readline()
print(session.key(), session.apply(), flush=True)
sys.stdin.readline()
"""


def test_of_many_at_the_same_moment_one_answers_and_one_applies(tmp_path: Path) -> None:
    tree(tmp_path / "tree")
    words = [sys.executable, "-c", RACE, str(tmp_path / "tree"), str(tmp_path / "run"), ""]
    racers = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        for _ in range(4)
    ]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        said = [racer.stdout.readline().split() for racer in racers if racer.stdout is not None]
    finally:
        for racer in racers:
            racer.communicate("\n", timeout=20)
    assert sorted(owns for owns, _ in said) == ["False"] * 3 + ["True"]
    assert sorted(applies for _, applies in said) == ["False"] * 3 + ["True"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"owner": 3, "members": 4}', '{"owner": {"pid": "x"}}',
                                  '{"owner": null, "flow": {"given": 3}, "countdown": {}}'])  # fmt: skip
def test_a_damaged_state_keeps_nobody_from_answering(consoles: Consoles, text: str) -> None:
    one = consoles.sit("tty1")
    (consoles.state / "firstboot.json").write_text(text)
    (consoles.state / "firstboot.applying").write_text(text)
    assert one.look() is Turn.FREE
    assert one.key()
    assert one.look() is Turn.OURS
    say(one, "node")
    one.look()
    assert json.loads((consoles.state / "firstboot.json").read_text())["owner"]["console"] == "tty1"
    assert one.apply()


def test_where_nothing_can_be_written_each_answers_for_itself(consoles: Consoles) -> None:
    consoles.state.write_text("no directory")
    one = consoles.sit("tty1")
    assert one.look() is Turn.FREE
    assert one.key()
    assert one.apply()
    one.leave()


def test_a_lock_that_is_held_holds_nobody_for_long(consoles: Consoles) -> None:
    one = consoles.sit("tty1")
    one.key()
    with (consoles.state / "firstboot.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        begun = time.monotonic()
        say(one, "node")
        assert one.look() is Turn.OURS
        assert time.monotonic() - begun < 5
    one.look()
    two = consoles.sit("ttyS0")
    assert two.claim()
    assert role(two) == "node"


def test_who_looks_never_sees_half_a_state(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    one.key()
    end = threading.Event()

    def write() -> None:
        for number in range(200):
            say(one, ("node", "server")[number % 2])
            one.look()
        end.set()

    writer = threading.Thread(target=write)
    writer.start()
    turns = set()
    while not end.is_set():
        turns.add(two.look())
    writer.join()
    assert turns == {Turn.ELSEWHERE}


def test_nobody_else_reads_the_answers(consoles: Consoles) -> None:
    consoles.sit("tty1").key()
    assert (consoles.state / "firstboot.json").stat().st_mode & 0o077 == 0


def test_a_stopped_process_is_alive(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    one.key()
    consoles.processes["tty1"].send_signal(signal.SIGSTOP)
    assert two.look() is Turn.ELSEWHERE
    assert two.claim()


def test_with_nobody_asked_it_is_applied_once_too(consoles: Consoles) -> None:
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    with one.carry_out():
        assert two.look() is Turn.APPLIED
        with pytest.raises(UserError, match="carried out on tty1"), two.carry_out():
            pass
    with two.carry_out():
        pass
    assert one.look() is Turn.FREE


def test_the_countdown_of_all_begins_as_each_console_shows_it(consoles: Consoles) -> None:
    leader = consoles.sit("nowhere")
    leader.lead()
    one, two = consoles.sit("tty1"), consoles.sit("ttyS0")
    consoles.clock.now += 25
    assert [each.look() for each in (one, two)] == [Turn.FREE] * 2
    assert one.sitting.countdown.words() == ""
    one.shown()
    consoles.clock.now += 7
    assert two.look() is Turn.FREE
    assert two.sitting.countdown.left == 23
    two.shown()
    consoles.clock.now += 3
    for each in (one, two):
        each.shown()  # it is said once
    leader.shown(anywhere=False)
    assert [each.look() for each in (one, two)] == [Turn.FREE] * 2
    assert leader.watch() is Turn.FREE
    assert [each.sitting.countdown.left for each in (leader, one, two)] == [27] * 3


def test_where_no_console_shows_it_the_leader_begins_to_count(consoles: Consoles) -> None:
    leader = consoles.sit("nowhere")
    leader.lead()
    leader.shown(anywhere=False)
    consoles.clock.now += 31
    assert leader.sitting.countdown.over


def test_what_nobody_answers_the_leader_carries_out(consoles: Consoles) -> None:
    leader = consoles.sit("nowhere")
    leader.lead()
    one = consoles.sit("tty1")
    one.shown()
    assert one.look() is Turn.FREE
    assert one.led
    consoles.clock.now += 31
    assert leader.watch() is Turn.FREE
    assert leader.sitting.countdown.over
    assert leader.apply(for_nobody=True)
    assert one.look() is Turn.APPLIED
    assert one.where == ""


def test_a_key_in_the_last_moment_counts(consoles: Consoles) -> None:
    leader = consoles.sit("nowhere")
    leader.lead()
    one = consoles.sit("tty1")
    one.shown()
    one.look()
    assert leader.watch() is Turn.FREE
    assert one.key()
    consoles.clock.now += 31
    assert not leader.apply(for_nobody=True)
    assert leader.watch() is Turn.ELSEWHERE
    # It is not led any more: at its own countdown's end it carries the answers out itself.
    one.look()
    assert not one.led


def test_the_leader_never_answers_and_keeps_what_was_said(consoles: Consoles) -> None:
    leader = consoles.sit("nowhere")
    leader.lead()
    one = consoles.sit("tty1")
    one.key()
    say(one, "node")
    one.look()
    consoles.kill("tty1")
    assert leader.watch() is Turn.FREE
    assert leader.watch() is Turn.FREE
    assert role(leader) == "node"


def test_a_dead_owner_is_followed_by_a_console_while_one_leads(consoles: Consoles) -> None:
    leader = consoles.sit("nowhere")
    leader.lead()
    one, two, three = (consoles.sit(name) for name in ("tty1", "ttyS0", "ttyS1"))
    two.key()
    say(two, "node")
    two.look()
    consoles.kill("ttyS0")
    # Whoever looks first: nobody is free to take it, and the leader carries out nothing.
    assert (leader.watch(), leader.where) == (Turn.ELSEWHERE, "tty1")
    assert not leader.apply(for_nobody=True)
    assert three.look() is Turn.ELSEWHERE
    assert not three.key()
    assert one.look() is Turn.OURS
    assert not one.led
    assert [role(each) for each in (leader, one)] == ["node"] * 2


def test_how_it_ended_is_told_to_who_leads(consoles: Consoles) -> None:
    leader = consoles.sit("nowhere")
    one = consoles.sit("tty1")
    Shared(consoles.state).tell_leader(1, ["nobody leads"])
    leader.lead()
    assert leader.ended() is None
    Shared(consoles.state).tell_leader(3, ["a line", "another"])
    assert leader.ended() == Ended(3, ["a line", "another"])
    one.leave()
    leader.leave()
    assert sorted(path.name for path in consoles.state.iterdir()) == ["firstboot.lock"]
