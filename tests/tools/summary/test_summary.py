"""`summary`: the layers of a model, what they hold and cost."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from proto_utils import schema
from tests import notation
from tests.models import floats

NET = """
    image = Placeholder {dtype: f32, shape: shape[?,8,8,3]}
    conv/w = Const {f32 [3,3,3,4]}; conv/w/read = Identity(conv/w) {_class: loc:@conv/w}
    conv/Conv2D = Conv2D(image, conv/w/read) {strides: [1, 1, 1, 1], padding: "SAME"}
    conv/Relu = Relu(conv/Conv2D)
    mean/axes = Const {i32 [2] 1}
    pool = MaxPool(conv/Relu) {ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME"}
    size = Const {i32 [2]}
    flat/shape = Pack(minus, many); minus = Const {i32 [] -1}; many = Const {i32 [] 64}
    flat = Reshape(pool, flat/shape)
    head/kernel = Const {f32 [64,10]}; head/kernel/read = Identity(head/kernel) {_class: loc:@head/kernel}
    head/MatMul = MatMul(flat, head/kernel/read)
"""
CONV, HEAD = 8 * 8 * 4 * 27, 64 * 10


def test_a_frozen_graph():
    found = gs.summary(notation.model(NET))
    rows = {row.name: row for row in found.layers}
    assert [*rows] == ["conv", "pool", "flat", "head"]
    conv = rows["conv"]
    assert (conv.op, conv.shape, conv.parameters, conv.trainable) == ("Conv2D", [None, 8, 8, 4], 108, 108)
    assert (conv.multiply_adds, conv.nbytes, conv.depth, conv.shared) == (CONV, 432, 0, 0)
    assert (rows["pool"].op, rows["pool"].parameters, rows["pool"].multiply_adds) == ("MaxPool", 0, 0)
    assert (found.parameters, found.trainable, found.nbytes) == (748, 748, 4 * 748)
    assert (found.multiply_adds, found.per_example, found.notes) == (CONV + HEAD, True, [])
    assert [(each.name, each.shape) for each in found.inputs] == [("image", [None, 8, 8, 3])]
    assert found.outputs == ["head/MatMul"]


def test_sizes_that_are_given():
    found = gs.summary(notation.model(NET), shape="image=5,8,8,3")
    assert (found.multiply_adds, found.per_example) == (5 * (CONV + HEAD), False)
    assert found.layers[0].shape == [5, 8, 8, 4]
    # Of more than one example where the first size is left open.
    found = gs.summary(notation.model(NET), outputs="pool", shape={"image": [None, 16, 16, 3]})
    assert (found.multiply_adds, found.per_example) == (4 * CONV, True)
    assert found.layers[-1].shape == [None, 8, 8, 4]


def test_shapes_that_do_not_go_together_are_noted():
    found = gs.summary(notation.model(NET), shape="image=1,6,6,3")
    assert "do not go together: " in found.notes[-1]
    assert found.layers[-1].multiply_adds is None


def test_sizes_that_are_not_known():
    found = gs.summary(notation.model(NET.replace("[?,8,8,3]", "[?,?,?,3]")), outputs="pool")
    assert found.multiply_adds is None
    assert found.layers[0].multiply_adds is None
    unknown = "of 1 op the multiply-adds are not known, for sizes are not, which `shape` may say: 'conv/Conv2D'"
    assert found.notes[0] == unknown


def test_what_outputs_do_not_need_does_not_count():
    found = gs.summary(notation.model(NET), outputs="conv/Relu")
    assert [row.name for row in found.layers] == ["conv"]
    assert found.notes == ["not counted, for the outputs do not need them: 1 other variable of 640 elements"]


def test_handles_that_nothing_reads_are_no_other_variables():
    copy = "copy = VarHandleOp {dtype: f32, shape: shape[640]}; copy/Read = ReadVariableOp(copy) {dtype: f32}"
    assert not gs.summary(notation.model(f"{NET}; {copy}"), outputs="head/MatMul").notes
    saved = "copy/Assign = AssignVariableOp(copy, head/kernel) {dtype: f32}"
    (note,) = gs.summary(notation.model(f"{NET}; {copy}; {saved}"), outputs="head/MatMul").notes
    assert "1 other variable of 640 elements" in note


def test_a_graph_with_variables_and_its_gradients():
    model = notation.model(NET)
    gs.unfreeze(model)
    gs.set_trainable(model, not_trainable="conv/.*")
    found = gs.summary(model, outputs="head/MatMul")
    assert [(row.name, row.parameters, row.trainable) for row in found.layers] == [
        ("conv", 108, 0), ("pool", 0, 0), ("flat", 0, 0), ("head", 640, 640),
    ]  # fmt: skip
    assert found.trainable == 640


def test_depth_folds():
    text = NET.replace("conv/", "net/body/conv/").replace("head/", "net/head/")
    model = notation.model(text)
    assert [(row.depth, row.name) for row in gs.summary(model).layers] == [
        (0, "net"), (1, "net/body/conv"), (1, "net/head"), (0, "pool"), (0, "flat"),
    ]  # fmt: skip
    folded = gs.summary(model, depth=1)
    assert [(row.name, row.op, row.parameters, row.multiply_adds) for row in folded.layers] == [
        ("net", "Conv2D", 748, CONV + HEAD), ("pool", "MaxPool", 0, 0), ("flat", "Reshape", 0, 0),
    ]  # fmt: skip
    assert [*gs.summary(model).labels()] == ["net", "body/conv", "head", "pool", "flat"]
    with pytest.raises(gs.PassError, match="a depth of 0"):
        gs.summary(model, depth=0)


def test_columns_add_up(fixtures: Path):
    for name in ("mobile_cnn.pb", "keras_attention.pb", "partitioned.ckpt", "lstm_calls.ckpt"):
        found = gs.summary(fixtures / name)
        for depth in (None, 1, 2):
            rows = gs.summary(fixtures / name, depth=depth).layers
            assert sum(row.parameters or 0 for row in rows) == found.parameters
            assert sum(row.multiply_adds or 0 for row in rows) == found.multiply_adds
            assert sum(row.nbytes or 0 for row in rows) == found.nbytes


def test_frozen_and_not_are_the_same(fixtures: Path):
    for name in ("mobile_cnn", "lstm_loop", "lstm_calls", "resource_cnn", "partitioned"):
        frozen, saved = gs.summary(fixtures / f"{name}.pb"), gs.summary(fixtures / f"{name}.ckpt")
        assert (frozen.parameters, frozen.multiply_adds) == (saved.parameters, saved.multiply_adds), name


def signed(model: gs.Model, **outputs: str) -> gs.Model:
    """The model with signatures that return these tensors."""
    model.meta = schema.MetaGraphDef()
    for key, tensor in outputs.items():
        model.meta.signature_def[key].outputs["out"].name = f"{tensor}:0"
    return model


def test_signatures():
    model = signed(notation.model(NET), first="pool", serving_default="head/MatMul")
    found = gs.summary(model)
    assert found.outputs == ["head/MatMul"]
    assert found.notes == ["this is signature 'serving_default'; others are 'first'"]
    assert gs.summary(model, signature="first").outputs == ["pool"]
    assert gs.summary(signed(notation.model(NET), b="pool", a="conv/Relu")).outputs == ["conv/Relu"]
    assert gs.summary(model, outputs="out", signature="first").outputs == ["pool:0"]
    with pytest.raises(gs.NotFoundError, match="firs"):
        gs.summary(model, signature="firs")
    with pytest.raises(gs.NotFoundError, match="head/MatMu"):
        gs.summary(model, outputs="head/MatMu")


def test_parameters_that_are_handed_on_to_an_output():
    found = gs.summary(notation.model("w = Const {f32 [5]}; w/read = Identity(w) {_class: loc:@w}"))
    assert (found.parameters, [(row.name, row.parameters) for row in found.layers]) == (5, [("w", 5)])


def test_nothing_at_all():
    found = gs.summary(gs.Model())
    assert (found.parameters, found.multiply_adds, found.layers) == (0, 0, [])
    assert "nothing looks like an output" in found.notes[0]


def test_a_checkpoint_alone(tmp_path: Path):
    gs.save_checkpoint({"conv/w": floats(1, 2), "head/w": floats(3)}, tmp_path / "m")
    found = gs.summary(tmp_path / "m")
    assert [(row.name, row.parameters) for row in found.layers] == [("conv", 2), ("head", 1)]
    assert (found.parameters, found.trainable, found.multiply_adds) == (3, None, None)
    with pytest.raises(gs.UnsupportedError, match="no outputs"):
        gs.summary(tmp_path / "m", outputs="x")


def test_it_shows_itself():
    found = gs.summary(notation.model(NET))
    assert "layers: 4" in str(found)
    assert found.to_json()["layers"][0]["name"] == "conv"
