"""Who may log in over the network."""

from __future__ import annotations

from wizard.firstboot.questions.server import check_key
from wizard.flow.question import Kind, Question, left_empty


def ssh_keys() -> Question:
    """Public keys, a line each; they are added to those the image has."""
    return Question(
        "ssh_keys",
        "SSH keys",
        "Public keys of those who may log in over the network, besides the image's own; none for nobody.",
        Kind.LINES,
        left_empty("nobody can guess them", ()),
        check=lambda value, values: check_key(value),
        help="The line of a file such as ~/.ssh/id_ed25519.pub. Passwords are never taken over the network.",
    )
