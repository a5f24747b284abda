"""The ops that save and restore, and the lists they are given."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.formats.load import load
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.variables.saver_calls import SaverCall, saver_calls
from tests.models import shared
from tests.notation import model as notation_model

KERAS = "tensorflow+tfx/tfx/components/testdata/trainer/keras/Format-Serving"
SHARDED = "uve+tensorflow/tensorflow/contrib/session_bundle/testdata/half_plus_two_ckpt_v2/00000123/export.meta"


@pytest.fixture
def trained(fixtures: Path) -> Model:
    return gs.load(fixtures / "lstm_loop.ckpt")


def calls(model: Model) -> list[SaverCall]:
    return saver_calls(model, Index(model.graph))


def test_calls(trained: Model):
    save, restore = calls(trained)
    assert (save.node.name, save.is_restore, save.is_main) == ("save/SaveV2", False, True)
    assert (restore.node.name, restore.is_restore, restore.is_main) == ("save/RestoreV2", True, True)
    assert save.keys == restore.keys == sorted(trained.variables)


def test_calls_in_functions():
    model = load(shared(KERAS))
    restore = next(call for call in calls(model) if call.is_restore)
    assert restore.is_main
    assert restore.function is not None
    assert set(restore.arguments.values()) > {node.name for node in model.graph if node.op == "VarHandleOp"} - {""}


@pytest.mark.parametrize("name", ["lstm_loop", "resource_cnn", "partitioned"])
def test_what_is_restored_goes_to_variables(fixtures: Path, name: str):
    model = gs.load(fixtures / f"{name}.ckpt")
    index = Index(model.graph)
    (restore,) = [call for call in saver_calls(model, index) if call.is_restore]
    rows = list(restore.restored(index))
    assert [row[:3] for row in rows] == restore.entries()
    for key, spec, dtype, targets in rows:
        [(node, is_reshaped)] = targets
        assert node.name == key if not spec else node.name.startswith(f"{key}/part_")
        assert node.attrs["dtype"] is dtype
        assert not is_reshaped


def test_a_reader_of_an_absurd_output_number_is_no_error(trained: Model):
    trained.graph.append(Node.new("bad", "Identity", ["save/RestoreV2:" + "9" * 5000]))
    index = Index(trained.graph)
    restore = next(call for call in saver_calls(trained, index) if call.is_restore)
    assert [row[0] for row in restore.restored(index)] == sorted(trained.variables)


def test_what_a_function_restores_goes_to_what_it_is_given():
    model = load(shared(KERAS))
    index = Index(model.graph)
    restore = next(call for call in saver_calls(model, index) if call.is_restore)
    targets = {key: [node.op for node, _ in nodes] for key, _, _, nodes in restore.restored(index)}
    assert targets["layer_with_weights-0/bias/.ATTRIBUTES/VARIABLE_VALUE"] == ["VarHandleOp"]


def test_values_are_followed_through_reshapes():
    model = notation_model(
        """
        file = Const {str []}
        names = Const {str [1]}
        slices = Const {str [1]}
        v = VariableV2 {dtype: f32, shape: shape[2]}
        restore = RestoreV2(file, names, slices) {dtypes: [f32]}
        flat = Reshape(restore, shape)
        shape = Const {i32 [1]}
        assign = Assign(v, flat)
        """
    )
    index = Index(model.graph)
    (call,) = saver_calls(model, index)
    [(_, _, _, [(node, is_reshaped)])] = call.restored(index)
    assert (node.name, is_reshaped) == ("v", True)


def test_savers_in_pieces():
    assert sum(call.is_restore for call in calls(load(shared(SHARDED)))) == 2
