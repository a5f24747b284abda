"""Imports go down only, and the two heavy libraries stay where they belong."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.source import Module, is_module, modules

# The floors of the house, lowest first. A new module gets its floor here, on purpose.
LAYERS = {
    0: ["proto_utils"],
    1: ["errors", "dtypes", "names", "registry", "tensor", "tensor_dict", "tensor_proto", "tensor_pairs"]
    + ["tensor_slice", "tensor_weaving", "tensor_index"],
    2: ["attr_value", "node", "graph", "graph_def", "frames", "index", "model", "ops", "reach", "node_lists"]
    + ["weights", "variables", "exchange", "surroundings", "serving", "transforms"],
    3: ["verify", "model_pass", "checkpoint_edit", "value_edit", "new_inputs", "equivalence", "consistency"]
    + ["initializers", "renaming"],
    4: ["formats", "passes", "edits"],
    5: ["pipeline", "diff", "inspect", "verify_source", "compat", "retention", "edited_checkpoint", "recipe"]
    + ["fitting"],
    6: ["cli", "__main__"],
}
FLOOR = {name: layer for layer, names in LAYERS.items() for name in names}
TOP_LEVEL = 5  # graphsurgeon/__init__.py
SIBLINGS = {"formats": "passes", "passes": "formats"}


def room(module: str) -> str:
    """The part of the house a module is in: "proto_utils", or what follows "graphsurgeon."."""
    first, _, rest = module.partition(".")
    return first if first == "proto_utils" else rest.split(".")[0]


def floor(module: str) -> int:
    return FLOOR[room(module)] if room(module) else TOP_LEVEL


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.relative)
def test_every_module_has_a_floor(module: Module):
    assert not room(module.name) or room(module.name) in FLOOR


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.relative)
def test_imports_go_down(module: Module):
    up = [
        f"line {found.line}: {found.target} is on floor {floor(found.target)}"
        for found in module.imports()
        if is_module(found.target) and floor(found.target) > floor(module.name)
    ]
    assert not up


@pytest.mark.parametrize("module", modules("graphsurgeon"), ids=lambda module: module.relative)
def test_formats_and_passes_do_not_know_each_other(module: Module):
    sibling = SIBLINGS.get(room(module.name))
    assert [found for found in module.imports() if sibling and room(found.target) == sibling] == []


def test_no_module_needs_itself():
    needs = {
        module.name: {found.target for found in module.imports() if is_module(found.target) and not found.typing_only}
        for module in modules()
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail("these import each other: " + " <- ".join(error.args[1]))


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.relative)
def test_protobuf_has_one_importer(module: Module):
    if module.relative in ("proto_utils/schema.py", "proto_utils/make_schema.py"):
        return
    assert [found for found in module.imports() if found.target.startswith("google")] == []


def test_tensorflow_is_imported_by_judges_and_generators_only():
    allowed = ("tests/tf/", "fixtures/make/", "benchmarks/")
    everywhere = modules("graphsurgeon", "proto_utils", "tests", "fixtures", "benchmarks")
    found = [
        module.relative
        for module in everywhere
        if not module.relative.startswith(allowed)
        and any(one.target.split(".")[0] == "tensorflow" for one in module.imports())
    ]
    assert found == []
