"""The front end of `build` on a terminal and in a pipe, and what a person types at its prompts."""

from __future__ import annotations

import contextlib
import os
import sys
import termios
from pathlib import Path

from wizard.engine import edited, shell
from wizard.engine.events import Event, EventReader, RunState
from wizard.engine.front import Request
from wizard.engine.runs import Run
from wizard.errors import UserError
from wizard.plain.paper import Paper, in_foreground, paper_for_prompts, same_file
from wizard.plain.prompt import explanation, offered, prompt_text, understand
from wizard.plain.reporter import Reporter
from wizard.plain.words import last_line


class Prompter:
    """Asks on `paper` when the run waits, reads lines from `keyboard`, and turns them into control words.

    Ctrl-D at a prompt means what is safest: the run ends, its work is kept.
    """

    def __init__(self, paper: Paper, keyboard: int) -> None:
        self.paper = paper
        self.keyboard = keyboard

    def ask(self, state: RunState) -> None:
        """The prompt; what was typed before there was one is forgotten."""
        if in_foreground(self.keyboard):  # flushing from the background would stop us
            with contextlib.suppress(termios.error):
                termios.tcflush(self.keyboard, termios.TCIFLUSH)
        self.paper.ask(prompt_text(state))

    def descriptor(self) -> int:
        """What to watch for typed lines; -1 while we are in the background, where the shell reads them."""
        return self.keyboard if self.keyboard >= 0 and in_foreground(self.keyboard) else -1

    def typed(self, state: RunState, run: Path) -> Request | None:
        """Read one line; the control word it asks for, or None when there is none: it was explained, a shell was
        left, an editor was closed without a change. Then the prompt stands there again."""
        line = self._read()
        self.paper.answered()
        if state.waiting is None or self.keyboard < 0:
            return None
        choices = offered(state.waiting)
        words = [choice.do for choice in choices]
        if not line:
            self.paper.line()
            return {"do": next(word for word in ("stop", "abort", *words) if word in words)}
        choice = understand(line.decode("utf-8", "replace"), choices)
        if choice is None:
            if line.strip() not in (b"", b"?"):
                self.paper.line("  not understood; type one of the letters in brackets:")
            for text in explanation(choices):
                self.paper.line(text)
        elif choice.do == "shell":
            self._shell(state, run)
        elif choice.do == "replace":
            commands = self._edit(state, run)
            if commands is not None:
                return {"do": "replace", "yaml": commands}
        else:
            return {"do": choice.do}
        self.ask(state)
        return None

    def refused(self, state: RunState, error: str) -> None:
        """Why a word was not taken, and the prompt again."""
        for line in error.splitlines():
            self.paper.line(f"  {line}")
        self.ask(state)

    def _read(self) -> bytes:
        try:
            line = os.read(self.keyboard, 4096)
            if not line:
                termios.tcgetattr(self.keyboard)  # Ctrl-D, or hung up: that this tells
        except (OSError, termios.error):
            self.keyboard = -1  # hung up: what becomes of the run is for the signal that comes with it to say
            return b""
        return line

    def _shell(self, state: RunState, run: Path) -> None:
        try:
            shell.enter(Run(run), keyboard=self.keyboard, screen=self.paper.stream.fileno(), tell=self.paper.line)
        except UserError as error:
            self._problem(error)

    def _edit(self, state: RunState, run: Path) -> str | None:
        assert state.waiting is not None
        try:
            text, problem = edited.edit(run, state.waiting["step"], self.keyboard, self.paper.stream.fileno())
        except UserError as error:
            self._problem(error)
            return None
        if problem:
            self.paper.line(f"  {problem}")
            return None
        return text

    def _problem(self, error: UserError) -> None:
        self.paper.line(f"  {error.message}")
        if error.hint:
            self.paper.line(f"  {error.hint}")


class LineFront:
    """A front end of `build` (engine.front.FrontEnd): lines on stdout; with a `prompter` it asks."""

    def __init__(self, reporter: Reporter, prompter: Prompter | None) -> None:
        self.reporter = reporter
        self.prompter = prompter
        self._run = Path()

    def begin(self, run: Path) -> None:
        self._run = run
        self.reporter.begin(run)
        self.reporter.past(EventReader(run / "events.jsonl").read())

    def event(self, event: Event) -> None:
        self.reporter.event(event)
        state = self.reporter.state
        if event["event"] == "waiting":
            if self.prompter is not None:
                self.prompter.ask(state)
            else:
                self.reporter.paper.line(f"      waits for a word: kameleon-tui runs attach {self._run.name}")
        elif event["event"] == "note" and state.waiting is not None and self.prompter is not None:
            self.prompter.ask(state)  # a word was not taken: the note says why
        elif event["event"] == "end":
            _tell_stderr(self.reporter)

    def output(self, step: int, raw: bytes) -> None:
        self.reporter.output(step, raw)

    def tick(self) -> None:
        self.reporter.tick()

    def input_fd(self) -> int:
        return -1 if self.prompter is None else self.prompter.descriptor()

    def typed(self) -> Request | None:
        return None if self.prompter is None else self.prompter.typed(self.reporter.state, self._run)


def _tell_stderr(reporter: Reporter) -> None:
    # `build >log` still says on the terminal how it ended.
    line = last_line(reporter.state)
    if line and not same_file(reporter.paper.stream, sys.stderr):
        Paper.on(sys.stderr).line(line)


def line_front(quiet: bool, verbose: int, ask: bool, *, bare: bool = False) -> LineFront:
    """Lines on stdout; `ask`: somebody sits at stdin and stderr; `bare`: no colour, and no line that is rewritten."""
    paper = Paper.on(sys.stdout)
    if bare:
        paper.live = paper.colour = False
    prompter = Prompter(paper if paper.stream.isatty() else paper_for_prompts(paper), 0) if ask else None
    return LineFront(Reporter(paper, quiet=quiet, verbose=verbose), prompter)
