"""Imports go strictly down the floors, and the two heavy libraries stay where they belong."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.source import is_module, modules

#: The floors of the house, lowest first; the rooms of one floor do not know each other. A new room gets its floor here.
FLOORS = (
    {"proto_utils"},
    {"display", "errors", "names", "registry", "options"},
    {"tensors"},
    {"ir"},
    {"meta_graph", "weights"},
    {"variables"},
    {"checks", "evaluator", "rewrites"},
    {"passes", "edits", "formats", "compare"},
    {"tools", "compat"},
    {"beam"},
    {"__init__"},
    {"cli"},
    {"__main__"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def room_of(module: str) -> str:
    """The part of the house a module is in: "proto_utils", or what follows "graphsurgeon."."""
    first, _, rest = module.partition(".")
    return first if first == "proto_utils" else rest.split(".")[0] or "__init__"


MAX_ROOMS = 24
MAX_FLOORS = 13
MAX_FILES_AT_THE_ROOT = 7


def test_the_house_is_small(root: Path):
    """Rooms are the folders and files right below `graphsurgeon`."""
    at_the_root = [module for module in modules("graphsurgeon") if module.path.parent == root / "graphsurgeon"]
    assert len(at_the_root) <= MAX_FILES_AT_THE_ROOT
    assert len({room_of(module.name) for module in modules("graphsurgeon")}) <= MAX_ROOMS
    assert len(FLOORS) <= MAX_FLOORS


def test_no_floor_is_for_a_room_that_is_not_there():
    there = {room_of(module.name) for module in modules()} | {"__main__"}
    assert set(FLOOR) - there == set()


def test_the_page_about_the_house_shows_it(root: Path):
    number, shown = -1, {}
    for line in (root / "docs" / "design" / "house.md").read_text(encoding="utf-8").splitlines():
        row = re.match(r"\| (\d*) *\| (.*?) \|", line)
        if row is not None:
            number = int(row[1] or number)
            shown.update(dict.fromkeys(re.findall(r"`(\w+)`", row[2]), number))
    assert shown == {**FLOOR, "__main__": FLOOR["cli"]}


def test_every_module_is_in_a_room():
    assert [module.relative for module in modules() if room_of(module.name) not in FLOOR] == []


def test_imports_go_strictly_down():
    """Also those inside functions, by name and for types only; a room knows itself and the floors below."""
    up = [
        f"{module.relative}, line {found.line}: {found.target} is on floor {FLOOR[room_of(found.target)]}, "
        f"{room} on {FLOOR[room]}"
        for module in modules()
        for room in [room_of(module.name)]
        for found in module.imports
        if is_module(found.target) and room_of(found.target) != room and FLOOR[room_of(found.target)] >= FLOOR[room]
    ]
    assert up == []


def test_imports_by_name_are_seen():
    found = {(module.name, found.target) for module in modules() for found in module.imports}
    assert {
        ("graphsurgeon", "graphsurgeon"),
        ("graphsurgeon.cli.group", "graphsurgeon.cli.pass_verb"),
        ("graphsurgeon.cli.group", "graphsurgeon.cli.verbs"),
        ("graphsurgeon.formats.arrays.transfer", "graphsurgeon.formats.arrays"),
        ("graphsurgeon.formats.checksum", "crc32c"),
    } <= found


def test_no_module_needs_itself():
    needs = {
        module.name: {
            found.target
            for found in module.imports
            if is_module(found.target) and found.is_whole and not found.typing_only
        }
        for module in modules()
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail("these import each other: " + " <- ".join(error.args[1]))


def test_protobuf_has_one_importer():
    allowed = ("proto_utils/schema.py", "proto_utils/make_schema.py")
    found = {module.relative for module in modules() for one in module.imports if one.target.startswith("google")}
    assert found <= set(allowed)


def test_tensorflow_is_imported_by_judges_and_generators_only():
    allowed = ("tests/tf/", "fixtures/make/", "benchmarks/")
    everywhere = modules("graphsurgeon", "proto_utils", "tests", "fixtures", "benchmarks")
    found = [
        module.relative
        for module in everywhere
        if not module.relative.startswith(allowed)
        and "tensorflow" in module.text
        and any(one.target.split(".")[0] == "tensorflow" for one in module.imports)
    ]
    assert found == []
