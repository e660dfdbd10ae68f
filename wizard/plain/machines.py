"""Machines as lines or JSON: one, and many that are asked over ssh."""

from __future__ import annotations

import argparse
import json
import sys

from wizard.engine.events import make_safe
from wizard.errors import DONE, FAILED, UserError
from wizard.machine import remote
from wizard.machine.lines import tree
from wizard.machine.model import Machine
from wizard.oar import hosts


def show(machine: Machine, *, as_json: bool) -> None:
    print(json.dumps(machine.to_json()) if as_json else _safe("\n".join(tree(machine))))


def over_ssh(arguments: argparse.Namespace) -> int:
    """Every host that answers is shown, in the order they were named, as soon as those before it are; then those that
    did not answer. Status 1 when there are any. `arguments` are those of `resources detect`."""
    names = hosts.names(arguments.host)
    if odd := [name for name in names if not remote.can_be_reached(name)]:
        raise UserError(f"{odd[0]!a} is no host that ssh can reach", hint="[USER@]NAME was expected; see ssh(1)")
    if not 1 <= arguments.parallel <= 512 or arguments.timeout < 1:
        raise UserError("--parallel takes 1 to 512 hosts at once, --timeout a second or more")
    order = [name.rpartition("@")[2] for name in names]
    if len(set(order)) < len(order):
        raise UserError("a host is named twice, with different users")
    answers: dict[str, remote.Answer] = {}
    shown = 0
    for answer in remote.ask(names, ssh=arguments.ssh, limit=arguments.timeout, parallel=arguments.parallel):
        answers[answer.host] = answer
        while shown < len(order) and order[shown] in answers:
            if (machine := answers[order[shown]].machine) is not None:
                show(machine, as_json=arguments.json)
            shown += 1
    failed = [answers[name] for name in order if answers[name].machine is None]
    for answer in failed:
        if arguments.json:
            print(json.dumps({"v": 1, "address": answer.host, "error": answer.why}))
        print(_safe(f"{answer.host}: {answer.why}"), file=sys.stderr)
    if failed:
        others = f"; the other {len(names) - len(failed)} did" if len(failed) < len(names) else ""
        raise UserError(
            f"{len(failed)} of {len(names)} host{'s' * (len(names) != 1)} did not tell what they are made of{others}",
            status=FAILED,
            hint=f"try one by hand: {arguments.ssh} {failed[0].host} uname -n",
        )
    return DONE


def _safe(text: str) -> str:
    """What another machine says may hold anything; a terminal must not."""
    return make_safe(text.encode("utf-8", "replace"))
