"""Functions of runtime.bash by themselves, where no run can be made to meet the moment that matters."""

from __future__ import annotations

import subprocess

from tests.contracts.tree import ROOT

# The second that an answer is waited for ends after its first bytes, then again before its last.
HARNESS = """
source <(sed -n '/^kt_answer()/,/^}/p' wizard/engine/runtime.bash)
declare -A kt_status_fd=([local]=21) kt_pid=([local]=$$)
exec 21< <(printf '7 1'; sleep 1.3; printf '2 some'; sleep 1.3; printf ' text\\0')
kt_answer local
printf '%s|%s|%s' "$kt_status" "$kt_line" "$kt_text"
"""


def test_an_answer_that_comes_in_pieces_is_one_answer() -> None:
    done = subprocess.run(["bash", "-c", HARNESS], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "7|12|some text", "")
