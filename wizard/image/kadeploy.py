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

DIALECTS = ("kadeploy3.3", "g5k")
#: What archive_compression takes in each dialect, the default first: 3.3 knows no zstd.
COMPRESSIONS = {"kadeploy3.3": ("gz", "xz"), "g5k": ("zst", "gz", "xz")}
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
    """The options among these globals, with the defaults of those that are empty or not there. UserError for a value
    that none can have."""
    dialect = _one_of(given, "dialect", DIALECTS)
    compressions = COMPRESSIONS[dialect]
    compression = given.get("archive_compression") or compressions[0]
    if compression not in compressions:
        raise UserError(
            f"archive_compression: kadeploy_dialect {dialect} knows {', '.join(compressions)}, not {compression}",
            hint="zst wants kadeploy_dialect g5k" if compression == "zst" else "",
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", stem):
        raise UserError(
            f"{stem!r} makes no names of files that Kadeploy can fetch", hint="letters, digits and . _ + - make one"
        )
    name = given.get(f"{_PREFIX}name") or stem
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,254}", name):
        raise UserError(
            f"kadeploy_name: {name!r} is no environment's name", hint="letters, digits and . _ + - make one"
        )
    version = given.get(f"{_PREFIX}version") or time.strftime("%Y%m%d%H", time.gmtime(date))
    if not re.fullmatch(r"[0-9]{1,10}", version) or int(version) >= 1 << 31:
        raise UserError(f"kadeploy_version: {version!r} is no number up to {(1 << 31) - 1}")
    kind = _one_of(given, "kind", ("tar", "dd"))
    filesystem = _one_of(given, "filesystem", ("ext4", "ext3", "ext2", "xfs", "btrfs"))
    if kind == "dd" and filesystem != "ext4":
        raise UserError(f"kadeploy_filesystem: with kadeploy_kind dd it is ext4, not {filesystem}")
    own = "g5k" if dialect == "g5k" else "own"
    texts = {
        key: _text(key, given.get(key) or fallback)
        for key, fallback in {
            f"{_PREFIX}description": f"{stem}, made by kameleon-tui",
            f"{_PREFIX}author": "kameleon-tui",
            f"{_PREFIX}base": "",
            "kernel_parameters": "",
        }.items()
    }
    if re.search(r"[\s|,]", texts[f"{_PREFIX}base"]):
        raise UserError("kadeploy_base: an address or a directory without blanks, commas and bars was expected")
    return Options(
        stem=stem,
        date=date,
        dialect=dialect,
        kind=kind,
        compression=compression,
        name=name,
        version=int(version),
        description=texts[f"{_PREFIX}description"],
        author=texts[f"{_PREFIX}author"],
        visibility=_one_of(given, "visibility", ("private", "shared", "public")),
        base=texts[f"{_PREFIX}base"],
        filesystem=filesystem,
        postinstall=_one_of(given, "postinstall", (own, *({"own", "g5k", "none"} - {own}))),
        kernel_parameters=" ".join(["console=tty0 console=ttyS0,115200", *texts["kernel_parameters"].split()]),
        static_dev=_one_of(given, "static_dev", ("no", "yes"), prefix="") == "yes",
    )


def _one_of(given: Mapping[str, str], name: str, words: Sequence[str], prefix: str = _PREFIX) -> str:
    word = given.get(prefix + name) or words[0]
    if word not in words:
        raise UserError(f"{prefix}{name}: one of {', '.join(sorted(words))} was expected, not {word!r}")
    return word


def _text(name: str, text: str) -> str:
    text = " ".join(text.split())
    if not text.isprintable():
        raise UserError(f"{name}: characters that cannot be shown are in it: {text!r}")
    return text


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
    static_dev; `left-out`: patterns of what is left out, each ended by a NUL; `describe KERNEL INITRD`: writes what
    goes with the archive in the output."""
    given = {key.removeprefix("KAMELEON_").lower(): value for key, value in environment.items()}
    if words[0] == "left-out":
        patterns = [path for one in left_out("kadeploy") for path in one.paths]
        sys.stdout.write("".join(f"{pattern}\0" for pattern in patterns))
        return 0
    epoch = Path(given["workdir"]) / "epoch"
    text = epoch.read_text().strip() if epoch.is_file() else ""
    asked = options(given, given["recipe"], int(text) if text else int(time.time()))
    if words[0] == "check":
        print(asked.kind, asked.compression, "yes" if asked.static_dev else "no")
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
