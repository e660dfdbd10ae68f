"""Functions of runtime.bash by themselves, where no run can be made to meet the moment that matters."""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time

from tests.contracts.tree import ROOT

# The second that an answer is waited for ends after its first bytes, then again before its last.
HARNESS = r"""
source <(sed -n '/^kt_answer\(ed\)*()/,/^}/p' wizard/engine/runtime.bash)
declare -A kt_status_fd=([local]=21) kt_pid=([local]=$$)
exec 21< <(printf '7 1'; sleep 1.3; printf '2 some'; sleep 1.3; printf ' text\0\1\0')
kt_answer local
printf '%s|%s|%s' "$kt_status" "$kt_line" "$kt_text"
"""


def test_an_answer_that_comes_in_pieces_is_one_answer() -> None:
    done = subprocess.run(["bash", "-c", HARNESS], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "7|12|some text", "")


# Answers that come just when the second of `read -t` is over, or a little before or after: bash 5.2 loses some NULs.
RACE = r"""
source <(sed -n '/^kt_answer\(ed\)*()/,/^}/p' wizard/engine/runtime.bash | sed 's/-t 1 /-t 0.02 /')
declare -A kt_status_fd=([local]=21) kt_pid=([local]=$$)
exec 21<&0
for ((i = 0; i < 400; i++)); do
    printf .
    kt_answer local
    printf '%s' "$kt_status"
done
"""


def test_an_answer_at_the_end_of_its_second_is_not_lost() -> None:
    chance = random.Random(0)
    with subprocess.Popen(["bash", "-c", RACE], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        killer = threading.Timer(60, shell.kill)
        killer.start()
        for number in range(400):
            assert shell.stdout.read(1) == b".", f"answer {number} did not arrive"
            moment = time.perf_counter() + 0.02 + chance.uniform(-0.0004, 0.0004)
            while time.perf_counter() < moment:
                pass
            os.write(shell.stdin.fileno(), b"%d 0 x\0\1\0" % (number % 10) if number % 2 else b"\0\1\0")
            assert shell.stdout.read(1) == (b"%d" % (number % 10) if number % 2 else b"0"), f"answer {number}"
        killer.cancel()
