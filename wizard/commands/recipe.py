"""`kameleon-tui recipe`: list, show and check recipes, and write their scripts."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.errors import DONE, USAGE, UserError

if TYPE_CHECKING:
    from wizard.recipe.model import ResolvedRecipe

NAME = "recipe"
HELP = "list, show and check recipes, or write their scripts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="word", required=True, metavar="list|show|check|script", title="what to do")

    listing = words.add_parser("list", help="every recipe a bare name can mean", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", help="a JSON list instead of the table")

    show = words.add_parser(
        "show", help="what a recipe does: sections, macrosteps, microsteps, globals", allow_abbrev=False
    )
    _recipe_arguments(show)
    show.add_argument("--resolved", action="store_true", help="with every command, variables filled in")
    show.add_argument("--json", action="store_true", help="one JSON object (always resolved)")

    check = words.add_parser("check", help="every mistake as file:line:col: message", allow_abbrev=False)
    check.add_argument("recipes", nargs="+", metavar="RECIPE", help="recipe names or files")
    _global_arguments(check)

    script = words.add_parser("script", help="write the scripts, which run without Python", allow_abbrev=False)
    _recipe_arguments(script)
    script.add_argument("directory", metavar="DIRECTORY", help="where to: a new or empty directory")
    script.add_argument(
        "--output", metavar="DIR", default="", help="where what is built will go (default build/RECIPE)"
    )


def _recipe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe's name, or a file: a name with / or ending in .yaml")
    _global_arguments(parser)


def _global_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-g",
        "--global",
        dest="globals",
        metavar="KEY:VALUE",
        action="append",
        default=[],
        help="set a global; repeat for more",
    )
    parser.add_argument(
        "--type",
        dest="types",
        nargs="+",
        action="extend",
        default=[],
        metavar="T",
        help="output types in place of the recipe's export section",
    )


def run(arguments: argparse.Namespace) -> int:
    """0; `check` with a mistake: 2."""
    words = {"list": _list, "show": _show, "check": _check, "script": _script}
    return words[arguments.word](arguments)


def _resolve(name: str, arguments: argparse.Namespace, output: str = "") -> ResolvedRecipe:
    from wizard.commands.build import parse_globals
    from wizard.recipe.find import find_recipe
    from wizard.recipe.resolve import resolve

    return resolve(find_recipe(name), globals_=parse_globals(arguments.globals), types=arguments.types, output=output)


def _list(arguments: argparse.Namespace) -> int:
    from wizard.recipe.find import all_recipes

    found = all_recipes()
    if arguments.json:
        keys = ("name", "path", "description", "dialect")
        print(json.dumps([{key: str(getattr(recipe, key)) for key in keys} for recipe in found], indent=2))
        return DONE
    width = max((len(recipe.name) for recipe in found), default=0)
    for recipe in found:
        print(
            f"{recipe.name.ljust(width)}  {recipe.description or '-'}"
            + (f"  ({recipe.path})" if arguments.verbose else "")
        )
    if not found:
        raise UserError(
            "no recipe found", hint="kameleon-tui looks in ./recipes and in the directories of KAMELEON_PATH"
        )
    return DONE


def _show(arguments: argparse.Namespace) -> int:
    from wizard.recipe.show import outline, to_json

    recipe = _resolve(arguments.recipe, arguments)
    print(json.dumps(to_json(recipe), indent=2) if arguments.json else outline(recipe, commands=arguments.resolved))
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    status = DONE
    for name in arguments.recipes:
        try:
            recipe = _resolve(name, arguments)
        except UserError as error:
            # The mistakes are what was asked for: they go to stdout, where an editor or grep reads them.
            print(error.message, *([error.hint] if error.hint else []), sep="\n")
            status = USAGE
            continue
        if not arguments.quiet:
            count = len(recipe.steps())
            print(f"{name}: ok: {_many(len(recipe.macrosteps), 'macrostep')}, {_many(count, 'microstep')}")
    return status


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _script(arguments: argparse.Namespace) -> int:
    from wizard.engine import script

    recipe: Any = _resolve(arguments.recipe, arguments, arguments.output)
    what = "build"
    if recipe.globals.get("target") == "live":
        from wizard.engine.live import RUNS, live

        recipe, what = live(recipe, Path("/"), RUNS / recipe.name), "run"
    paths = script.export(recipe, Path(arguments.directory))
    if not arguments.quiet:
        print(f"{_many(len(paths), 'file')} in {arguments.directory}; start {paths[-1]} to {what} {recipe.name}")
    return DONE
