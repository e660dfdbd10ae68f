"""Control words: what front ends ask of a run, wherever they come from (docs/events.md has the table)."""

from __future__ import annotations

import json
import selectors
import socket
from typing import TYPE_CHECKING

from wizard.engine.edit import compile_edited
from wizard.engine.front import Request
from wizard.errors import UserError

if TYPE_CHECKING:
    from wizard.engine.answers import Answers

_REQUEST_LIMIT = 4 << 20  # bytes; a request holds at most one microstep's text


class Words:
    """Takes requests from the control socket and from the front end in the runner's own process."""

    def __init__(self, answers: Answers, *, ask: bool) -> None:
        self.answers = answers
        self.ask = ask  # whether somebody may answer: then the run waits, else it stops at a breakpoint
        self.waiting = ""  # failure, breakpoint, pause, or "" while nothing is waited for
        self.pausing = False
        self._choices: list[str] = []
        self._clients: dict[socket.socket, bytes] = {}

    def wait(self, why: str, step: int, choices: list[str]) -> None:
        """Waits for one of `choices`; the script waits too, for its answer."""
        self.waiting, self._choices = why, choices
        self.answers.journal.event("waiting", why=why, step=step, choices=choices)

    def take(self, request: Request, by: str) -> str:
        """Does what is asked; "" or the reason why not."""
        word = request.get("do")
        handler = _HANDLERS.get(word) if isinstance(word, str) else None
        if handler is None:
            return f"no such word: {word!r}; there are {', '.join(_HANDLERS)}"
        return handler(self, request, by)

    # --- words for a run that waits

    def _answer(self, word: str, by: str) -> str:
        if not self.waiting:
            return f"the run does not wait for {word}"
        if word not in self._choices:
            return f"not now: {', '.join(self._choices)}"
        self.answers.decide(word, by)
        return ""

    def _retry(self, request: Request, by: str) -> str:
        problem = self._answer("retry", by)
        if not problem:
            self.waiting = ""
            self.answers.retry()
        return problem

    def _replace(self, request: Request, by: str) -> str:
        text = request.get("yaml")
        if not isinstance(text, str):
            return "replace needs the commands: yaml"
        if not self.waiting or "replace" not in self._choices:
            return self._answer("replace", by)
        try:
            path, recipe = compile_edited(self.answers.recipe, self.answers.current, text, self.answers.run_path)
        except UserError as error:
            return error.message
        self._answer("replace", by)
        self.waiting = ""
        self.answers.replace(path, recipe)
        return ""

    def _skip(self, request: Request, by: str) -> str:
        problem = self._answer("skip", by)
        if not problem:
            self.waiting = ""
            self.answers.skip()
        return problem

    def _continue(self, request: Request, by: str) -> str:
        problem = self._answer("continue", by)
        if not problem:
            self.waiting = ""
            self._set_pausing(False)
            self.answers.go()
        return problem

    # --- words for any time

    def _abort(self, request: Request, by: str) -> str:
        self.answers.decide("abort", by)
        if self.waiting:
            failed, self.waiting = self.waiting == "failure", ""
            self.answers.abort(failed=failed)
        else:
            self.answers.interrupt()
        return ""

    def _stop(self, request: Request, by: str) -> str:
        self.answers.decide("stop", by)
        if self.waiting:
            self.waiting = ""
            self.answers.stop(f"stopped at {self.answers.name(self.answers.current)}, as asked")
        else:
            self.answers.plan.last = self.answers.current
        return ""

    def _pause(self, request: Request, by: str) -> str:
        self._set_pausing(True)
        return ""

    def _set_pausing(self, on: bool) -> None:
        if on != self.pausing:
            self.pausing = on
            self.answers.journal.event("pausing", on=on)

    def _interrupt(self, request: Request, by: str) -> str:
        self.answers.interrupt()
        return ""

    def _break(self, request: Request, by: str) -> str:
        step = request.get("step")
        if not isinstance(step, int) or not 0 <= step < len(self.answers.steps):
            return f"no such step: {step!r}"
        breakpoints = self.answers.plan.breakpoints
        if request["do"] == "break":
            breakpoints.add(step)
            self.ask = self.ask or by == "socket"  # somebody watches: a breakpoint waits for them
        else:
            breakpoints.discard(step)
        self.answers.journal.event("breakpoints", steps=sorted(breakpoints))
        return ""

    # --- the socket

    def accept(self, server: socket.socket, selector: selectors.BaseSelector) -> None:
        """A front end connects to the control socket."""
        client, _ = server.accept()
        client.setblocking(False)
        self._clients[client] = b""
        selector.register(client, selectors.EVENT_READ, lambda: self._read(client, selector))

    def _read(self, client: socket.socket, selector: selectors.BaseSelector) -> None:
        try:
            data = client.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        text = self._clients[client] + data
        if not data or len(text) > _REQUEST_LIMIT:
            selector.unregister(client)
            del self._clients[client]
            client.close()
            return
        *lines, self._clients[client] = text.split(b"\n")
        for line in lines:
            try:
                request = json.loads(line)
                problem = self.take(request, "socket") if isinstance(request, dict) else "a request is an object"
            except ValueError as error:
                problem = f"not JSON: {error}"
            answer = {"ok": False, "error": problem} if problem else {"ok": True}
            try:
                client.sendall(json.dumps(answer).encode() + b"\n")
            except OSError:
                return  # it left without waiting for the answer; its end is read next

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()


_HANDLERS = {
    "retry": Words._retry,
    "replace": Words._replace,
    "skip": Words._skip,
    "abort": Words._abort,
    "continue": Words._continue,
    "stop": Words._stop,
    "pause": Words._pause,
    "break": Words._break,
    "unbreak": Words._break,
    "interrupt": Words._interrupt,
}
