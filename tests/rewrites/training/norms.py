"""Batch norms at inference, for tests: fused, written out, and under a predicate."""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from proto_utils import schema
from tests.passes.harness import model, variable_def

PARTS = ("gamma", "beta", "mean", "var")
VARIABLES = "\n".join(
    f"""
    bn/{name} = VariableV2 {{dtype: f32, shape: shape[3]}}
    bn/{name}/zeros = Const {{f32 [3] 0}}
    bn/{name}/Assign = Assign(bn/{name}, bn/{name}/zeros)
    bn/{name}/read = Identity(bn/{name}) {{_class: loc:@bn/{name}}}"""
    for name in PARTS
)
FUSED = (
    """
    x = Placeholder {dtype: f32, shape: shape[?,4,4,3]}"""
    + VARIABLES
    + """
    bn/norm = FusedBatchNorm(x, bn/gamma/read, bn/beta/read, bn/mean/read, bn/var/read) {is_training: false}
    y = Relu(bn/norm)
"""
)
WRITTEN_OUT = (
    """
    x = Placeholder {dtype: f32, shape: shape[?,4,4,3]}"""
    + VARIABLES
    + """
    bn/batchnorm/y = Const {f32 [] 0.001}
    bn/batchnorm/add = Add(bn/var/read, bn/batchnorm/y)
    bn/batchnorm/Rsqrt = Rsqrt(bn/batchnorm/add)
    bn/batchnorm/mul = Mul(bn/batchnorm/Rsqrt, bn/gamma/read)
    bn/batchnorm/mul_1 = Mul(x, bn/batchnorm/mul)
    bn/batchnorm/mul_2 = Mul(bn/mean/read, bn/batchnorm/mul)
    bn/batchnorm/sub = Sub(bn/beta/read, bn/batchnorm/mul_2)
    bn/batchnorm/add_1 = Add(bn/batchnorm/mul_1, bn/batchnorm/sub)
    y = Relu(bn/batchnorm/add_1)
"""
)
UNDER_A_PREDICATE = (
    """
    x = Placeholder {dtype: f32, shape: shape[?,4,4,3]}
    p = Placeholder {dtype: bool, shape: shape[]}"""
    + VARIABLES
    + """
    pred_id = Identity(p)
    x1 = Switch(x, pred_id)
    g1 = Switch(bn/gamma/read, pred_id)
    b1 = Switch(bn/beta/read, pred_id)
    m1 = Switch(bn/mean/read, pred_id)
    v1 = Switch(bn/var/read, pred_id)
    none = Const {f32 [0]}
    bn/cond/train = FusedBatchNorm(x1:1, g1:1, b1:1, none, none) {is_training: true}
    bn/cond/serve = FusedBatchNorm(x1, g1, b1, m1, v1) {is_training: false}
    bn/cond/Merge = Merge(bn/cond/serve, bn/cond/train)
    y = Relu(bn/cond/Merge)
"""
)


def with_variables(text: str, *without: str) -> Model:
    """The model of a graph with its variables in collections."""
    meta = schema.MetaGraphDef()
    for name in PARTS:
        listed = ["variables"] if name in without else ["variables", "trainable_variables"]
        for collection in listed:
            meta.collection_def[collection].bytes_list.value.append(variable_def(f"bn/{name}"))
    return model(text, meta=meta)
