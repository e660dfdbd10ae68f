"""The arguments of `kameleon-tui resources`."""

from __future__ import annotations

import argparse

from wizard.arguments import seconds

_GRANULARITIES = ("core", "thread", "host", "gpu")
_FORMATS = ("commands", "sql", "json", "yaml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(
        dest="word", required=True, metavar="detect|plan|show|create|export", title="what to do"
    )

    detect = words.add_parser("detect", help="what machines are made of, and what is left out", allow_abbrev=False)
    detect.add_argument("--json", action="store_true", help="a JSON object a machine and line, which --machine takes")
    which = detect.add_mutually_exclusive_group()
    which.add_argument(
        "--host",
        metavar="[USER@]NAME",
        nargs="+",
        action="extend",
        help="not this machine but these, over ssh; 'node[001-512]' are 512; nothing is installed on them",
    )
    which.add_argument("--machine", metavar="FILE", help="show the recorded machines of this file instead")
    detect.add_argument(
        "--ssh", metavar="COMMAND", default="ssh", help="how they are reached, such as 'ssh -p 6667 -l oar'"
    )
    detect.add_argument(
        "--timeout", type=seconds, metavar="S", default=20.0, help="how long each may take to answer (default 20 s)"
    )
    detect.add_argument("--parallel", type=int, metavar="N", default=64, help="how many are asked at once (default 64)")

    plan = words.add_parser(
        "plan", help="what OAR would get, and how that differs from what it has", allow_abbrev=False
    )
    _plan_arguments(plan)
    plan.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    show = words.add_parser(
        "show", help="the same as a tree on a screen, and making it so from there", allow_abbrev=False
    )
    _plan_arguments(show)
    show.add_argument("--plain", action="store_true", help="the lines of `plan`, also on a terminal")
    create = words.add_parser("create", help="make OAR's resources so, and look whether they are", allow_abbrev=False)
    _plan_arguments(create)
    create.add_argument("--json", action="store_true", help="one JSON object instead of words")
    create.add_argument(
        "--wait", type=seconds, metavar="S", default=0.0, help="wait so long for the database to have OAR's tables"
    )
    export = words.add_parser("export", help="what `create` would do, for others to carry out", allow_abbrev=False)
    _plan_arguments(export)
    export.add_argument(
        "--format",
        choices=_FORMATS,
        default="commands",
        help="oarnodesetting commands (default), a transaction for psql, or the new resources as OAR's API takes them",
    )


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host",
        metavar="NAME",
        nargs="+",
        action="extend",
        help="network_address in OAR; 'node[001-512]' are 512 hosts, all as the machine is (default: its host name)",
    )
    parser.add_argument(
        "--machine",
        metavar="FILE",
        help="not this machine but those of the file: recorded by `detect --json`, a CSV "
        "(host,cpus,cores,threads,memory,gpus), or Grid'5000's reference API",
    )
    parser.add_argument(
        "--granularity",
        choices=_GRANULARITIES,
        default="core",
        help="a resource for each core with all its threads (default), each thread, each GPU with its cores, or host",
    )
    parser.add_argument("--gpus", action="store_true", help="share the GPUs out among cores: properties gpu, gpudevice")
    parser.add_argument(
        "--property",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a property that each resource gets; made when OAR does not have it",
    )
    parser.add_argument(
        "--retire",
        action="store_true",
        help="resources of these hosts that are not planned are taken out of use (their state becomes Dead)",
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="these hosts are the whole cluster: with --retire, resources of all others are taken out of use, too",
    )
    parser.add_argument(
        "--database",
        metavar="KEY=VALUE…",
        help="OAR's database as psql takes it, such as 'host=db dbname=oar user=oar' "
        "(default: the one of /etc/oar/oar.conf; as root, a local one through its socket)",
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        default=30.0,
        help="how long the database may take (default 30 s; a second more for each thousand resources)",
    )
