"""A Kadeploy environment: what describes an archive of a root tree to Kadeploy, in the YAML form and in the text form
of kaenv3, and the post-installation archive.

What the two forms hold, and which words each takes, is in recipes/schema/kadeploy.schema.json and kaenv.schema.json.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import sys
import tarfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wizard.data import shipped
from wizard.errors import UserError
from wizard.image.left_out import left_out

_LONG = {"gz": "gzip", "xz": "xz", "zst": "zstd"}
_OWN_SCRIPT = "kameleon-postinstall"
_G5K_POSTINSTALL = {
    "archive": "server:///grid5000/postinstalls/g5k-postinstall.tgz",
    "compression": "gzip",
    "script": "g5k-postinstall --net debian --disk-aliases",
}
_LINUX = 0x83  # the type of a Linux partition: 131 in YAML, 83 in the text form
_PREFIX = "kadeploy_"


@dataclass(frozen=True, slots=True)
class Options:
    """The globals that say what is made. `stem`: what the files' names begin with; `date`: seconds since the epoch.

    `postinstall`: own (an archive made here), g5k (Grid'5000's, on its servers) or none. `base`: where the files will
    be, an address or a directory; "": where kadeploy3 is called."""

    stem: str
    date: int
    dialect: str
    kind: str
    compression: str
    name: str
    version: int
    description: str
    author: str
    visibility: str
    base: str
    filesystem: str
    postinstall: str
    kernel_parameters: str
    static_dev: bool

    @property
    def archive(self) -> str:
        """The file name of the tree's archive, or of its partition's image."""
        return f"{self.stem}.kadeploy.{self.kind}.{self.compression}"

    @property
    def postinstall_archive(self) -> str:
        return f"{self.stem}.postinstall.tgz"


@dataclass(frozen=True, slots=True)
class Tree:
    """What the description says of the tree. `kernel`, `initrd`: paths in it, links are followed; `architecture` as
    uname -m says it; `grub`: whether GRUB can be installed from inside."""

    kernel: str = "/vmlinuz"
    initrd: str = "/initrd.img"
    architecture: str = "x86_64"
    grub: bool = True


def options(given: Mapping[str, str], stem: str, date: int) -> Options:
    """The options among these globals, with the defaults of those that are empty or not there. Their values are
    what the header of recipes/steps/export/kadeploy.yaml says they take. UserError when `stem` makes no file names."""

    def value(name: str, fallback: str, prefix: str = _PREFIX) -> str:
        return " ".join((given.get(prefix + name) or fallback).split())

    dialect = value("dialect", "kadeploy3.3")
    g5k = dialect == "g5k"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", stem):
        raise UserError(
            f"{stem!r} makes no names of files that Kadeploy can fetch", hint="letters, digits and . _ + - make one"
        )
    return Options(
        stem=stem,
        date=date,
        dialect=dialect,
        kind=value("kind", "tar"),
        compression=value("archive_compression", "zst" if g5k else "gz", ""),
        name=value("name", stem),
        version=int(value("version", time.strftime("%Y%m%d%H", time.gmtime(date)))),
        description=value("description", f"{stem}, made by kameleon-tui"),
        author=value("author", "kameleon-tui"),
        visibility=value("visibility", "private"),
        base=value("base", ""),
        filesystem=value("filesystem", "ext4"),
        postinstall=value("postinstall", "g5k" if g5k else "own"),
        kernel_parameters=f"console=tty0 console=ttyS0,115200 {value('kernel_parameters', '', '')}".rstrip(),
        static_dev=value("static_dev", "no", "") == "yes",
    )


def _place(asked: Options, file: str) -> str:
    return f"{asked.base.rstrip('/')}/{file}" if asked.base else file


def _postinstalls(asked: Options) -> list[dict[str, str]]:
    if asked.postinstall == "own":
        archive = _place(asked, asked.postinstall_archive)
        return [{"archive": archive, "compression": "gzip", "script": _OWN_SCRIPT}]
    return [_G5K_POSTINSTALL] if asked.postinstall == "g5k" else []


def yaml_form(asked: Options, tree: Tree) -> str:
    """The description as kaenv3 -a and kadeploy3 -a take it."""
    ours: dict[str, Any] = {"name": asked.name, "version": asked.version}
    if asked.dialect == "g5k":
        ours |= {"alias": asked.name, "arch": tree.architecture}
    ours |= {
        "description": asked.description,
        "author": asked.author,
        "visibility": asked.visibility,
        "destructive": False,
        "os": "linux",
        "image": {
            "file": _place(asked, asked.archive),
            "kind": asked.kind,
            "compression": _LONG[asked.compression],
        },
    }
    if postinstalls := _postinstalls(asked):
        ours["postinstalls"] = postinstalls
    boot = {"kernel": tree.kernel, "initrd": tree.initrd, "kernel_params": asked.kernel_parameters}
    ours |= {
        "boot": {key: value for key, value in boot.items() if value},
        "filesystem": asked.filesystem,
        "partition_type": _LINUX,
        "multipart": False,
    }
    if asked.dialect == "g5k" and not tree.grub:
        ours["custom_variables"] = {"BOOTLOADER_NO_GRUB_FROM_DEST": "1"}
    return yaml.safe_dump(ours, explicit_start=True, sort_keys=False, allow_unicode=True, width=1000)


def text_form(asked: Options, tree: Tree) -> str:
    """The same as kaenv3 took it up to 3.1; "" when it has no word for the compression: it knows gzip only."""
    if asked.compression != "gz":
        return ""
    lines = {
        "name": asked.name,
        "version": str(asked.version),
        "description": asked.description,
        "author": asked.author,
        "tarball": f"{_place(asked, asked.archive)}|{'tgz' if asked.kind == 'tar' else 'ddgz'}",
        "postinstall": ",".join(f"{one['archive']}|tgz|{one['script']}" for one in _postinstalls(asked)),
        "kernel": tree.kernel,
        "kernel_params": asked.kernel_parameters,
        "initrd": tree.initrd,
        "fdisktype": f"{_LINUX:x}",
        "filesystem": asked.filesystem,
        "environment_kind": "linux",
        "visibility": asked.visibility,
        "demolishing_env": "false",
    }
    return "".join(f"{key} : {value}\n" for key, value in lines.items() if value)


def postinstall(date: int) -> bytes:
    """The post-installation archive: one script, which Kadeploy runs on the node once the tree is unpacked there."""
    script = (shipped("recipes") / "kadeploy" / "postinstall.sh").read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo(_OWN_SCRIPT)
        member.size, member.mode, member.mtime = len(script), 0o755, date
        archive.addfile(member, io.BytesIO(script))
    return gzip.compress(packed.getvalue(), mtime=date)


def describe(asked: Options, tree: Tree, directory: Path) -> list[str]:
    """Writes what goes with the archive, which is in `directory` already; the names of all files, archive first."""
    made = {
        f"{asked.stem}.dsc": yaml_form(asked, tree).encode(),
        f"{asked.stem}.kaenv": text_form(asked, tree).encode(),
    }
    if asked.postinstall == "own":
        made[asked.postinstall_archive] = postinstall(asked.date)
    names = [asked.archive, *(name for name, content in made.items() if content)]
    for name in names[1:]:
        (directory / name).write_bytes(made[name])
    # Kadeploy tells its files apart by MD5; SHA256SUMS are for people.
    sums = []
    for name in names:
        with (directory / name).open("rb") as stream:
            sums.append(f"{hashlib.file_digest(stream, 'md5').hexdigest()}  {name}\n")
    (directory / f"{asked.stem}.kadeploy.md5").write_text("".join(sums))
    return [*names, f"{asked.stem}.kadeploy.md5"]


def main(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """For steps, which have the globals in their environment. `check`: prints kind, compression and yes or no for
    static_dev, then patterns of what is left out, one a line; `describe KERNEL INITRD`: writes what goes with the
    archive in the output."""
    given = {key.removeprefix("KAMELEON_").lower(): value for key, value in environment.items()}
    epoch = Path(given["workdir"]) / "epoch"
    text = epoch.read_text().strip() if epoch.is_file() else ""
    asked = options(given, given["recipe"], int(text) if text else int(time.time()))
    if words[0] == "check":
        print(asked.kind, asked.compression, "yes" if asked.static_dev else "no")
        for one in left_out("kadeploy"):
            print(*one.paths, sep="\n")
    else:
        for name in describe(asked, Tree(words[1], words[2], os.uname().machine), Path(given["output"])):
            print(name)
        if not text_form(asked, Tree()):
            print(f"no {asked.stem}.kaenv: the old text form knows no archive but gzip's (-g archive_compression:gz)")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:], os.environ))
    except UserError as error:
        print("; ".join(filter(None, (error.message, error.hint))), file=sys.stderr)  # one line: it is what is shown
        sys.exit(error.status)
