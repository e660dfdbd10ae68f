"""For a node: which server sends it jobs, and the key by which it knows that server."""

from __future__ import annotations

import re

from wizard.firstboot.questions.hostname import check as check_name
from wizard.flow.question import Kind, Question, Values, left_empty

#: How OAR's own line in authorized_keys begins; people copy the whole of it.
OAR_KEY = 'environment="OAR_KEY=1" '


def server() -> tuple[Question, Question]:
    """server (a name or an address) and server_key (the public key of the server's user oar)."""
    return (
        Question(
            "server",
            "Server",
            "The name or the address of the server whose jobs this node runs; empty for later.",
            Kind.TEXT,
            left_empty("nobody can guess it"),
            check=lambda value, values: check_server(value),
            when=_node,
        ),
        Question(
            "server_key",
            "Server's key",
            "The server's public key, one line; empty for later.",
            Kind.TEXT,
            left_empty("without it no server gets in"),
            check=lambda value, values: check_key(bare(value)) if value else "",
            when=_node,
            help="The server has it in /var/lib/oar/.ssh/id_ed25519.pub. It is no secret; who has the private key "
            "beside it can become root of this node. `kameleon-tui firstboot --again` asks for it once more.",
        ),
    )


def _node(values: Values) -> bool:
    return values["role"] == "node"


def bare(line: str) -> str:
    """The key alone, of a line as OAR has it."""
    return line.strip().removeprefix(OAR_KEY)


def check_server(value: str) -> str:
    """Why `value` is no server's name or address, as a sentence; "" when it is one, or empty."""
    import ipaddress

    if not value or not check_name(value):
        return ""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return f"{value[:64]!a} is no host name and no address."
    return ""


def check_key(line: str) -> str:
    """Why `line` is no public key of OpenSSH (TYPE BASE64 COMMENT, without options), as a sentence; "" when it is."""
    import base64
    import binascii

    words = line.split(" ", 2)
    if not line.isprintable():
        return "A key is one line, and has no control characters."
    if len(words) < 2 or not re.fullmatch(r"[a-z0-9@.-]{3,64}", words[0], re.ASCII):
        return "A public key is its type, such as ssh-ed25519, a blank, and a long word."
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return f"The key after {words[0]} was not copied whole."
    # RFC 4253, 6.6: it begins with the length of its type, and the type.
    kind = blob[4 : 4 + int.from_bytes(blob[:4], "big")]
    if kind != words[0].encode() or len(blob) < 40:
        return f"The key after {words[0]} was not copied whole."
    return ""
