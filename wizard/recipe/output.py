"""Headers of step files: what an export step makes and needs of a host and an appliance; what a setup step needs."""

from __future__ import annotations

from wizard.recipe import yamltext
from wizard.recipe.entries import Entry, Schema, read_entry
from wizard.recipe.errors import Problems
from wizard.recipe.model import OutputType
from wizard.recipe.nodes import Source

OUTPUT = {
    "title": "text",
    "makes": "text",
    "kernel": "text",
    "setup": "list?",
    "packages": "list?",
    "tools": "list",
    "options": "map?",
    "adds": "text",
    "leaves out": "text",
    "use": "text",
}
NEEDS = {"packages": "list"}
_KERNEL = ("none", "wanted")


def read_output(name: str, source: Source, problems: Problems) -> OutputType | None:
    """The header `# OUTPUT` of an export step. None when it has none, or one with a mistake, which was told."""
    entry = _header("# OUTPUT", source, OUTPUT, problems)
    if entry is None:
        return None
    value = entry.value
    if value["kernel"] not in _KERNEL:
        problems.add(entry.places["kernel"], f"kernel: takes {' or '.join(_KERNEL)}")
        return None
    return OutputType(
        id=name,
        title=value["title"],
        makes=value["makes"],
        kernel=value["kernel"] == "wanted",
        setup=value["setup"],
        packages=value["packages"],
        tools=value["tools"],
        options=value["options"],
        adds=value["adds"],
        leaves_out=value["leaves out"],
        use=value["use"],
        place=entry.places.get("setup", entry.place),
    )


def needed_packages(source: Source, problems: Problems) -> tuple[str, ...]:
    """The packages that the header `# NEEDS` of the setup step `source` names."""
    entry = _header("# NEEDS", source, NEEDS, problems)
    return entry.value["packages"] if entry else ()


def _header(title: str, source: Source, schema: Schema, problems: Problems) -> Entry | None:
    """YAML in the comment lines between the line `title` and the first line that is no comment."""
    start = next((number for number, line in enumerate(source.lines) if line.strip() == title), None)
    if start is None:
        return None
    body: list[str] = []
    for line in source.lines[start + 1 :]:
        if not line.startswith("#"):
            break
        body.append(" " + line[1:])  # every column stays what it is in the file
    text = "\n" * (start + 1) + "\n".join(body)
    read = yamltext.parse(text, source.path, source.file, problems)
    return read_entry(read[1], schema, problems) if read else None
