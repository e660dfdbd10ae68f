"""Other machines, over ssh, many at once: each runs a few lines of sh that send its files back as one stream.

Nothing is installed over there: a shell and head, which BusyBox has, too. What comes back is data, looked at here.
"""

from __future__ import annotations

import os
import re
import selectors
import shlex
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from wizard.machine.detect import machine_of
from wizard.machine.files import PATTERNS, PCI_CLASSES, PCI_FILES, UDEV_PCI, Stream
from wizard.machine.model import Machine

#: The last file asked for: where it is, the answer is whole.
_LAST = "proc/sys/kernel/ostype"
#: 256 cores and 128 interfaces are 60 kB; whoever sends more than this sends something else.
_MOST = 16 << 20
_HEADER = re.compile(r"^==> (.+) <==$", re.M)

#: head -v names each file before its text. One process for all files: a `cat` each would be 1300 on 256 cores. (Above
#: 8000 files, what one command line holds would be exceeded. tail ends at the first file that cannot be read, which the
#: speed of an interface without a link cannot.)
SCRIPT = f"""\
exec 2>/dev/null
cd / || exit 1
set --
for d in sys/bus/pci/devices/*; do
  read -r class <"$d/class" || continue
  case $class in {"|".join(f"{start}*" for start in PCI_CLASSES)})
    set -- "$@" {" ".join(f'"$d/{name}"' for name in PCI_FILES)} "{UDEV_PCI}${{d##*/}}" ;;
  esac
done
set -- {" ".join(PATTERNS)} "$@" {_LAST}
if [ $# -gt 8000 ]; then printf '%s\\n' "$@" | xargs head -v -n 99999 --; exit; fi
exec head -v -n 99999 -- "$@"
"""

#: After the words of whoever calls, which win. Of a key exchange OpenSSH's default (sntrup761) was 84 of the 96 ms that
#: a connection took a processor, and what is exchanged here is no secret for decades.
_OPTIONS = ("-T", "-a", "-x", "-oBatchMode=yes", "-oKexAlgorithms=^curve25519-sha256", "-oForwardAgent=no")

#: [user@]name, name, address: nothing that a ProxyCommand would run.
_DESTINATION = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9_:][A-Za-z0-9_.:%-]*")


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one host: its machine, or `why` there is none."""

    host: str
    machine: Machine | None
    why: str = ""


def can_be_reached(host: str) -> bool:
    """Whether this is a name that ssh can be given."""
    return _DESTINATION.fullmatch(host) is not None


@dataclass
class _Call:
    host: str
    process: subprocess.Popen[bytes]
    deadline: float
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    open: int = 2
    why: str = ""

    def end(self, why: str) -> None:
        self.why = self.why or why
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # with a ProxyCommand's process
        except ProcessLookupError:
            pass


def ask(hosts: Sequence[str], *, ssh: str = "ssh", limit: float = 20, parallel: int = 64) -> Iterator[Answer]:
    """An answer a host, in the order in which they come. `ssh`: the command, with options of one's own; `limit`:
    seconds for each host; `parallel`: how many at once. A host that does not answer costs no other one anything."""
    words = [*shlex.split(ssh), *_OPTIONS, f"-oConnectTimeout={max(1, int(limit))}", "--"]
    waiting = deque(hosts)
    calls: dict[int, _Call] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or calls:
                while waiting and len(calls) < parallel:
                    host = waiting.popleft()
                    try:
                        call = _start(host, words, limit)
                    except OSError as error:
                        yield Answer(host, None, f"{words[0]} could not be started: {error.strerror or error}")
                        continue
                    calls[call.process.pid] = call
                    for stream, kept in ((call.process.stdout, call.out), (call.process.stderr, call.err)):
                        assert stream is not None
                        selector.register(stream, selectors.EVENT_READ, (call, kept))
                if not calls:
                    continue
                now = time.monotonic()
                nearest = min(call.deadline for call in calls.values())
                for key, _ in selector.select(max(0.0, nearest - now)):
                    call, kept = key.data
                    data = os.read(key.fd, 1 << 16)
                    if data and len(kept) <= _MOST:
                        kept += data
                        continue
                    if data:
                        call.end("it sends without an end")
                    selector.unregister(key.fileobj)
                    call.open -= 1
                now = time.monotonic()
                for call in [call for call in calls.values() if not call.open or call.deadline <= now]:
                    if call.open:
                        call.end(f"it did not answer within {limit:g} s")
                        for key in [key for key in selector.get_map().values() if key.data[0] is call]:
                            selector.unregister(key.fileobj)
                    del calls[call.process.pid]
                    yield _answer(call, limit)
        finally:
            for call in calls.values():
                call.end("")
                _close(call)


def _start(host: str, words: list[str], limit: float) -> _Call:
    process = subprocess.Popen(
        [*words, host, "sh -s"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # no terminal to ask for a password at
    )
    assert process.stdin is not None
    try:
        process.stdin.write(SCRIPT.encode())  # less than a pipe holds: this waits for nobody
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended at once: its status and its words tell why
    return _Call(host, process, time.monotonic() + limit)


def _close(call: _Call) -> int:
    for stream in (call.process.stdout, call.process.stderr):
        assert stream is not None
        stream.close()
    try:
        return call.process.wait(2)
    except subprocess.TimeoutExpired:  # it closed its output and lives on
        call.end("")
        return call.process.wait()


def _answer(call: _Call, limit: float) -> Answer:
    status = _close(call)
    name = call.host.rpartition("@")[2]
    why = call.why
    if not why:
        text = call.out.decode("utf-8", "replace")
        try:
            return Answer(name, replace(parse(text, name), address=name))
        except ValueError as error:
            why = str(error)
        said = [line for line in call.err.decode("utf-8", "replace").splitlines() if line.strip()]
        if status == 255 and not text and said:  # ssh's own
            why = said[-1].strip()[:300]
        elif not text:
            why = f"it answered nothing (exit status {status})"
    return Answer(name, None, why)


def parse(text: str, host: str) -> Machine:
    """The machine of a stream of SCRIPT. ValueError for one that is garbage, or was cut off."""
    parts = _HEADER.split(text)
    if len(parts) < 3:
        raise ValueError(f"it answered something else: {' '.join(text.split())[:60]!r}")
    pairs = list(zip(parts[1::2], parts[2::2], strict=True))  # before the first: what the login says
    if pairs[-1][0] != _LAST or pairs[-1][1].strip() != "Linux":
        raise ValueError("its answer is not whole, or it is not Linux")
    return machine_of(Stream(host, ((path, content.strip("\n")) for path, content in pairs)))
