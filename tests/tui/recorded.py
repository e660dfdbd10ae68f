"""Run directories as an engine writes them (docs/events.md), at a clock of our own: what the screens are tried on."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wizard.engine import control
from wizard.engine.runs import Run

BEGAN = 1_790_000_000.0  # seconds since the epoch

#: (section, macrostep, microsteps): the shape of a small Debian appliance.
SHAPE: list[tuple[str, str, list[str]]] = [
    ("bootstrap", "debian", ["check_tools", "find_mirror", "make_root"]),
    ("setup", "configure", ["hostname", "locales", "packages", "clean_apt"]),
    ("export", "tar", ["pack", "checksum"]),
]


class Recorder:
    """Writes a run directory step by step; `now` is the clock of its events, and of the screen that reads them."""

    def __init__(self, runs: Path, name: str = "hello-20260921-101320-3f2a", shape: Any = None) -> None:
        self.path = runs / name
        self.run = Run(self.path)
        self.now = BEGAN
        self.shape = SHAPE if shape is None else shape
        self.steps = [(number, step) for number, (_, _, steps) in enumerate(self.shape) for step in steps]
        (self.path / "logs").mkdir(parents=True)
        self._macro_began = BEGAN
        self._lock: int | None = None

    def clock(self) -> float:
        return self.now

    def event(self, event: str, **fields: Any) -> None:
        line = json.dumps({"v": 1, "t": self.now, "event": event, **fields})
        with (self.path / "events.jsonl").open("a") as stream:
            stream.write(line + "\n")

    def log(self, macrostep: int) -> Path:
        return self.path / "logs" / f"{macrostep:02}-{self.shape[macrostep][1]}.log"

    def offset(self, macrostep: int) -> int:
        log = self.log(macrostep)
        return log.stat().st_size if log.exists() else 0

    def hold(self) -> None:
        """Live, as a runner does: hold the lock."""
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def begin(self, done: Sequence[int] = ()) -> None:
        """The `run` event; with `done`, that of a process that resumes."""
        number, macrosteps = 0, []
        for index, (section, name, steps) in enumerate(self.shape):
            entries = []
            for step in steps:
                entries.append(
                    {"name": step, "step": number, "commands": 2, "clean": False, "file": f"{name}.yaml", "line": 3}
                )
                number += 1
            log = str(self.log(index).relative_to(self.path))
            macrosteps.append({"section": section, "name": name, "log": log, "steps": entries})
        self.hold()
        self.event(
            "run", run=self.path.name, recipe="hello", file="/srv/hello.yaml", dialect="current", pid=os.getpid(),
            output="/srv/build/hello", workdir="/var/tmp/kameleon/hello", cwd="/srv", done=list(done),
            macrosteps=macrosteps,
        )  # fmt: skip

    def resolved(self) -> None:
        """resolved.json, as `wizard.recipe.show.to_json` writes it: two commands in every microstep."""
        commands = [{"exec_local": "true"}, {"exec_in": "apt-get update\napt-get install -y openssh-server"}]
        sections = [
            {"name": section, "macrosteps": [
                {"name": name, "file": f"{name}.yaml", "line": 1, "microsteps": [
                    {"name": step, "file": f"{name}.yaml", "line": 3, "clean": False, "commands": commands}
                    for step in steps
                ]}
            ]}
            for section, name, steps in self.shape
        ]  # fmt: skip
        (self.path / "resolved.json").write_text(json.dumps({"sections": sections}))

    def start(self, step: int, attempt: int = 1) -> None:
        macrostep = self.steps[step][0]
        if step == 0 or self.steps[step - 1][0] != macrostep:
            self.event("macrostep", macrostep=macrostep, state="begin")
            self._macro_began = self.now
        self.event(
            "step", step=step, macrostep=macrostep, state="begin", offset=self.offset(macrostep), attempt=attempt
        )

    def say(self, step: int, text: str | bytes) -> None:
        with self.log(self.steps[step][0]).open("ab") as stream:
            stream.write(text.encode() if isinstance(text, str) else text)

    def finish(self, step: int, seconds: float, state: str = "done") -> None:
        macrostep = self.steps[step][0]
        self.now += seconds
        self.event("step", step=step, macrostep=macrostep, state=state, offset=self.offset(macrostep), seconds=seconds)
        if state != "failed" and (step + 1 == len(self.steps) or self.steps[step + 1][0] != macrostep):
            self.event("macrostep", macrostep=macrostep, state="done", seconds=self.now - self._macro_began)

    def do(self, step: int, text: str = "", seconds: float = 1.5) -> None:
        self.start(step)
        if text:
            self.say(step, text)
        self.finish(step, seconds)

    def fail(self, step: int, status: int = 100, **facts: Any) -> None:
        macrostep, name = self.steps[step]
        self.finish(step, 4.0, "failed")
        failure = {
            "step": step, "macrostep": self.shape[macrostep][1], "microstep": name, "command": 2, "commands": 2,
            "name": "exec_in", "context": "in", "file": "recipes/steps/setup/packages.yaml", "line": 12, "column": 5,
            "shell_line": 2, "shell_text": "apt-get install -y openssh-server", "status": status,
            "reason": f"exit status {status}", "output": ["E: Unable to locate package openssh-server"],
        }  # fmt: skip
        self.event("failure", **{**failure, **facts})
        self.event("waiting", why="failure", step=step, choices=["retry", "replace", "skip", "abort", "stop"])

    def stop_at(self, step: int, why: str = "breakpoint") -> None:
        self.event("waiting", why=why, step=step, choices=["continue", "skip", "stop", "abort"])

    def decide(self, step: int, word: str) -> None:
        self.event("decision", step=step, do=word, by="socket")

    def end(self, result: str = "done", status: int = 0, **fields: Any) -> None:
        values = {"skipped": 0, "seconds": self.now - BEGAN, "message": "", "kept": "", "step": None, **fields}
        self.event("end", result=result, exit=status, **values)
        self.let_go()

    def artefacts(self) -> None:
        for name, size, digest in (
            ("packages.tsv", 3_221, "af4b3251163c9993"),
            ("hello.tar.zst", 96_412_331, "4e1243bd22c66e76"),
        ):
            self.event("artefact", path=f"/srv/build/hello/{name}", size=size, sha256=digest * 4)


class Control:
    """The runner's end of a control socket: `taken` are the requests, in order; a word in `refuse` is refused once."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refuse: dict[str, str] = {}

    @property
    def words(self) -> list[str]:
        return [request["do"] for request in self.taken]

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        self.taken.append(request)
        refusal = self.refuse.pop(request["do"], "")
        return {"ok": False, "error": refusal} if refusal else {"ok": True}


@contextlib.contextmanager
def control_server(recorder: Recorder) -> Iterator[Control]:
    """A control socket in the run's directory, served until the end."""
    kept, ending = Control(), threading.Event()
    server = control.listen(recorder.path)
    server.settimeout(0.1)

    def serve() -> None:
        while not ending.is_set():
            try:
                client, _ = server.accept()
            except TimeoutError:
                continue
            with client, client.makefile("rwb") as stream:
                for line in iter(stream.readline, b""):
                    stream.write(json.dumps(kept.answer(json.loads(line))).encode() + b"\n")
                    stream.flush()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield kept
    finally:
        ending.set()
        thread.join()
        server.close()
