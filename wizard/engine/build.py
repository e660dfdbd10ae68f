"""A build from beginning to end: resolve, hold the output, run, publish, clean up."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path

from wizard import __version__
from wizard.engine import publish, script
from wizard.engine.announce import announce
from wizard.engine.answers import Outcome
from wizard.engine.edit import with_edits
from wizard.engine.front import Build, FrontEnd
from wizard.engine.globals import changed_globals, read_before, tell_contexts
from wizard.engine.journal import Journal
from wizard.engine.plan import changed_steps, digests, make_plan
from wizard.engine.runner import Runner
from wizard.engine.runs import Run, all_runs, find_run, keep, living, new_run_id, runs_directory
from wizard.errors import MACHINE, UserError
from wizard.host.tools import require
from wizard.recipe.model import ResolvedRecipe
from wizard.recipe.resolve import recipe_name, resolve
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
    return _resolve(asked, asked.run or new_run_id(recipe_name(asked.recipe)))


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
        _same_artefacts(asked, run)
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
    output = asked.output if asked.output is not None else Path("build") / recipe_name(recipe)
    return dataclasses.replace(asked, recipe=recipe, output=output.absolute())


def _same_artefacts(asked: Build, run: Run) -> None:
    """UserError when other output types or another place are asked for than the run has."""
    types, output = run.asked["types"], run.asked["output"]
    anew = "without --resume and --from it is built anew"
    if asked.types and set(asked.types) != set(types):
        made = f"makes {' and '.join(types)}" if types else "makes what its recipe says"
        raise UserError(f"{run.name} {made}: --type {' '.join(asked.types)} is too late", hint=anew)
    if asked.output is not None and asked.output.absolute() != Path(output):
        raise UserError(f"{run.name} goes to {output}: --output {asked.output} is too late", hint=anew)


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
    recipe = resolve(
        asked.recipe,
        globals_=asked.globals,
        run=run,
        output=str(publish.partial(asked.output, run)),
        cwd=os.getcwd(),
        types=asked.types,
    )
    if recipe.globals.get("target") == "live":
        # Its steps would change the machine that builds.
        raise UserError(
            f"{recipe.file}: target: live configures the system it runs on, it builds nothing",
            hint="kameleon-tui firstboot runs it, on a live system",
        )
    return recipe


def _build(asked: Build, front: FrontEnd) -> int:
    assert asked.recipe is not None
    assert asked.output is not None
    run_id = asked.run or new_run_id(recipe_name(asked.recipe))
    recipe = _resolve(asked, run_id)
    path = runs_directory() / run_id
    resumed = Run(path) if asked.resume else None
    plan = make_plan(recipe, asked, resumed)
    # Now, not when an hour's work is done and the tool's turn comes.
    require(recipe.tools, f"building {recipe.name}")
    making = f"making {' and '.join(one.id for one in recipe.outputs)}"
    require((tool for one in recipe.outputs for tool in one.tools), making)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.mkdir(exist_ok=resumed is not None, mode=0o700)
    with living(path), publish.holding(asked.output, run_id):
        publish.finish_interrupted(asked.output)
        publish.discard_dead(asked.output, but=run_id)
        own = digests(recipe)
        notes: list[tuple[int, str]] = []
        if resumed is not None:
            changed = changed_globals(recipe, resumed)
            recipe, notes = with_edits(recipe, path, changed_steps(recipe, resumed))
            last = len(recipe.steps()) - 1
            notes += [(min(plan.first, last), text) for text in read_before(recipe, changed, plan.done)]
            tell_contexts(path / "state", changed)
        _write_run(path, recipe, asked, own)
        front.begin(path)
        journal = Journal(path, front.event)
        try:
            announce(journal, recipe, run_id, done=plan.done, output=str(asked.output), cwd=os.getcwd())
            for step, text in notes:
                journal.event("note", step=step, text=text)
            ask = asked.on_failure == "ask"
            outcome = Runner(recipe, path, plan, journal, front, ask=ask).run()
            return _conclude(outcome, journal, recipe, asked, Run(path))
        finally:
            journal.close()


def _write_run(path: Path, recipe: ResolvedRecipe, asked: Build, steps: list[list[str]]) -> None:
    """`steps`: the digests of the steps as the recipe has them, whatever was edited in the run."""
    for name in ("state", "logs"):
        (path / name).mkdir(exist_ok=True, mode=0o700)
    shutil.rmtree(path / "scripts", ignore_errors=True)
    script.write_scripts(recipe, path / "scripts")
    assert asked.recipe is not None
    shutil.copyfile(asked.recipe, path / "recipe.yaml")
    keep(path / "resolved.json", json.dumps(to_json(recipe), ensure_ascii=False, indent=1) + "\n")
    base = Path(recipe.workdir).parent
    base.mkdir(parents=True, exist_ok=True)
    if base.stat().st_uid not in (0, os.geteuid()):
        raise UserError(
            f"{base} belongs to another user, who could change what is built there",
            status=MACHINE,
            hint="-g workdir_base:DIRECTORY names another place",
        )
    facts = {
        "version": __version__,
        "recipe": str(asked.recipe),
        "name": recipe.name,
        "globals": asked.globals,
        "types": list(asked.types),
        "output": str(asked.output),
        "workdir": recipe.workdir,
        "steps": steps,
    }
    keep(path / "run.json", json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    # Last, for whoever is to clear them away finds them by run.json; the partial output by the work directory.
    Path(recipe.workdir).mkdir(exist_ok=True)
    Path(recipe.output).mkdir(exist_ok=True)


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


def _papers(run: Path, recipe: ResolvedRecipe) -> dict[str, list[Path | bytes]]:
    """What is published beside the images: the resolved recipe, the log of all macrosteps, the events so far."""
    logs: list[Path | bytes] = []
    for path in sorted((run / "logs").glob("*.log")):
        logs += [b"=== " + os.fsencode(path.stem) + b"\n", path]
    return {
        f"{recipe.name}.resolved.json": [run / "resolved.json"],
        f"{recipe.name}.log": logs,
        f"{recipe.name}.events.jsonl": [run / "events.jsonl"],
    }
