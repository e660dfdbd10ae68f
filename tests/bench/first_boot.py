"""The first boot against what an administrator would type, in the same emulator: `python -m tests.bench first_boot`.

Six starts of the ISO, one after the other, a minute or three each; needs root.
"""

from __future__ import annotations

import base64
import re
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.harness import Row, need_root
from tests.boot.guest import Guest
from tests.image.iso import built_iso, locked

#: Seconds that a start of an emulated machine, or the typed sequence in it, may take.
LIMIT = 1800
RUNS = 3
OFF = "systemd.mask=kameleon-firstboot.service"


@contextmanager
def _machine(iso: Path, append: str) -> Iterator[tuple[Guest, float]]:
    """A machine at its prompt, and quiet; seconds that systemd took until everything had started."""
    with tempfile.TemporaryDirectory() as directory:
        guest = Guest(iso, Path(directory, "serial.log"), "--append", append)
        try:
            guest.log_in(LIMIT)
            guest.run("sudo systemctl is-system-running --wait || :", LIMIT)
            began, ended = (
                int(guest.run(f"systemctl show --value --property {words}"))
                for words in ("UserspaceTimestampMonotonic", "ActiveEnterTimestampMonotonic multi-user.target")
            )
            yield guest, (ended - began) / 1e6
        finally:
            guest.close()


def _by_hand(iso: Path) -> tuple[float, float, float]:
    """Seconds of a start without a first boot, of what packages do on an installed system, and of what is typed."""
    script = base64.b64encode(Path(__file__).with_name("by_hand.sh").read_bytes()).decode()
    with _machine(iso, OFF) as (guest, start):
        guest.run(": >by_hand")
        for at in range(0, len(script), 1000):  # a terminal takes 4095 characters a line
            guest.run(f"printf %s {script[at : at + 1000]} >>by_hand")
        said = guest.run("base64 -d by_hand >script; sudo bash script </dev/null 2>&1", LIMIT)
        found = dict(re.findall(r"^(prepared|configured) ([0-9.]+)", said, re.M))
        if set(found) != {"prepared", "configured"} or said.count(" : Alive") != 2:
            raise RuntimeError(f"the typed sequence did not work:\n{said}")
        return start, float(found["prepared"]), float(found["configured"])


def _by_itself(iso: Path) -> float:
    """Seconds of a start with a first boot."""
    with _machine(iso, "kameleon.defaults") as (guest, start):
        if "first boot done: role=both host=kameleon resources=2" not in guest.text:
            raise RuntimeError("the first boot failed")
        return start


def rows() -> Iterator[Row]:
    need_root()
    iso = built_iso()
    with locked("qemu"):
        # In turn, and the median of each: one RSA key takes 5 to 25 s of an emulated processor.
        runs = [(_by_itself(iso), *_by_hand(iso)) for _ in range(RUNS)]
    with_it, without, prepared, typed = (statistics.median(column) for column in zip(*runs, strict=True))
    # Not what its unit takes: what begins early, beside the rest of the start, slows that down.
    ours = with_it - without
    detail = (
        f"{ours:.0f} s that a start takes longer ({with_it:.0f} s, without {without:.0f} s) against {typed:.0f} s for "
        f"OAR's tools typed one after the other (medians of {RUNS}); these find a database cluster, which the first "
        f"boot makes, too ({prepared:.0f} s by hand)"
    )
    yield Row("the first boot", ours / typed, "x", 0.4, detail)
