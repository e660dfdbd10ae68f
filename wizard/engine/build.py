"""A build from beginning to end: resolve, hold the output, run, publish, clean up."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from wizard import __version__
from wizard.engine import publish, script
from wizard.engine.events import Event
from wizard.engine.front import Build, FrontEnd
from wizard.engine.journal import Journal
from wizard.engine.plan import Plan, digests, make_plan
from wizard.engine.runner import Outcome, Runner
from wizard.engine.runs import Run, all_runs, find_run, new_run_id, runs_directory
from wizard.errors import HELD, MACHINE, UserError
from wizard.recipe.model import ResolvedRecipe
from wizard.recipe.resolve import resolve
from wizard.recipe.show import to_json


def build(asked: Build, front: FrontEnd) -> int:
    """Builds what is asked and returns the exit status; UserError for what stops it before the first step.

    Must be called in the main thread: signals are taken over while it runs.
    """
    try:
        return _build(_completed(asked), front)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        raise UserError(f"{name}{error.strerror}", status=MACHINE) from error


def plan_recipe(asked: Build) -> ResolvedRecipe:
    """The recipe as a build would run it, for --dry-run; nothing is made."""
    asked = _completed(asked)
    assert asked.recipe is not None
    assert asked.output is not None
    return _resolve(asked, asked.run or new_run_id(asked.recipe.stem))


def _completed(asked: Build) -> Build:
    """The build with what --resume or --from leaves to an earlier run filled in, and absolute paths."""
    if asked.from_step and not asked.resume:
        asked = dataclasses.replace(asked, resume=_run_to_go_on_with(asked).name)
    if asked.resume:
        run = find_run(asked.resume)
        before = run.asked
        if not publish.kept(run):
            raise UserError(f"{run.name}: its work is not there any more", hint="build the recipe from its beginning")
        if run.state().end is None and not asked.from_step:
            raise UserError(
                f"{run.name} was killed: what its step left half done is not known",
                hint="--from MACROSTEP runs from there on the work that is kept",
            )
        return dataclasses.replace(
            asked,
            resume=run.name,
            run=run.name,
            recipe=Path(before["recipe"]),
            globals={**before["globals"], **asked.globals},
            output=Path(before["output"]),
            types=tuple(before["types"]),
        )
    if asked.recipe is None:
        raise UserError("no recipe is named", hint="kameleon-tui recipe list shows those there are")
    recipe = asked.recipe.absolute()
    output = asked.output if asked.output is not None else Path("build") / recipe.stem
    return dataclasses.replace(asked, recipe=recipe, output=output.absolute())


def _run_to_go_on_with(asked: Build) -> Run:
    recipe = str(asked.recipe.absolute()) if asked.recipe else None
    for run in reversed(all_runs()):
        if publish.kept(run) and recipe in (None, run.asked["recipe"]) and not run.living():
            return run
    raise UserError(
        f"--from {asked.from_step}: no work of an earlier run is kept to start from",
        hint="--break or --until keep it, and so does a step that fails",
    )


def _resolve(asked: Build, run: str) -> ResolvedRecipe:
    assert asked.recipe is not None
    assert asked.output is not None
    return resolve(
        asked.recipe,
        globals_=asked.globals,
        run=run,
        output=str(publish.partial(asked.output, run)),
        cwd=os.getcwd(),
        types=asked.types,
    )


def _build(asked: Build, front: FrontEnd) -> int:
    assert asked.recipe is not None
    assert asked.output is not None
    run_id = asked.run or new_run_id(asked.recipe.stem)
    recipe = _resolve(asked, run_id)
    path = runs_directory() / run_id
    resumed = Run(path) if asked.resume else None
    plan = make_plan(recipe, asked, resumed)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.mkdir(exist_ok=resumed is not None, mode=0o700)
    with _living(path), publish.holding(asked.output, run_id):
        publish.finish_interrupted(asked.output)
        publish.discard_dead(asked.output, but=run_id)
        _write_run(path, recipe, asked)
        front.begin(path)
        journal = Journal(path, front.event)
        try:
            _announce(journal, recipe, asked, plan, run_id)
            ask = asked.on_failure == "ask"
            outcome = Runner(recipe, path, plan, journal, front, ask=ask).run()
            return _conclude(outcome, journal, recipe, asked, Run(path))
        finally:
            journal.close()


@contextlib.contextmanager
def _living(path: Path) -> Iterator[None]:
    """Holds the run's lock, by which others see that it lives; it goes with the process."""
    fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise UserError(f"{path.name} is running", status=HELD, hint=f"kameleon-tui runs attach {path.name}") from None
    try:
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(fd)


def _write_run(path: Path, recipe: ResolvedRecipe, asked: Build) -> None:
    for name in ("state", "logs"):
        (path / name).mkdir(exist_ok=True, mode=0o700)
    shutil.rmtree(path / "scripts", ignore_errors=True)
    script.write_scripts(recipe, path / "scripts")
    assert asked.recipe is not None
    shutil.copyfile(asked.recipe, path / "recipe.yaml")
    (path / "resolved.json").write_text(json.dumps(to_json(recipe), ensure_ascii=False, indent=1) + "\n")
    base = Path(recipe.workdir).parent
    base.mkdir(parents=True, exist_ok=True)
    if base.stat().st_uid not in (0, os.geteuid()):
        raise UserError(
            f"{base} belongs to another user, who could change what is built there",
            status=MACHINE,
            hint="-g workdir_base:DIRECTORY names another place",
        )
    Path(recipe.workdir).mkdir(exist_ok=True)
    Path(recipe.output).mkdir(exist_ok=True)
    facts = {
        "version": __version__,
        "recipe": str(asked.recipe),
        "name": recipe.name,
        "globals": asked.globals,
        "types": list(asked.types),
        "output": str(asked.output),
        "workdir": recipe.workdir,
        "steps": digests(recipe),
    }
    new = path / "run.json.new"
    new.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    new.replace(path / "run.json")


def _announce(journal: Journal, recipe: ResolvedRecipe, asked: Build, plan: Plan, run_id: str) -> Event:
    macrosteps, number = [], 0
    for index, macro in enumerate(recipe.macrosteps):
        steps = []
        for micro in macro.microsteps:
            steps.append(
                {
                    "name": micro.name,
                    "step": number,
                    "commands": len(micro.commands),
                    "clean": micro.clean,
                    "file": micro.place.file,
                    "line": micro.place.line,
                }
            )
            number += 1
        log = f"logs/{script.script_name(index, macro).removesuffix('.sh')}.log"
        macrosteps.append({"section": macro.section, "name": macro.name, "log": log, "steps": steps})
    return journal.event(
        "run",
        run=run_id,
        recipe=recipe.name,
        file=recipe.file,
        dialect=recipe.dialect,
        pid=os.getpid(),
        output=str(asked.output),
        workdir=recipe.workdir,
        cwd=os.getcwd(),
        done=sorted(plan.done),
        macrosteps=macrosteps,
    )


def _conclude(outcome: Outcome, journal: Journal, recipe: ResolvedRecipe, asked: Build, run: Run) -> int:
    """Publishes what was made, throws away what is not to be kept, and says how the run ended."""
    assert asked.output is not None
    message, kept = outcome.message, ""
    if outcome.result == "done":
        for path, size, digest in publish.publish(asked.output, run.name, _papers(run.path, recipe)):
            journal.event("artefact", path=str(path), size=size, sha256=digest)
    if outcome.result in ("failed", "stopped"):
        kept = recipe.workdir
    if outcome.skipped:
        message = f"{message} with {outcome.skipped} steps skipped".strip()
    journal.event(
        "end",
        result=outcome.result,
        exit=outcome.exit,
        skipped=outcome.skipped,
        seconds=journal.seconds(),
        message=message,
        kept=kept,
        step=outcome.step,
    )
    if not kept:
        publish.discard_work(run)
    return outcome.exit


def _papers(run: Path, recipe: ResolvedRecipe) -> dict[str, bytes]:
    """What is published beside the images: the resolved recipe, the log of all macrosteps, the events so far."""
    log = b"".join(
        b"=== " + path.stem.encode() + b"\n" + path.read_bytes() for path in sorted((run / "logs").glob("*.log"))
    )
    return {
        f"{recipe.name}.resolved.json": (run / "resolved.json").read_bytes(),
        f"{recipe.name}.log": log,
        f"{recipe.name}.events.jsonl": (run / "events.jsonl").read_bytes(),
    }
