"""Where answers may come from besides a person: a file, a labelled medium, a URL. All of it is data, and untrusted.

/path/answers.yaml          a file of the system
LABEL=NAME:/answers.yaml    a file on the file system with that label, which is mounted read-only meanwhile
https://host/answers.yaml   from the network; #sha256=HEX behind it is what the file must be, and has to be there
                            with http://
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from wizard.errors import MACHINE, UserError

#: Of a file of answers, in bytes: a fleet of a thousand machines with keys is some hundred KB.
_LARGEST = 4 << 20
#: Where udev names file systems by their labels.
_LABELS = Path("/dev/disk/by-label")
#: Seconds for a medium to be found, and for the network to be there.
_PATIENCE = 30.0


def fetch(where: str, *, wait: float = _PATIENCE, now: Callable[[], float] = time.monotonic) -> tuple[str, str]:
    """(text, its name for messages). UserError says what is wrong with `where`, or what was not there in time."""
    if where.startswith("LABEL="):
        data = _from_medium(where, wait, now)
    elif re.match(r"https?://", where):
        data = _from_network(where, wait, now)
    elif where.startswith("/"):
        data = _read(where, where)
    else:
        raise UserError(
            f"answers: {where[:200]!a} is no place of a file",
            hint="/path, LABEL=NAME:/path, or https://host/path#sha256=HEX",
        )
    try:
        return data.decode("utf-8-sig"), where.partition("#")[0]
    except UnicodeDecodeError as error:
        raise UserError(f"{where}: is not UTF-8 text (byte {error.start})") from error


def _read(path: str, name: str) -> bytes:
    try:
        # A fifo would hold us.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not os.path.isfile(f"/proc/self/fd/{descriptor}"):
                raise UserError(f"{name}: is not a regular file")
            return _whole(stream.read(_LARGEST + 1), name)
    except OSError as error:
        raise UserError(f"{name}: {error.strerror}") from error


def _whole(data: bytes, name: str) -> bytes:
    if len(data) > _LARGEST:
        raise UserError(f"{name}: is larger than {_LARGEST >> 20} MB: no file of answers")
    return data


def _from_medium(where: str, wait: float, now: Callable[[], float]) -> bytes:
    label, colon, path = where.removeprefix("LABEL=").partition(":")
    if not (label and colon and path.startswith("/")):
        raise UserError(f"answers: {where[:200]!a} names no file on a medium", hint="LABEL=NAME:/path")
    device = _LABELS / udev_name(label)
    end = now() + wait
    while not device.exists():
        if now() >= end:
            raise UserError(f"{where}: no file system with the label {label!a} came within {wait:g} s", status=MACHINE)
        time.sleep(0.2)
    with tempfile.TemporaryDirectory(prefix="kameleon-answers-") as directory:
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _READ_MEDIUM,
             "sh", str(device), directory, path, str(_LARGEST + 1)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise UserError(f"{where}: {ascii(' '.join(said))[1:-1] or 'cannot be read'}", status=MACHINE)
    return _whole(done.stdout, where)


#: DEVICE DIRECTORY PATH BYTES. The mount is in a namespace of its own, and gone with it, whatever happens to us. What a
#: link on the medium names must be on the medium.
_READ_MEDIUM = """
mount -o ro,nosuid,nodev,noexec -- "$1" "$2" || exit 1
real=$(realpath -e -- "$2$3") || exit 1
case $real in
"$2"/*) ;;
*) echo 'leads away from the medium' >&2; exit 1 ;;
esac
if ! test -f "$real"; then echo 'is not a regular file' >&2; exit 1; fi
exec head -c "$4" -- "$real"
"""


def udev_name(label: str) -> str:
    """A label as udev writes it in /dev/disk/by-label: of ASCII only letters, digits and #+-.:=@_ as they are."""
    return "".join(
        one if not one.isascii() or one.isalnum() or one in "#+-.:=@_" else f"\\x{ord(one):02x}" for one in label
    )


def _from_network(where: str, wait: float, now: Callable[[], float]) -> bytes:
    import http.client
    import urllib.error
    import urllib.request

    address, _, fragment = where.partition("#")
    wanted = re.fullmatch(r"sha256=([0-9a-fA-F]{64})", fragment)
    if fragment and not wanted:
        raise UserError(f"answers: {fragment[:80]!a} is no checksum", hint="#sha256= and 64 hexadecimal digits")
    if not wanted and not address.startswith("https:"):
        raise UserError(
            f"{address}: without a checksum nobody can tell who wrote it", hint="add #sha256=HEX, or use https"
        )
    end = now() + wait
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                if not wanted and not answer.url.startswith("https:"):
                    raise UserError(f"{address}: leads to {answer.url[:200]!a}, which anybody may have written")
                data = _whole(answer.read(_LARGEST + 1), address)
            break
        except urllib.error.HTTPError as error:
            raise UserError(
                f"{address}: the server answers {error.code} {ascii(error.reason)[1:-1]}", status=MACHINE
            ) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            # The network may be on its way.
            if now() >= end or isinstance(error, ValueError):
                reason = getattr(error, "reason", error)
                raise UserError(f"{address}: {reason}", status=MACHINE) from error
            time.sleep(1)
    if wanted and hashlib.sha256(data).hexdigest() != wanted.group(1).lower():
        raise UserError(f"{address}: is not what was meant: its sha256 is {hashlib.sha256(data).hexdigest()}")
    return data
