"""Freeze and unfreeze undo each other."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.freeze import freeze
from proto_utils import schema
from tests.models import shared_files
from tests.passes.freeze.models import BOTH, REF, RESOURCE, TWO, surrounded, trained
from tests.passes.harness import state


@pytest.mark.parametrize("text", [REF, RESOURCE, TWO])
def test_remembered_variables_come_back_as_they_were(text):
    meta = surrounded() if text is TWO else None
    before = trained(text, BOTH, meta=meta)
    model_ = trained(text, BOTH, meta=meta)
    freeze(model_, outputs=("z" if text is TWO else "y",), remember=True)
    frozen = state(model_)
    report = gs.unfreeze(model_)
    for row in report.variables:
        assert row.evidence == ["noted by freeze"]
        for node in before.graph:
            if node.name.startswith(row.node) and "IsInit" not in node.name:
                assert schema.serialize(model_.graph[node.name].proto) == schema.serialize(node.proto)
    if meta is not None:
        assert model_.meta is not None
        for collection in ("variables", "trainable_variables"):
            found = model_.meta.collection_def[collection].bytes_list.value
            assert list(found) == list(meta.collection_def[collection].bytes_list.value)
    assert {key: value.numpy().tolist() for key, value in model_.variables.items()} == {
        row.name: BOTH[row.name].tolist() for row in report.variables
    }
    freeze(model_, outputs=("z" if text is TWO else "y",), remember=True)
    assert state(model_)[0] == frozen[0]


@pytest.mark.parametrize("name", ["mobile_cnn", "resource_cnn", "partitioned", "cond", "lstm_loop", "dtypes"])
def test_fixtures_come_back(fixtures: Path, name: str):
    frozen = gs.load(fixtures / f"{name}.pb")
    before = state(frozen)
    outputs = tuple(node.name for node in frozen.graph if _is_end(frozen, node.name))
    gs.unfreeze(frozen)
    freeze(frozen, outputs=outputs)
    assert state(frozen) == before


def test_real_models_come_back():
    """A sample of real frozen graphs, byte for byte."""
    paths = [path for path in shared_files(".pb") if path.name == "frozen_model.pb"]
    if not paths:
        pytest.skip("real TensorFlow files (../shared/models) are not beside this checkout")
    compared = 0
    for path in paths[::8]:
        model_ = gs.load(path)
        before = schema.serialize(model_.to_graph_def())
        outputs = tuple(node.name for node in model_.graph if _is_end(model_, node.name))
        try:
            gs.unfreeze(model_, variables="resource" if compared % 2 else "ref")
        except gs.GraphSurgeonError:
            continue  # no weights, or not well formed
        try:
            freeze(model_, outputs=outputs)
        except PassError as error:
            if "changes variable" not in error.reason:
                raise
            continue  # it was frozen badly, and unfreezing made a sound graph of it
        assert schema.serialize(model_.to_graph_def()) == before, path
        compared += 1
    assert compared > 30


def _is_end(of: Model, name: str) -> bool:
    return not any(text.lstrip("^").partition(":")[0] == name for node in of.graph for text in node.inputs)
