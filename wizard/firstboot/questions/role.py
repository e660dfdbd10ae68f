"""What the machine is in the cluster."""

from __future__ import annotations

from wizard.flow.question import Answer, Choice, Kind, Question, Source

#: Each has its recipe, recipes/firstboot/ROLE.yaml.
ROLES = (
    Choice("both", "Server and node", "A whole cluster on this one machine: it takes jobs, and runs them."),
    Choice("server", "Server", "Takes jobs and sends them to nodes: OAR's database and server; runs none itself."),
    Choice("node", "Node", "Runs the jobs of a server on another machine, whose address and public key it needs."),
)


def role() -> Question:
    return Question(
        "role",
        "Role",
        "What this machine is in the OAR cluster.",
        Kind.ONE,
        lambda values: Answer("both", Source.DEFAULT, "it works with no other machine"),
        lambda values: ROLES,
        help="One machine: both. Several: a server first; when it is done it says where its public key is. Then the "
        "nodes, each with the server's address and that key.",
    )
