"""Nodes go when nobody reads them any more, as far as that changes nothing else."""

from __future__ import annotations

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.rewrites.pruning.unneeded import remove_unneeded
from tests import notation

TEXT = """
    x = Placeholder {dtype: f32}; a = Neg(x); b = Abs(a); v = VariableV2 {dtype: f32, shape: shape[]}
    s = Add(b, v); r = RandomUniform(t) {dtype: f32}; t = Const {i32 [1]}; m = Custom(a)
"""


def removed(*touched: str, without: str = "", kept: tuple[str, ...] = ()) -> list[str]:
    edit = GraphEdit(notation.graph(TEXT))
    if without:
        edit.remove(without)
    return sorted(remove_unneeded(edit, touched, kept))


def test_what_is_read_stays():
    assert removed("a", "x") == []


def test_what_nobody_reads_goes_with_what_it_alone_needed():
    assert removed("s") == ["b", "s"]
    assert removed("r") == ["r", "t"]


def test_variables_unknown_ops_and_what_is_kept_stay():
    assert removed("v", "b", without="s") == ["b"]
    assert removed("b", without="s", kept=("b",)) == []
    assert removed("m") == []
