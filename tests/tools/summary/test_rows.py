"""Rows of layers: the op, the shape and the figures of each."""

from __future__ import annotations

import graphsurgeon as gs
from graphsurgeon.tools.summary.report import LayerRow
from tests import notation

NORM = """
    x = Placeholder {dtype: f32, shape: shape[?,3]}; eps = Const {f32 [] 0.001}
    bn/v = VariableV2 {dtype: f32, shape: shape[3]}; bn/g = VariableV2 {dtype: f32, shape: shape[3]}
    bn/batchnorm/add = Add(bn/v, eps); bn/batchnorm/Rsqrt = Rsqrt(bn/batchnorm/add)
    bn/batchnorm/mul = Mul(bn/batchnorm/Rsqrt, bn/g); bn/batchnorm/mul_1 = Mul(x, bn/batchnorm/mul)
"""


def rows(text: str, **how) -> list[LayerRow]:
    return gs.summary(notation.model(text), **how).layers


def test_the_op_is_that_which_most_is_computed_in():
    text = """x = Placeholder {dtype: f32, shape: shape[2,3]}; w = Const {f32 [3,9]}; v = Const {f32 [9,1]}
        a/wr = Identity(w) {_class: loc:@w}; a/vr = Identity(v) {_class: loc:@v}; a/M = MatMul(x, a/wr)
        a/Conv = BatchMatMul(a/M, a/vr)"""
    assert [(row.op, row.multiply_adds, row.shape) for row in rows(text)] == [("MatMul", 54 + 18, [2, 1])]


def test_without_any_it_is_the_first_that_uses_parameters():
    assert [(row.name, row.op, row.shape, row.parameters) for row in rows(NORM)] == [("bn", "Rsqrt", [None, 3], 6)]


def test_scopes_of_which_the_layers_are_listed_have_no_figures():
    text = NORM.replace("bn/", "net/bn/") + "; net/Relu = Relu(net/bn/batchnorm/mul_1)"
    first, *_ = rows(text)
    assert first == LayerRow("net", 0, None, None, None, None, None, None, None)
    (folded,) = rows(text, depth=1)
    assert (folded.op, folded.parameters, folded.nbytes) == ("Rsqrt", 6, 24)
