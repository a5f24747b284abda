"""The multiply-adds of one op: how many products of two numbers it adds up, from the shapes of what it reads and gives.

====================================  ==================================================================
convolutions, grouped and dilated     elements of the output x those of the filter for one output channel
depthwise convolutions                elements of the output x height x width of the filter
transposed convolutions               elements of the input x those of the filter for one input channel
products of matrices                  elements of the output x length of what is summed
Einsum of two operands                the product of the sizes of all letters
fused recurrent layers                steps x batch x elements of the kernels
====================================  ==================================================================

Zeros of padding count, as in published figures; all else that an op does, such as adding biases, does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from graphsurgeon.rewrites.shaping.dims import Dims, ShapeMismatchError, product
from graphsurgeon.rewrites.shaping.math_rules import einsum_sizes
from graphsurgeon.rewrites.shaping.op_calls import OpCall

_Count: TypeAlias = "Callable[[OpCall, Dims], int | None]"
#: Gates of the cells of CudnnRNN.
_GATES = {"lstm": 4, "gru": 3}


def counts(op: str) -> bool:
    """Whether an op is one of those whose multiply-adds are counted."""
    return op in _COUNTS


def multiply_adds(call: OpCall, output: Dims) -> int | None:
    """Return the multiply-adds of an op that gives an output; None when they depend on sizes that are not known."""
    try:
        return _COUNTS[call.node.op](call, output)
    except (IndexError, ShapeMismatchError, TypeError, ValueError):
        # Ranks and sizes that the op does not take.
        return None


def _times(*factors: int | None) -> int | None:
    return product(factors)


def _elements(dims: Dims) -> int | None:
    return None if dims is None else product(dims)


def _filter_at(position: int) -> _Count:
    def count(call: OpCall, output: Dims) -> int | None:
        dims = call.input(position)
        return None if dims is None else _times(_elements(output), product(dims[:-1]))

    return count


def _depthwise(call: OpCall, output: Dims) -> int | None:
    dims = call.input(1)
    return None if dims is None else _times(_elements(output), product(dims[:-2]))


def _transposed(call: OpCall, _: Dims) -> int | None:
    dims, given = call.input(1), call.input(2)
    return None if dims is None else _times(_elements(given), product(dims[:-1]))


def _transposed_depthwise(call: OpCall, _: Dims) -> int | None:
    dims, given = call.input(1), call.input(2)
    return None if dims is None else _times(_elements(given), product(dims[:-2]))


def _matmul(call: OpCall, output: Dims) -> int | None:
    """Count a product of matrices, whose summed axis either operand may tell."""
    is_plain = "Batch" not in call.node.op
    flags = ("transpose_a", "transpose_b") if is_plain else ("adj_x", "adj_y")
    a, b = call.input(0), call.input(1)
    length = None if a is None else a[-2] if call.attr(flags[0]) else a[-1]
    if not isinstance(length, int):
        length = None if b is None else b[-1] if call.attr(flags[1]) else b[-2]
    return _times(_elements(output), length if isinstance(length, int) else None)


def _sparse_matmul(call: OpCall, output: Dims) -> int | None:
    indices = call.input(0)
    if indices is None or output is None:
        return None
    return product((indices[0], output[1]))


def _einsum(call: OpCall, _: Dims) -> int | None:
    if len(call.shapes) < 2:
        return 0
    sizes, rest = einsum_sizes(call)
    letters = {letter for letter in call.text("equation").partition("->")[0] if letter.isalpha()}
    return None if rest is None else product([*(sizes.get(letter) for letter in letters), *rest])


def _lstm_layer(call: OpCall, _: Dims) -> int | None:
    dims = call.input(1)
    return None if dims is None else _times(product(dims[:2]), _elements(call.input(4)))


def _lstm_cell(call: OpCall, _: Dims) -> int | None:
    dims = call.input(0)
    return None if dims is None else product((dims[0], _elements(call.input(3))))


def _gru_cell(call: OpCall, _: Dims) -> int | None:
    dims, kernels = call.input(0), [_elements(call.input(2)), _elements(call.input(3))]
    return None if dims is None or None in kernels else product((dims[0], sum(each or 0 for each in kernels)))


def _cudnn(call: OpCall, _: Dims) -> int | None:
    """Count the layers of a CudnnRNN, of which each reads what both directions of the one before gave."""
    given, state = call.input(0), call.input(1)
    if given is None or state is None or call.attr("num_proj"):
        return None
    directions = 2 if call.text("direction").startswith("bi") else 1
    layers, width, units = state[0], given[2], state[2]
    if not isinstance(layers, int) or not isinstance(width, int) or not isinstance(units, int):
        return None
    above = max(layers // directions - 1, 0)
    sums = width + units + above * (directions * units + units)
    gates = _GATES.get(call.text("rnn_mode"), 1)
    return _times(product(given[:2]), directions * gates * units * sums)


def _of(ops: str, count: _Count) -> Mapping[str, _Count]:
    return dict.fromkeys(ops.split(), count)


_CONVOLUTIONS: Sequence[tuple[int, str]] = (
    (1, "Conv2D Conv3D Conv _FusedConv2D _FusedConv3D QuantizedConv2D QuantizedConv2DPerChannel"),
    (2, "FusedPadConv2D"),
    (3, "FusedResizeAndPadConv2D"),
)
_COUNTS: Mapping[str, _Count] = {
    **{op: count for at, ops in _CONVOLUTIONS for op, count in _of(ops, _filter_at(at)).items()},
    **_of("DepthwiseConv2dNative _FusedDepthwiseConv2dNative QuantizedDepthwiseConv2D", _depthwise),
    **_of("Conv2DBackpropInput Conv3DBackpropInput Conv3DBackpropInputV2", _transposed),
    "DepthwiseConv2dNativeBackpropInput": _transposed_depthwise,
    **_of("MatMul SparseMatMul _FusedMatMul QuantizedMatMul BatchMatMul BatchMatMulV2 BatchMatMulV3", _matmul),
    "SparseTensorDenseMatMul": _sparse_matmul,
    **_of("Einsum XlaEinsum", _einsum),
    **_of("BlockLSTM BlockLSTMV2", _lstm_layer), "LSTMBlockCell": _lstm_cell, "GRUBlockCell": _gru_cell,
    **_of("CudnnRNN CudnnRNNV2 CudnnRNNV3", _cudnn),
}  # fmt: skip
