"""Scripts: a resolved recipe compiled to one bash script per macrostep, which run with and without Python."""

from __future__ import annotations

import re
import shlex
import shutil
from collections import Counter
from pathlib import Path

from wizard.errors import UserError
from wizard.recipe.model import Command, Macrostep, Microstep, ResolvedRecipe
from wizard.recipe.variables import environment_name

RUNTIME_FILES = ("runtime.bash", "mounts.bash", "context.bash", "path.bash")
#: What the scripts start with besides the recipe's globals; nothing of the user's own environment gets in.
BASE_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "DEBIAN_FRONTEND": "noninteractive",
    "HISTFILE": "",
}
#: A context's variables are written one behind the other after so many microsteps, then the file is emptied.
_APPENDED = 16
_DIRECTORIES = {"": "-", "cwd": "w", "chroot": "c"}


def environment(recipe: ResolvedRecipe, state: str, host_mounts: str = "") -> dict[str, str]:
    """The environment of a macrostep's script: the base, the globals as KAMELEON_NAME, and what the runtime needs.

    `state` is the directory contexts leave their variables in, `host_mounts` the host's mount namespace.
    """
    contexts = recipe.contexts
    return {
        **BASE_ENVIRONMENT,
        **{environment_name(name): value for name, value in recipe.globals.items()},
        "KT_STATE": state,
        "KT_STRICT": "e" if recipe.strict else "-",
        **{f"KT_{name.upper()}": _opening(contexts.get(name, "")) for name in ("local", "out", "in")},
        "KT_EVENTS": "",
        "KT_WORDS": "",
        "KT_HOST_MOUNTS": host_mounts,
    }


def _opening(command: str) -> str:
    # A context that takes the place of its subshell ends with it when it is killed; what is more than a plain command
    # (an assignment in front, a list) cannot be exec'ed.
    return (
        f"exec {command}" if re.match(r"[\w./-]+(\s|$)", command) and not re.search(r"[;&|<>()]", command) else command
    )


def script_name(number: int, macrostep: Macrostep) -> str:
    """`03-install.sh`: the number counts from 1, the name holds only what is safe in a file name."""
    safe = "".join(character if character.isalnum() or character in "._-" else "_" for character in macrostep.name)
    return f"{number + 1:02}-{safe[:60]}.sh"


def log_name(number: int, macrostep: Macrostep) -> str:
    """`logs/03-install.log`, relative to the run: what the macrostep's script prints."""
    return f"logs/{script_name(number, macrostep).removesuffix('.sh')}.log"


def compile_microstep(number: int, microstep: Microstep, *, append: bool = True) -> str:
    """The bash function of one microstep; `number` is its number in the whole recipe.

    `append`: the context of its last command appends its variables by itself to those it kept after earlier microsteps,
    else the script tells it to, and empties the file first.
    """
    lines = [f"kt_step_{number}() {{ # {_comment(microstep.name)} ({_comment(str(microstep.place))})"]
    for index, command in enumerate(microstep.commands, 1):
        if "kt_path" in command.text and command.context != "all":
            lines.append(f"    kt_path {command.context} {index} || return")
        last = " k" if append and index == len(microstep.commands) and command.context != "all" else ""
        lines.append(f"    {_call(index, command)}{last} || return")
    return "\n".join([*lines, "    return 0", "}", ""])


def _call(index: int, command: Command) -> str:
    if command.context == "all":
        return f"kt_set {index} {shlex.quote(command.text)}"
    return f"kt_run {command.context} {index} {_DIRECTORIES[command.directory]} {shlex.quote(command.text)}"


def _comment(text: str) -> str:
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)


def compile_macrostep(first: int, macrostep: Macrostep) -> str:
    """The script of one macrostep; `first` is the number of its first microstep in the whole recipe."""
    numbered = list(enumerate(macrostep.microsteps, first))
    cleaning = [str(number) for number, microstep in numbered if microstep.clean]
    names = [f"[{number}]={shlex.quote(f'{macrostep.name}/{microstep.name}')}" for number, microstep in numbered]
    parts = [
        "#!/bin/bash",
        f"# Macrostep {_comment(macrostep.name)} of section {_comment(macrostep.section)},"
        f" from {_comment(macrostep.place.file)}.",
        'case $0 in */*) . "${0%/*}/runtime.bash" ;; *) . ./runtime.bash ;; esac',
        f"kt_steps=({' '.join(str(number) for number, _ in numbered)})",
        f"kt_clean=({' '.join(cleaning)})",
        f"kt_names=({' '.join(names)})",
        "",
    ]
    kept: Counter[str] = Counter()  # by the contexts themselves
    for number, microstep in numbered:
        context = microstep.commands[-1].context if microstep.commands else ""
        kept[context] += 1
        parts.append(compile_microstep(number, microstep, append=kept[context] % _APPENDED != 0))
    return "\n".join([*parts, "kt_main", ""])


def write_scripts(recipe: ResolvedRecipe, directory: Path) -> list[Path]:
    """The runtime and a script per macrostep in `directory`, which is made; the scripts' paths in order."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in RUNTIME_FILES:
        (directory / name).write_bytes(Path(__file__).with_name(name).read_bytes())
    scripts, first = [], 0
    for number, macrostep in enumerate(recipe.macrosteps):
        path = directory / script_name(number, macrostep)
        path.write_text(compile_macrostep(first, macrostep))
        path.chmod(0o755)
        scripts.append(path)
        first += len(macrostep.microsteps)
    return scripts


def export(recipe: ResolvedRecipe, directory: Path) -> list[Path]:
    """The scripts and a `run.sh` that builds the recipe without Python, or runs it in place where it is a live one
    (live.resolve_live); UserError when `directory` holds something."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UserError(f"{directory}: there is something already", hint="name a directory that is not there yet")
    try:
        scripts = write_scripts(recipe, directory)
        run = directory / "run.sh"
        write = in_place_script if recipe.globals.get("target") == "live" else run_script
        run.write_text(write(recipe, [path.name for path in scripts]))
        run.chmod(0o755)
    except OSError as error:
        shutil.rmtree(directory, ignore_errors=True)
        raise UserError(f"{directory}: {error.strerror}") from error
    return [*scripts, run]


def run_script(recipe: ResolvedRecipe, scripts: list[str]) -> str:
    """run.sh: enters namespaces that end with it, sets the globals, runs the scripts in order, and removes the work
    directory when all is done."""
    exports = _exports(recipe)
    calls = "\n".join(f'bash "$here"/{shlex.quote(name)} 9<&- || exit' for name in scripts)
    return f"""#!/bin/bash
# Builds {_comment(recipe.name)} as kameleon-tui would, without it: root, bash and util-linux are needed.
# The work directory is {_comment(recipe.workdir)}, what is made goes to {_comment(recipe.output)}.
# The work directory is removed once all is done, unless --keep is given; after a failure it stays, to look at.
# Exit status: that of the macrostep's script that failed, which is the number of its microstep.
here=$(cd -- "$(dirname -- "$0")" && pwd) || exit
if [[ $# != 0 && $* != --keep ]]; then
    echo "usage: run.sh [--keep]" >&2
    exit 2
fi
if [[ ! ${{KT_HOST_MOUNTS-}} ]]; then
    if [[ $(id -u) != 0 ]]; then
        echo "run.sh: needs root" >&2
        exit 3
    fi
    # 9: where the work directory is removed from: the mounts below it are not there.
    exec env -i KT_HOST_MOUNTS="$(readlink /proc/self/ns/mnt)" PATH="$PATH" unshare --mount --pid --uts --ipc \\
        --propagation slave --fork --kill-child --mount-proc bash "$here/run.sh" "$@" 9</proc/self/ns/mnt
fi
export KT_HOST_MOUNTS KT_EVENTS='' KT_WORDS=''
{exports}
mkdir -p -- "$KAMELEON_OUTPUT" "$(dirname -- "$KAMELEON_WORKDIR")" || exit
if ! mkdir -- "$KAMELEON_WORKDIR"; then
    printf 'run.sh: an earlier run may have left it; remove it: rm -r --one-file-system %q\\n' "$KAMELEON_WORKDIR" >&2
    exit 3
fi
end() {{
    local status=$?
    rm -rf -- "$KT_STATE"
    if ((status)) || [[ $1 == --keep || $KAMELEON_OUTPUT/ == "$KAMELEON_WORKDIR"/* ]]; then
        echo "run.sh: the work is kept in $KAMELEON_WORKDIR" >&2
    else
        nsenter --mount=/proc/self/fd/9 rm -rf --one-file-system -- "$KAMELEON_WORKDIR"
    fi
}}
KT_STATE=$(mktemp -d) || exit
export KT_STATE
trap 'end "${{1-}}"' EXIT
{calls}
"""


def in_place_script(recipe: ResolvedRecipe, scripts: list[str]) -> str:
    """run.sh of a live recipe (live.resolve_live): sets the globals and runs the scripts in order, where it is."""
    calls = "\n".join(f'bash "$here"/{shlex.quote(name)} || exit' for name in scripts)
    return f"""#!/bin/bash
# Runs {_comment(recipe.name)} as kameleon-tui would, without it: root, bash and util-linux are needed.
# It configures the system it is started on. What steps leave for each other is in {_comment(recipe.workdir)}.
# Exit status: that of the macrostep's script that failed, which is the number of its microstep.
here=$(cd -- "$(dirname -- "$0")" && pwd) || exit
if [[ $(id -u) != 0 ]]; then
    echo "run.sh: needs root" >&2
    exit 3
fi
export KT_HOST_MOUNTS='' KT_EVENTS='' KT_WORDS=''
{_exports(recipe)}
mkdir -p -m 700 -- "$KAMELEON_RUN/facts" || exit
KT_STATE=$(mktemp -d) || exit
export KT_STATE
trap 'rm -rf -- "$KT_STATE"' EXIT
{calls}
"""


def _exports(recipe: ResolvedRecipe) -> str:
    """A line of bash for each variable but those that the start of run.sh finds out."""
    found = ("KT_STATE", "KT_EVENTS", "KT_WORDS", "KT_HOST_MOUNTS")
    values = {name: value for name, value in environment(recipe, "").items() if name not in found}
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items())
