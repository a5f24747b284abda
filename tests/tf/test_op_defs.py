"""OpDefs are TensorFlow's own, and what a meta graph lists lets TensorFlow 1.15 import what 2.21 froze."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.ir import ops
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.op_defs import op_def
from graphsurgeon.tensors import dtypes
from graphsurgeon.variables.layout import VariableKind
from proto_utils import schema
from tests import notation
from tests.tf.judge import TensorFlow

#: Each has ops with attrs that TensorFlow 1.15 does not know, or its body.
NETS = (
    "matmul", "batch_matmul", "depthwise", "max_pool", "batch_norm", "conv", "conv_transposed", "gathered", "averaged",
    "best",
)  # fmt: skip


def test_every_one_is_tensorflows(tf2: TensorFlow):
    theirs = tf2.call("op_lists:registered", ops=list(ops.known_ops()))
    assert len(theirs) > 1800
    ours = {op: made for op in theirs if (made := op_def(op)) is not None}
    assert {op: schema.serialize(made).hex() for op, made in ours.items()} == theirs


@pytest.mark.parametrize("net", NETS)
def test_what_tensorflow_2_froze_is_imported_by_1(tf1: TensorFlow, tf2: TensorFlow, tmp_path: Path, net: str):
    frozen = tmp_path / "frozen.pb"
    wanted = tf2.call("op_lists:freeze", net=net, path=str(frozen))
    kinds: tuple[VariableKind, ...] = ("ref", "resource")
    for kind in kinds:
        model = gs.load(frozen)
        gs.unfreeze(model, variables=kind)
        gs.save(model, tmp_path / kind)
        gs.save(model, tmp_path / f"{kind}_served", to="saved_model")
        ours, theirs = tf2.call("op_lists:listed", path=str(tmp_path / f"{kind}.meta"))
        assert ours == theirs
    gs.save(gs.load(frozen), tmp_path / "converted.meta", to="meta_graph")
    for path in ("ref.meta", "resource.meta", "ref_served", "resource_served", "converted.meta"):
        for tf in (tf1, tf2):
            np.testing.assert_allclose(tf.call("op_lists:run", path=str(tmp_path / path)), wanted, rtol=1e-4, atol=1e-5)


def test_text_is_read_by_1_too(tf1: TensorFlow, tmp_path: Path):
    """Shape is said to return a shape, in a field that its parser does not know."""
    model = notation.model(
        "x = Placeholder {dtype: f32, shape: shape[3,4]}; s = Shape(x); out = Fill(s, c); c = Const {f32 []}"
    )
    gs.save(model, tmp_path / "m.meta", to="meta_graph_text")
    assert 'name: "Shape"' in (tmp_path / "m.meta").read_text()
    assert tf1.call("op_lists:run", path=str(tmp_path / "m.meta")) == [[0.0] * 4] * 3


def test_attrs_at_their_default_stay_stripped_where_tensorflow_strips_them(tf2: TensorFlow, tmp_path: Path):
    """What is added to a SavedModel of TensorFlow 2, or edited in it, has none either."""
    tf2.call("op_lists:save_module", path=str(tmp_path / "saved"))
    model = gs.load(tmp_path / "saved")
    gs.rename(model, add_scope="tower")
    model.graph.append(gs.Node.new("extra", "Placeholder", attrs={"dtype": dtypes.FLOAT, "shape": Shape(None)}))
    gs.save(model, tmp_path / "out", to="saved_model")
    assert gs.load(tmp_path / "out").graph["extra"].attrs.keys() == {"dtype"}
    assert tf2.call("op_lists:stripped", path=str(tmp_path / "out")) == [True, True]
