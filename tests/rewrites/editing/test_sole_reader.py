"""Values that one node alone reads."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.editing.sole_reader import value_only_for
from tests import notation


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("w = Const {f32 [2]}; y = Neg(w)", "w"),
        ("w = Const {f32 [2]}; r = Identity(w); y = Neg(r)", "w"),
        ("w = Const {f32 [2]}; r = Identity(w); y = Neg(r); z = Abs(w)", None),
        ("w = Const {f32 [2]}; r = Neg(w); y = Neg(r)", None),
        ("w = Const {f32 [2,2]}; y = MatMul(w, w)", None),
        ("v = VariableV2 {dtype: f32, shape: shape[2]}; a = Assign(v, c); c = Const {f32 [2]}; y = Neg(v)", "v"),
        ("h = VarHandleOp {dtype: f32, shape: shape[2]}; r = ReadVariableOp(h) {dtype: f32}; y = Neg(r)", "h"),
    ],
)
def test_who_reads(text, found):
    index = Index(notation.graph(text))
    reader = index.producers["y"]
    source = value_only_for(index, reader, reader.inputs[0])
    assert (None if source is None else source.name) == found


def test_who_runs_the_graph_reads_what_is_asked_for():
    index = Index(notation.graph("w = Const {f32 [2]}; r = Identity(w); y = Neg(r)"))
    reader = index.producers["y"]
    assert value_only_for(index, reader, "r", {"w"}) is None
    assert value_only_for(index, reader, "r", {"r"}) is None
