"""A network in which QEMU's machine starts from the files of the output type netboot: TFTP is QEMU's own, HTTP ours.

Only the standard library, as all of this room.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from wizard.errors import UserError

#: What the machine is given by TFTP, beside nothing else.
START = "start.ipxe"
#: How a machine behind QEMU's user network calls this one.
_HERE = "10.0.2.2"


@contextmanager
def served(script: Path, append: str = "") -> Iterator[Path]:
    """A directory with START, which makes the machine go on with `script` (iPXE), `append` added to its kernel's
    command line, and what it names beside it: these files, and no others, are served at a port of this machine's
    loopback until the end. UserError when one is missing.
    """
    text = script.read_text(errors="replace")
    names = re.findall(r"\$\{base\}/(\S+)", text)
    files = {name: script.with_name(name) for name in names if "/" not in name}
    missing = [name for name, file in files.items() if not file.is_file()]
    if missing:
        raise UserError(
            f"{script}: it starts {', '.join(missing)}: not beside it",
            hint="kameleon-tui build RECIPE --type netboot makes them all",
        )
    with (
        tempfile.TemporaryDirectory(prefix="kameleon-netboot-") as directory,
        ThreadingHTTPServer(("127.0.0.1", 0), _handler(files)) as server,
    ):
        base = f"http://{_HERE}:{server.server_address[1]}"
        files["script"] = Path(directory, "script")
        files["script"].write_text(re.sub(r"^kernel .*", lambda line: f"{line[0]} {append}".rstrip(), text, flags=re.M))
        Path(directory, START).write_text(f"#!ipxe\nset base {base}\nchain ${{base}}/script\n")
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield Path(directory)
        finally:
            server.shutdown()
            thread.join()


def _handler(files: Mapping[str, Path]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            file = files.get(unquote(self.path).removeprefix("/"))
            if file is None:
                self.send_error(404)
                return
            with file.open("rb") as stream, suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(200)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(file.stat().st_size))
                self.end_headers()
                if with_body:
                    shutil.copyfileobj(stream, self.wfile, 1 << 20)

        def log_message(self, format: str, *args: object) -> None:
            """The terminal is the guest's."""

    return Handler
