"""Batch norms of layers whose channels come first, against a reference: TensorFlow has no such kernels on CPUs."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pytest

from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input
from graphsurgeon.passes.fold_batch_norms import fold_batch_norms
from tests.passes.harness import model

Array: TypeAlias = "np.ndarray[Any, Any]"

HOW = 'data_format: "NCHW"'
CONV = f'strides: [1, 1, 1, 1], padding: "VALID", {HOW}'
FUSED = f"""
    x = Placeholder {{dtype: f32}}
    k = Const {{f32 [3,3,4,5]}}
    k/read = Identity(k)
    y = Conv2D(x, k/read) {{{CONV}}}
    s = Const {{f32 [5]}}
    o = Const {{f32 [5]}}
    m = Const {{f32 [5]}}
    v = Const {{f32 [5]}}
    n = FusedBatchNormV3(y, s, o, m, v) {{is_training: false, epsilon: 0.01, U: f32, {HOW}}}
    out = Identity(n)
"""
WITH_BIAS = FUSED.replace("FusedBatchNormV3(y", "FusedBatchNormV3(b").replace(
    "    s = Const", f"    bias = Const {{f32 [5]}}\n    b = BiasAdd(y, bias) {{{HOW}}}\n    s = Const", 1
)
DEPTHWISE = (
    FUSED.replace("Conv2D", "DepthwiseConv2dNative")
    .replace("k = Const {f32 [3,3,4,5]}", "k = Const {f32 [3,3,4,2]}")
    .replace("f32 [5]", "f32 [8]")
)
WRITTEN_OUT = f"""
    x = Placeholder {{dtype: f32}}
    k = Const {{f32 [3,3,4,5]}}
    y = Conv2D(x, k) {{{CONV}}}
    s = Const {{f32 [1,5,1,1]}}
    z = Mul(s, y)
    o = Const {{f32 [5,1,1]}}
    n = AddV2(z, o)
    out = Identity(n)
"""


def _filled(text: str) -> Model:
    of, numbers = model(text), np.random.default_rng(3)
    for node in of.graph.nodes_of(("Const",)):
        value = numbers.normal(size=node.tensor.shape)
        node.attrs["value"] = (abs(value) + 0.1 if node.name == "v" else value).astype(np.float32)
    return of


def _convolved(x: Array, kernel: Array, *, depthwise: bool) -> Array:
    """A convolution by its definition: of [batch, channel, row, column] with [row, column, in, out]."""
    height, width, channels, count = kernel.shape
    rows, columns = x.shape[2] - height + 1, x.shape[3] - width + 1
    out = np.zeros((len(x), channels * count if depthwise else count, rows, columns))
    for r in range(height):
        for c in range(width):
            part = x[:, :, r : r + rows, c : c + columns]
            if depthwise:
                out += np.einsum("bihw,io->biohw", part, kernel[r, c]).reshape(out.shape)
            else:
                out += np.einsum("bihw,io->bohw", part, kernel[r, c])
    return out


def _by_channel(vector: Array) -> Array:
    return vector.reshape(-1, 1, 1)


def _computed(node: Node, inputs: list[Array]) -> Array:
    x, *rest = inputs
    if node.op in ("Conv2D", "DepthwiseConv2dNative"):
        assert node.attrs["data_format"] == b"NCHW"
        return _convolved(x, rest[0], depthwise=node.op != "Conv2D")
    if node.op == "BiasAdd":
        assert node.attrs["data_format"] == b"NCHW"
        return x + _by_channel(rest[0])
    if node.op == "FusedBatchNormV3":
        scale, offset, mean, variance = map(_by_channel, rest)
        return (x - mean) / np.sqrt(variance + float(node.attrs["epsilon"])) * scale + offset
    if node.op == "Identity":
        return x
    return x * rest[0] if node.op == "Mul" else x + rest[0]


def _run(of: Model, x: Array) -> Array:
    values: dict[str, Array] = {"x": x}
    for node in of.graph.topological():
        if node.op == "Const":
            values[node.name] = node.tensor.numpy().astype(np.float64)
        elif node.name != "x":
            values[node.name] = _computed(node, [values[node_of_input(text)] for text in node.data_inputs])
    return values["out"]


@pytest.mark.parametrize("text", [FUSED, WITH_BIAS, DEPTHWISE, WRITTEN_OUT], ids=["fused", "bias", "depthwise", "mul"])
def test_layers_give_what_they_gave(text: str):
    of = _filled(text)
    x = np.random.default_rng(4).normal(size=(2, 4, 6, 7))
    wanted = _run(of, x)
    report = fold_batch_norms(of, outputs="out")
    assert len(report.folded) == 1, report
    assert not {"FusedBatchNormV3", "Mul"} & set(of.graph.ops)
    found = _run(of, x)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()
