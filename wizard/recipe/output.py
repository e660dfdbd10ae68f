"""Headers of step files: what an export step makes and needs of a host and an appliance; what other steps need."""

from __future__ import annotations

from dataclasses import dataclass, field

from wizard.recipe import yamltext
from wizard.recipe.entries import Entry, Schema, read_entry
from wizard.recipe.errors import Problems, nearest, quoted
from wizard.recipe.model import OutputType, Takes
from wizard.recipe.nodes import Source
from wizard.recipe.takes import read_takes

OUTPUT = {
    "title": "text",
    "makes": "text",
    "kernel": "text",
    "setup": "list?",
    "rpm setup": "list?",
    "packages": "list?",
    "tools": "list",
    "options": "map?",
    "takes": "map?",
    "adds": "text",
    "leaves out": "text",
    "use": "text",
}
NEEDS = {"packages": "list?", "tools": "list?", "takes": "map?"}
_KERNEL = ("none", "wanted")


@dataclass(frozen=True, slots=True)
class Needs:
    """The header `# NEEDS` of a step: packages in the appliance, tools of this machine, and what its globals take."""

    packages: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    takes: dict[str, Takes] = field(default_factory=dict)


def read_output(name: str, source: Source, problems: Problems) -> OutputType | None:
    """The header `# OUTPUT` of an export step. None when it has none, or one with a mistake, which was told."""
    entry = _header("# OUTPUT", source, OUTPUT, problems)
    if entry is None:
        return None
    value = entry.value
    if value["kernel"] not in _KERNEL:
        problems.add(entry.places["kernel"], f"kernel: takes {' or '.join(_KERNEL)}")
        return None
    takes = _takes(entry, problems)
    if takes is None:
        return None
    rpm = entry.places.get("rpm setup") is not None or not (
        value["setup"] or value["packages"] or value["kernel"] == "wanted"
    )
    return OutputType(
        id=name,
        title=value["title"],
        makes=value["makes"],
        kernel=value["kernel"] == "wanted",
        setup=value["setup"],
        rpm_setup=value["rpm setup"] if rpm else None,
        packages=value["packages"],
        tools=value["tools"],
        options=value["options"],
        takes=takes,
        adds=value["adds"],
        leaves_out=value["leaves out"],
        use=value["use"],
        place=entry.places.get("setup", entry.place),
    )


def _takes(entry: Entry, problems: Problems) -> dict[str, Takes] | None:
    """What each option takes; None when there is a mistake, which was told."""
    texts = entry.value["takes"]
    options = entry.value.get("options", texts)
    found: dict[str, Takes] = {}
    before = problems.told
    for name, text in texts.items():
        takes = read_takes(name, text, found)
        if name not in options:
            problems.add(entry.places[f"takes.{name}"], f"{quoted(name)} is no option", nearest(name, options))
        elif isinstance(takes, str):
            problems.add(entry.places[f"takes.{name}"], takes)
        else:
            found[name] = takes
    for name in options:
        if name not in texts:
            problems.add(entry.places[f"options.{name}"], f"what {quoted(name)} takes is missing", "say it in takes:")
    return found if problems.told == before else None


def read_needs(source: Source, problems: Problems) -> Needs:
    """The header `# NEEDS` of the step `source`; one that needs nothing when it has none, or one with a mistake."""
    entry = _header("# NEEDS", source, NEEDS, problems)
    takes = _takes(entry, problems) if entry else None
    return Needs(entry.value["packages"], entry.value["tools"], takes) if entry and takes is not None else Needs()


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
