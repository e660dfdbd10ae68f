"""The workstation flow: what is asked, when, with which default, and what will do as an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compose.catalogs import write_catalog
from wizard.commands.build import DEFAULT_RECIPE
from wizard.compose.catalog import QUESTIONS, Catalog, Global, load_catalog
from wizard.compose.recipe import answers_to_globals, base_of
from wizard.compose.workstation import read_setting, workstation_flow
from wizard.flow.flow import Flow
from wizard.flow.question import Source, Value


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    return workstation_flow(load_catalog(write_catalog(tmp_path)))


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return load_catalog()


def _say(flow: Flow, question: str, value: Value) -> str:
    flow.go(question)
    return flow.answer(value)


def _asked(flow: Flow) -> list[str]:
    return [question.id for question in flow.asked()]


def _settings(flow: Flow) -> list[str]:
    return [line.question.id for line in flow.review() if line.question.id not in QUESTIONS]


def test_a_kernel_is_asked_when_a_type_wants_one_and_the_recipe_has_none(flow: Flow) -> None:
    assert _asked(flow) == ["appliance", "distribution", "types", "package_sets"]
    assert _say(flow, "types", ("tar", "disk")) == ""
    assert _asked(flow) == ["appliance", "distribution", "types", "kernel", "package_sets"]
    flow.go("kernel")
    assert flow.current is not None
    assert [choice.id for choice in flow.choices(flow.current)] == ["linux-plain", "linux-fast"]
    # The cluster's recipe says which kernel it has; there is one distribution and one type: nothing to ask.
    assert _say(flow, "appliance", "cluster") == ""
    assert flow.values()["types"] == ("disk",)
    assert _asked(flow) == ["appliance", "package_sets"]


def test_settings_are_asked_where_they_mean_something(flow: Flow) -> None:
    assert _settings(flow) == ["hostname", "packages", "files"]
    # The disk boots, so keys are of use, and it has options.
    assert _say(flow, "types", ("disk",)) == ""
    assert _settings(flow) == ["hostname", "packages", "keys", "files", "shape", "size"]
    assert _say(flow, "appliance", "cluster") == ""
    assert _settings(flow) == ["hostname", "shape", "size"]


def test_another_distribution_offers_its_own(flow: Flow) -> None:
    assert _say(flow, "package_sets", ("more", "tools")) == ""
    assert flow.values()["package_sets"] == ("tools", "more")
    _say(flow, "distribution", "two")
    assert flow.values()["package_sets"] == ("tools",)
    _say(flow, "distribution", "one")
    assert flow.values()["package_sets"] == ("tools", "more")


def test_there_is_always_a_type(flow: Flow) -> None:
    assert _say(flow, "types", ()) == "Output: at least 1 must be chosen."
    assert flow.values()["types"] == ("tar",)


def test_every_default_is_possible_and_has_its_reason(flow: Flow) -> None:
    _say(flow, "types", ("tar", "disk"))
    for line in flow.review():
        if line.question.id != "types":
            assert line.answer.source is Source.DEFAULT
            assert line.answer.reason
    assert flow.problems() == []
    assert flow.open() == []


def test_defaults_are_the_recipes_own(flow: Flow) -> None:
    assert flow.values()["hostname"] == "hello"
    _say(flow, "types", ("disk",))
    assert flow.values()["keys"] == ()
    assert flow.values()["size"] == ""
    assert flow.answers()["size"].reason == "the output type's own"
    flow.go("shape")
    assert flow.current is not None
    assert [choice.title for choice in flow.choices(flow.current)] == ["as the output type has it", "round", "square"]
    assert flow.shows(flow.current) == ("disk: how round it is",)


def test_enter_all_the_way_builds_the_default_appliance(shipped: Catalog) -> None:
    values = workstation_flow(shipped).values()
    assert base_of(shipped, values).recipe == DEFAULT_RECIPE
    assert values["types"] == ("iso",)
    assert answers_to_globals(shipped, values) == {}


def test_whatever_is_offered_with_what_ships_has_possible_defaults(shipped: Catalog) -> None:
    for appliance in shipped.appliances:
        for distribution in shipped.distributions_of(appliance.id):
            flow = workstation_flow(shipped)
            assert _say(flow, "appliance", appliance.id) == ""
            assert _say(flow, "distribution", distribution.id) == ""
            assert _say(flow, "types", tuple(one.id for one in shipped.outputs_of(appliance.id))) == ""
            assert flow.open() == []
            for question in flow.questions:
                assert question.title
            assert all(line.question.text or flow.shows(line.question) for line in flow.review())


NAMES = [
    ("hostname", "web-1", ""),
    ("hostname", "X" * 63, ""),
    ("hostname", "X" * 64, "A host name has"),
    ("hostname", "-a", "A host name has"),
    ("hostname", "a\n", "A host name has"),
    ("hostname", "$(id)", "A host name has"),
    ("hostname", "", "A host name has"),
    ("packages", "", ""),
    ("packages", "vim-tiny less=590-2 libc6:i386 nano/bookworm", ""),
    ("packages", "vim; reboot", "Names of packages"),
    ("packages", "-o evil", "Names of packages"),
    ("timezone", "Europe/Paris", ""),
    ("timezone", "Etc/UTC", ""),
    ("timezone", "../../etc/passwd", "A time zone was expected"),
    ("locale", "fr_FR.UTF-8", ""),
    ("locale", "sr_RS@latin", ""),
    ("locale", "no such", "A locale was expected"),
    ("oar_packages", "deb [signed-by=/k.asc] http://server/debian bookworm main", ""),
    ("oar_packages", "deb http://server/debian bookworm main", "It is neither a directory"),
    ("oar_packages", "/nowhere/at/all", "It is neither a directory"),
    ("oar_packages", "", ""),
    ("overlay", "/nowhere/at/all", "There is no such directory"),
    ("compression", "19", ""),
    ("compression", "23", "Compression level takes 1 to 22, not 23."),
    ("compression", "3; reboot", "Compression level takes 1 to 22"),
    ("kernel_parameters", "console=ttyS1,9600 quiet", ""),
    ("kernel_parameters", "$(reboot)", "Kernel parameters takes plain words"),
]


@pytest.mark.parametrize(("name", "value", "told"), NAMES)
def test_what_will_do_as_a_setting(shipped: Catalog, name: str, value: str, told: str) -> None:
    problem = _say(workstation_flow(shipped), name, value)
    assert problem.startswith(told)
    assert bool(problem) is bool(told)


def test_options_offer_and_take_what_the_types_chosen_do(shipped: Catalog) -> None:
    flow = workstation_flow(shipped)
    _say(flow, "appliance", "minimal")
    _say(flow, "types", ("tar", "kadeploy", "vmdk"))

    def offered(name: str) -> list[str]:
        flow.go(name)
        assert flow.current is not None
        return [choice.id for choice in flow.choices(flow.current)]

    assert offered("vmdk_subformat") == ["", "streamOptimized", "monolithicSparse"]
    # zst where Grid'5000's dialect is chosen, on a line that comes later.
    assert offered("archive_compression") == ["", "zst", "gz", "xz"]
    assert _say(flow, "raw_size", "4 GB") == ("raw_size takes a number with M or G behind it, such as 4G, not 4 GB.")
    assert _say(flow, "compression", "12") == ""
    assert _say(flow, "archive_compression", "gz") == ""
    assert _say(flow, "compression", "12") == "Compression level takes 1 to 9 with archive_compression gz, not 12."
    assert flow.values()["compression"] == "3"


def test_a_zone_that_is_none_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "zones/Europe").mkdir(parents=True)
    (tmp_path / "zones/Europe/Paris").touch()
    (tmp_path / "zones/posix/Europe").mkdir(parents=True)
    (tmp_path / "zones/posix/Europe/Paris").touch()
    globals_ = "- {id: hostname, title: Zone, text: Where., kind: text, below: FOLDER}\n"
    text = globals_.replace("FOLDER", str(tmp_path / "zones"))
    appliances = "- {id: a, title: A, text: A., recipes: {one: hello}, globals: [hostname]}\n"
    flow = workstation_flow(load_catalog(write_catalog(tmp_path, globals=text, appliances=appliances)))
    assert _say(flow, "hostname", "Europe/Paris") == ""
    told = f"Zone: 'Europe/Pariss' is not in {tmp_path}/zones; is it Europe/Paris?"
    assert _say(flow, "hostname", "Europe/Pariss") == told
    assert _say(flow, "hostname", "../catalog").startswith("Zone: '../catalog' is not in")


KEYS = Global("keys", "Keys", "", "keys", pattern="key [a-z,]+", form="No key.")
FILES = Global("files", "Files", "", "path")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the person is, and is at home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "id.pub").write_text("# mine\nkey a\n\nkey b\n")
    (tmp_path / "id").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    (tmp_path / "none").write_text("\n# nothing\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "keys", "told"),
    [
        ("", (), ""),
        ("key a", ("key a",), ""),
        (" key a ,key b", ("key a", "key b"), ""),
        ("key a,b", ("key a,b",), ""),
        ("~/id.pub", ("key a", "key b"), ""),
        ("id.pub, key c", ("key a", "key b", "key c"), ""),
        ("id", (), "id is a private key. Take the public one, often id.pub."),
        ("none", (), "none holds no key."),
        ("nofile.pub", ("nofile.pub",), ""),
    ],
)
def test_keys_may_be_files_of_them(home: Path, text: str, keys: tuple[str, ...], told: str) -> None:
    assert read_setting(KEYS, text) == (keys, told)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        (" ", ""),
        ("~", "HOME"),
        ("./id", "HOME/id"),
        ("nofile", "nofile"),
        ("none of it", "none of it"),
        ("~nobody-at-all/x", "~nobody-at-all/x"),
        ("x" * 5000, "x" * 5000),
    ],
)
def test_paths_hold_wherever_the_recipe_is_built(home: Path, text: str, value: str) -> None:
    assert read_setting(FILES, text) == (value.replace("HOME", str(home)), "")


def test_a_path_that_is_there_will_do_and_a_pattern_may_allow_more(flow: Flow, tmp_path: Path) -> None:
    assert _say(flow, "files", str(tmp_path)) == ""
    assert _say(flow, "files", "none") == ""
    assert _say(flow, "files", str(tmp_path / "no")) == "No such directory."
