"""A shell in a run's state: its mounts, the variables, functions and directory of the step that failed or waits.

While the run lives the shell enters its namespaces; of a run that is over but kept, it gets a sandbox of its own. The
state is handed over in the environment, so that nothing is written in the appliance.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from wizard.engine import sandbox
from wizard.engine.runs import Run
from wizard.engine.script import BASE_ENVIRONMENT
from wizard.engine.terminal import run_joined
from wizard.errors import UserError
from wizard.recipe.variables import environment_name

CONTEXTS = ("local", "out", "in")
_STATE_LIMIT = 128 * 1024 - len("KT_STATE=") - 1  # bytes: the kernel's limit of one environment variable
_MARK = "#kt-complete"
# What the state brings along that is the engine's own, or the context's and not this terminal's.
_ARRIVE = (
    'eval "$KT_STATE" 2>/dev/null; TERM=$KT_TERM PS1=$KT_PS1; unset HISTFILE; '
    'unset -f kt_path; unset "${!__kt_@}" KT_STATE KT_TERM KT_PS1 PROMPT_COMMAND'
)
_WITH_MOUNTS = '. "$0" && kt_mounts "$1" && shift && exec "$@"'


def enter(
    run: Run, context: str = "", *, keyboard: int = 0, screen: int = 1, tell: Callable[[str], None] = print
) -> int:
    """Open the shell and wait until it is left; its exit status.

    `context`: local, out or in; "" for that of the step that failed or waits, else in. `keyboard`, `screen`: our
    terminal's descriptors; when `keyboard` is none, commands are read from it until its end. `tell` takes lines for
    the person. UserError when the run's work is not there.
    """
    recipe = run.resolved()
    context = context or _context(run, recipe)
    own = recipe["contexts"].get(context, "")
    if context == "in" and not own and not Path(recipe["chroot"]).is_dir():
        raise UserError(
            f"{run.name}: there is no appliance at {recipe['chroot']}",
            hint=f"kameleon-tui shell {run.name} --context local" if Path(recipe["workdir"]).is_dir() else "",
        )
    state = state_text(run, context)
    if len(os.fsencode(state)) > _STATE_LIMIT:
        tell("The variables of the step are too many to hand over (128 KiB): they are not there.")
        state = ""
    typing = os.isatty(keyboard)
    with _around(run, recipe) as around:
        command = [*around, *_command(run, recipe, context, own, typing)]
        environment = _environment(run, recipe, context, state)
        if typing:
            tell(f"A shell in context {context} of {run.name}; exit leaves it.")
            return run_joined(command, environment, keyboard, screen)
        return subprocess.run(command, env=environment, stdin=keyboard, check=False).returncode


def state_text(run: Run, context: str) -> str:
    """What `context` knows now, as bash; "" when it never worked. At a failure: as the failing command left it."""
    for name in (f"{context}.end", context):
        try:
            text = (run.path / "state" / name).read_text(errors="surrogateescape")
        except OSError:
            continue
        if name == context or text.rstrip().endswith(_MARK):
            # Several dumps may stand there, each closed by the mark: the last one counts.
            return text.rstrip().removesuffix(_MARK).rpartition(f"\n{_MARK}\n")[2]
    return ""


def _context(run: Run, recipe: dict[str, Any]) -> str:
    state = run.state()
    if state.failure is not None and state.current is not None and state.failure["step"] == state.current.number:
        return str(state.failure["context"])
    live = recipe["globals"].get("target") == "live"
    return "in" if not live and (recipe["contexts"].get("in") or Path(recipe["chroot"]).is_dir()) else "local"


@contextlib.contextmanager
def _around(run: Run, recipe: dict[str, Any]) -> Iterator[list[str]]:
    """The words before a command that take it where the run is; none for one that works in place."""
    if recipe["globals"].get("target") == "live":
        yield []
        return
    with _namespaces(run) as pid:
        yield sandbox.enter(pid)


@contextlib.contextmanager
def _namespaces(run: Run) -> Iterator[int]:
    """The first process of the run's namespaces, or of new ones when nobody runs it."""
    if run.living():
        try:
            pid = int((run.path / "sandbox").read_text())
        except (OSError, ValueError) as error:
            raise UserError(f"{run.name} is just beginning or ending", hint="try again in a moment") from error
        yield pid
        return
    fresh = sandbox.Sandbox()
    try:
        yield fresh.pid
    finally:
        fresh.close()


def _command(run: Run, recipe: dict[str, Any], context: str, own: str, typing: bool) -> list[str]:
    join = ["setsid", "-c", "-w"] if typing else []
    if own:
        return [*join, "/bin/bash", "-c", own]
    if context != "in":
        return [*join, *_shell("/", typing)]
    root = recipe["chroot"]
    mounts = str(run.path / "scripts" / "mounts.bash")
    return ["/bin/bash", "-c", _WITH_MOUNTS, mounts, root, *join, "chroot", root, *_shell(root, typing)]


def _shell(root: str, typing: bool) -> list[str]:
    """bash, without start files that could undo the state; else sh, which gets none."""
    if not os.path.lexists(f"{root}/bin/bash"):
        return ["/bin/sh"]
    if typing:
        return ["/bin/bash", "--norc", "-i"]
    # All commands are read before the first one runs: none of them can eat the others.
    return ["/bin/bash", "-c", 'IFS= read -r -d "" KT_ALL; eval "$PROMPT_COMMAND"; eval "$KT_ALL"']


def _environment(run: Run, recipe: dict[str, Any], context: str, state: str) -> dict[str, str]:
    names = {environment_name(name): value for name, value in recipe["globals"].items()}
    term = os.environ.get("TERM", "dumb")
    return {
        **BASE_ENVIRONMENT,
        **names,
        "TERM": term,
        "KT_STATE": state,
        "KT_TERM": term,
        "KT_PS1": rf"({run.name} {context}) \u@\h:\w\$ ",
        "KT_HOST_MOUNTS": os.readlink("/proc/self/ns/mnt"),
        "PROMPT_COMMAND": _ARRIVE,
    }
