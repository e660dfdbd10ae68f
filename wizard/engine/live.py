"""Recipes with `global: {target: live}`: they configure the system they run on, in place, and go on where they ended.

No namespace, no work directory, no layers, only the local context. Every microstep is idempotent: what a killed
process left half done is done again. What is done is in events.jsonl, on the disk before the next microstep begins.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from wizard import __version__
from wizard.engine import script
from wizard.engine.announce import announce
from wizard.engine.answers import Outcome
from wizard.engine.events import Event
from wizard.engine.front import FrontEnd
from wizard.engine.journal import Journal
from wizard.engine.plan import Plan, digests
from wizard.engine.runner import Runner
from wizard.engine.runs import Run, keep, living
from wizard.errors import DONE, UserError
from wizard.recipe.model import ResolvedRecipe
from wizard.recipe.resolve import resolve
from wizard.recipe.show import to_json

#: Seconds a microstep may take when the recipe's global step_timeout says nothing.
STEP_TIMEOUT = 300.0
#: Of the system: where live recipes that nobody gave a place keep what their steps leave, by name.
RUNS = Path("/var/lib/kameleon-tui")
#: Built-in globals that say where an appliance is made: a live recipe makes none.
_NOT_LIVE = ("output", "workdir", "workdir_base", "kameleon_cwd")

# The script's parent, as end_step_processes expects one. When the runner is gone, however it ended, it takes the whole
# session along: what a step runs under timeout(1) is a process group of its own. It asks nobody but /proc for that.
# What is put in the background by a shell ignores SIGINT and SIGQUIT; a recipe's commands must not inherit that.
_KEEPER = """
end() {
    trap : TERM
    left=1
    while [ "$left" ]; do
        left=
        for file in /proc/[0-9]*/stat; do
            read -r line <"$file" || continue
            process=${line%% *}
            set -- ${line##*) }
            if [ "$4" = $$ ] && [ "$process" != $$ ] && [ "$1" != Z ]; then
                kill -KILL "$process" && left=1
            fi
        done 2>/dev/null
    done
    exit 143
}
trap end TERM
env --default-signal=INT,QUIT "$@" &
wait $!
exit $?
"""


class InPlace:
    """Scripts run where we are (sandbox.Place). For the runner's thread: the parent-death signal is that thread's."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._before = set(_children())

    def enter(self) -> list[str]:
        return ["setpriv", "--pdeathsig", "TERM", "/bin/sh", "-c", _KEEPER, "sh"]

    def close(self) -> None:
        """Ends a script that runs still, with what it started; services live on."""
        for pid in set(_children()) - self._before:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def _children() -> Iterable[int]:
    for task in os.listdir("/proc/self/task"):
        with suppress(OSError):
            yield from map(int, Path(f"/proc/self/task/{task}/children").read_text().split())


@dataclass(frozen=True, slots=True)
class Lived:
    """How it ended. `failure`: the last `failure` event, or None; `log`: of the macrostep it ended in, or the run
    directory; `before`: it was all done by an earlier process, and nothing was run now."""

    outcome: Outcome
    failure: Event | None
    log: Path
    before: bool = False


def resolve_live(path: Path, globals_: Mapping[str, str], root: Path, run: Path) -> ResolvedRecipe:
    """The recipe at `path` for the tree `root` (/ is the system itself; another one is worked on in a chroot), with the
    run directory `run` below it. UserError for one that is not of this kind."""
    recipe = resolve(path, globals_=globals_, run="live", cwd=str(path.absolute().parent))
    if recipe.globals.get("target") != "live":
        raise UserError(f"{path}: global: target: live is missing", hint="kameleon-tui build runs other recipes")
    return live(recipe, root, run)


def live(recipe: ResolvedRecipe, root: Path, run: Path) -> ResolvedRecipe:
    """A recipe that says `target: live`, as it runs in place: resolve_live."""
    for macro, micro in recipe.steps():
        for command in micro.commands:
            if command.context not in ("local", "all"):
                raise UserError(
                    f"{command.place}: {command.name} in {macro.name}/{micro.name}: a live recipe has no context "
                    f"but local",
                    hint="write exec_local, which runs in the system that is configured",
                )
    values = {name: value for name, value in recipe.globals.items() if name not in _NOT_LIVE}
    values |= {"cwd": "/", "chroot": "/", "run": "/" + str(run.relative_to(root))}
    # In the chroot there is no systemd to talk to, and the kernel is not its own: steps ask KAMELEON_ROOT.
    values["root"] = str(root)
    local = "" if root == Path("/") else f"chroot {shlex.quote(str(root))} /bin/bash"
    return replace(
        recipe,
        globals=values,
        workdir=str(run),
        chroot=str(root),
        output=str(run),
        contexts={"local": local, "out": "", "in": ""},
    )


def run_live(
    recipe: ResolvedRecipe,
    run: Path,
    front: FrontEnd,
    *,
    again: bool = False,
    ask: bool = False,
    papers: Mapping[str, str] | None = None,
) -> Lived:
    """Runs the microsteps that no earlier process finished (`again`: all of them), with `run` as the run directory.
    `ask`: after a failure it waits for a word, from `front` or the socket; else it ends. `papers`: texts by name that
    are kept in the run directory, readable by root only, before the first step.

    When recipe or answers are not what they were, all of them, too: they are idempotent. Must be called in the main
    thread. UserError (HELD) when another process is at it; OSError when the directory cannot be written.
    """
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    with living(run):
        facts = _facts(recipe)
        done = frozenset[int]() if again else _done(run, facts)
        if len(done) == len(recipe.steps()):
            return Lived(Outcome("done", DONE, "", None, 0), None, run, before=True)
        if not done:
            _forget(run)
        _prepare(run, recipe, facts, papers or {})
        front.begin(run)
        journal = Journal(run, front.event, sync=True)
        try:
            announce(journal, recipe, run.name, done=done, output="", cwd="/")
            policy = "ask" if ask else "abort"
            plan = Plan(first=len(done), on_failure=policy, step_timeout=_step_timeout(recipe), done=done)
            outcome = Runner(recipe, run, plan, journal, front, ask=ask, place=InPlace).run()
            journal.event(
                "end",
                result=outcome.result,
                exit=outcome.exit,
                skipped=outcome.skipped,
                seconds=journal.seconds(),
                message=outcome.message,
                kept="",
                step=outcome.step,
            )
        finally:
            journal.close()
        state = Run(run).state()
        ended_in = state.steps[outcome.step].macrostep if outcome.step is not None else -1
        log = run / state.macrosteps[ended_in].log if ended_in >= 0 else run
        return Lived(outcome, state.failure if outcome.result == "failed" else None, log)


def _step_timeout(recipe: ResolvedRecipe) -> float:
    text = recipe.globals.get("step_timeout", "")
    try:
        seconds = float(text or STEP_TIMEOUT)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UserError(f"{recipe.file}: step_timeout is a number of seconds above 0, found {text!r}")
    return seconds


def _facts(recipe: ResolvedRecipe) -> dict[str, object]:
    return {"version": __version__, "name": recipe.name, "globals": recipe.globals, "steps": digests(recipe)}


def _done(run: Path, facts: dict[str, object]) -> frozenset[int]:
    """The steps before the first one without its `done` event; none when what was asked has changed."""
    if Run(run).asked != facts:
        return frozenset()
    _mend(run / "events.jsonl")
    done = 0
    for step in Run(run).state().steps:
        if step.state != "done":
            break
        done += 1
    return frozenset(range(done))


def _mend(events: Path) -> None:
    """Cuts off a last line that was not written whole: what is appended must not become part of it."""
    with suppress(FileNotFoundError), events.open("rb+") as stream:
        data = stream.read()
        stream.truncate(data.rfind(b"\n") + 1)


def _forget(run: Path) -> None:
    for name in ("logs", "state", "facts"):
        shutil.rmtree(run / name, ignore_errors=True)
    (run / "events.jsonl").unlink(missing_ok=True)


def _prepare(run: Path, recipe: ResolvedRecipe, facts: dict[str, object], papers: Mapping[str, str]) -> None:
    shutil.rmtree(run / "state", ignore_errors=True)  # each microstep brings what it needs; a killed one's is of no use
    shutil.rmtree(run / "scripts", ignore_errors=True)
    for name in ("state", "logs", "facts"):
        (run / name).mkdir(exist_ok=True, mode=0o700)
    script.write_scripts(recipe, run / "scripts")
    resolved = json.dumps(to_json(recipe), ensure_ascii=False, indent=1) + "\n"  # for a shell, and for editing a step
    last = {"resolved.json": resolved, "run.json": json.dumps(facts, ensure_ascii=False, indent=1)}
    for name, text in {**papers, **last}.items():
        keep(run / name, text)
