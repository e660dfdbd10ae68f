"""A catalog in a temporary folder, for what the shipped one does not have yet."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "catalog/appliances.yaml": """\
- id: small
  title: Small
  text: Of either.
  recipes: {one: hello, two: hello}
  globals: [hostname, packages, keys, files]
- id: cluster
  title: Cluster
  text: Of One only.
  recipes: {one: debian-bookworm-x86_64-oar-2.5-iso}
  types: [disk]
  globals: [hostname]
""",
    "catalog/globals.yaml": """\
- {id: hostname, title: Name, text: What it is called., kind: text, pattern: '[a-z]+', form: Letters were expected.}
- {id: packages, title: More packages, text: By name., kind: text}
- {id: keys, title: Keys, text: Who may come in., kind: keys, pattern: 'key [a-z]+', form: No key., step: machine}
- {id: files, title: Files, text: A directory., kind: path, pattern: 'none', form: No such directory.}
- {id: shape, title: Shape, text: How., kind: one, choices: [round, square]}
""",
    "catalog/distributions.yaml": """\
- {id: one, title: System One, text: The first., globals: {suite: bookworm}}
- {id: two, title: System Two, text: Odd values., globals: {suite: "no", motd: 'it''s $(id) \\n'}}
""",
    "catalog/kernels.yaml": """\
- {id: linux-plain, title: Plain, text: Everywhere., size: 1 MB, distributions: [one, two]}
- {id: linux-fast, title: Fast, text: Only One has it., size: 2 MB, distributions: [one]}
""",
    "catalog/packages.yaml": """\
- {id: tools, title: Tools, text: Useful., size: 3 MB, packages: [less, file], distributions: [one, two]}
- {id: more, title: More tools, text: More., size: 4 MB, packages: [file, lsof], distributions: [one]}
""",
    "steps/export/disk.yaml": """\
# Comments may stand above the header.
# OUTPUT
# title: A disk
# makes: RECIPE.disk
# kernel: wanted
# setup: [machine]
# tools: [mkfs]
# options:
#   size: how large it is (default 1G)
#   shape: how round it is
# takes:
#   size: size
#   shape: one of round square
# adds: a boot loader
# leaves out: nothing
# use: Boot it.

- make:
    - exec_local: "true"
""",
    "steps/export/tar.yaml": """\
# OUTPUT
# title: A tar archive
# makes: RECIPE.tar
# kernel: none
# tools: []
# adds: nothing
# leaves out: nothing
# use: Unpack it.
- make:
    - exec_local: "true"
""",
    "steps/export/helper.yaml": """\
# No header: a step that outputs share is not offered.
- make:
    - exec_local: "true"
""",
}


def write_catalog(folder: Path, **changes: str) -> Path:
    """The recipes folder; `changes` replaces whole files, by their stem."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(changes.get(path.stem, text))
    return folder
