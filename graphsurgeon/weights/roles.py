"""The role table: what each input of each op is for, and so which constants are weights.

An op tells what it does with an input by the name of the argument: ``filter`` of any
convolution, ``mean`` of any fused batch norm. So the table is written in argument
names, and `ops` turns them into input positions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from graphsurgeon.ir import ops
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import signature_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType

#: Every role, strongest first: of several roles of one constant the first is the one reported.
ROLES: Final = (
    "mask", "conv_filter", "depthwise_filter", "recurrent_kernel", "embedding", "matmul_kernel",
    "bn_mean", "bn_variance", "bn_scale", "bn_offset", "norm_scale", "norm_offset", "prelu_alpha",
    "recurrent_bias", "bias", "normalizer", "quant_range", "global_step", "table", "variable", "selected",
)  # fmt: skip

#: Roles of variables that training code sets, not the optimizer.
NOT_TRAINABLE: Final = frozenset(
    {"mask", "bn_mean", "bn_variance", "normalizer", "quant_range", "global_step", "table"}
)

#: Roles that do not tell whether a constant was a variable: programs write such numbers too.
EITHER: Final = frozenset({"normalizer", "quant_range"})

_STRENGTH: Final = {role: position for position, role in enumerate(ROLES)}

_FILTER: Final = {"filter": "conv_filter", "bias": "bias"}
_DEPTHWISE: Final = {"filter": "depthwise_filter", "bias": "bias"}
_BOTH: Final = {"a": "matmul_kernel", "b": "matmul_kernel", "x": "matmul_kernel", "y": "matmul_kernel", "bias": "bias"}
_FUSED_NORM: Final = {"scale": "bn_scale", "offset": "bn_offset", "mean": "bn_mean", "variance": "bn_variance"}

#: Ends of the names of ops that compute gradients: their inputs are never weights.
_GRADIENTS: Final = (
    "Grad", "GradV2", "GradV3", "GradEx", "Gradient", "BackpropFilter", "BackpropFilterV2",
    "Backprop", "BackpropV2", "BackpropV3",
)  # fmt: skip

#: Ops, and the roles of their arguments.
_RULES: Final[tuple[tuple[tuple[str, ...], Mapping[str, str]], ...]] = (
    (("XlaConv", "XlaConvV2", "UniformQuantizedConvolution", "UniformQuantizedConvolutionHybrid"),
     {"rhs": "conv_filter"}),
    (("SparseTensorDenseMatMul", "SparseMatrixMatMul", "TridiagonalMatMul"), {"b": "matmul_kernel"}),
    (("RiscDot", "XlaEinsum"), _BOTH),
    (("XlaDot", "XlaDotV2", "UniformQuantizedDot", "UniformQuantizedDotHybrid"),
     {"lhs": "matmul_kernel", "rhs": "matmul_kernel"}),
    (("Einsum",), {"inputs": "matmul_kernel"}),
    (("BiasAdd", "BiasAddV1", "QuantizedBiasAdd", "QuantizedBiasAddV1"), {"bias": "bias"}),
    (("BatchNormWithGlobalNormalization", "QuantizedBatchNormWithGlobalNormalization"),
     {"gamma": "bn_scale", "beta": "bn_offset", "m": "bn_mean", "v": "bn_variance"}),
    (("LSTMBlockCell", "BlockLSTM", "BlockLSTMV2"),
     {**dict.fromkeys(("w", "wci", "wcf", "wco"), "recurrent_kernel"), "b": "recurrent_bias"}),
    (("GRUBlockCell",),
     {"w_ru": "recurrent_kernel", "w_c": "recurrent_kernel", "b_ru": "recurrent_bias", "b_c": "recurrent_bias"}),
    (("CudnnRNN", "CudnnRNNV2", "CudnnRNNV3"), {"params": "recurrent_kernel"}),
    (("CudnnRNNCanonicalToParams", "CudnnRNNCanonicalToParamsV2"),
     {"weights": "recurrent_kernel", "biases": "recurrent_bias"}),
    (("Gather", "GatherV2", "GatherNd", "RiscGather"), {"params": "embedding"}),
    (("ResourceGather", "ResourceGatherNd"), {"resource": "embedding"}),
    (("RaggedGather",), {"params_dense_values": "embedding"}),
    (("SparseSegmentSum", "SparseSegmentMean", "SparseSegmentSqrtN", "SparseSegmentSumWithNumSegments",
      "SparseSegmentMeanWithNumSegments", "SparseSegmentSqrtNWithNumSegments"), {"data": "embedding"}),
    (("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel"), {"min": "quant_range", "max": "quant_range"}),
)  # fmt: skip

#: What the tensors in ``args`` of Grappler's fused ops are, by the first of ``fused_ops``.
_FUSED_ARGS: Final = {
    "BiasAdd": ("bias",),
    "FusedBatchNorm": ("bn_scale", "bn_offset", "bn_mean", "bn_variance"),
}

#: Ops whose output is their first input in another form: what feeds a weight through them is that weight. Of a handle
#: what is read by it.
PASS: Final = frozenset((
    "ReadVariableOp", "Identity", "Snapshot", "StopGradient", "PreventGradient", "GuaranteeConst", "EnsureShape",
    "CheckNumerics", "CheckNumericsV2", "DebugIdentity", "Copy", "Reshape", "Transpose", "ConjugateTranspose", "Cast",
    "Bitcast", "ExpandDims", "Squeeze", "Tile", "BroadcastTo", "Enter", "RefEnter", "Exit", "Switch", "RefSwitch",
    "_SwitchN", "Slice", "StridedSlice", "Unpack", "SplitV", "ReverseV2", "Neg", "Pad", "PadV2", "MirrorPad",
    "FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel",
    "QuantizeAndDequantize", "QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3", "QuantizeAndDequantizeV4",
    "QuantizeV2", "Dequantize", "UniformQuantize", "UniformDequantize",
))  # fmt: skip

#: Ops that pass on their second input.
PASS_SECOND: Final = frozenset({"Split"})

#: Ops that make one weight of several constants: partitions joined, kernels scaled or normalized.
COMBINE: Final = frozenset((
    "ConcatV2", "Concat", "Pack", "AddN", "Mul", "Add", "AddV2", "Sub", "RealDiv", "Div", "Maximum", "Minimum",
))  # fmt: skip

#: Roles that an op and its input port establish by themselves.
STRONG: Final = frozenset(
    {"conv_filter", "depthwise_filter", "recurrent_kernel", "embedding", "matmul_kernel", "recurrent_bias"}
    | {"bias", "bn_mean", "bn_variance", "bn_scale", "bn_offset"}
)

#: Types that quantized weights are stored in.
NARROW: Final = frozenset(
    {dtypes.INT8, dtypes.UINT8, dtypes.INT16, dtypes.UINT16, dtypes.INT4, dtypes.UINT4, dtypes.INT2, dtypes.UINT2}
)

#: Roles of the weight whose output a bias is added to.
KERNELS: Final = frozenset({"conv_filter", "depthwise_filter", "matmul_kernel", "recurrent_kernel"})

# Names that training code gives to what an optimizer never touches; asked only where structure does not tell.
_UNTRAINED_NAME: Final = (
    r"(.*/)?(moving_mean|moving_variance|moving_avg|moving_average|running_mean|running_var(iance)?|pop_mean|pop_variance"
    r"|global_step|ExponentialMovingAverage|biased|local_step|num_batches_tracked)(_\d+)?(/.*)?"
    # Masks, and the statistics of data, which outputs are scaled back by.
    r"|(.*[/_])?masks?(_\d+)?"
    r"|(.*/)?(x|y|t|inputs?|outputs?|data|features?|targets?|labels?|obs|observations?|states?|images?|pixels?)"
    r"_(mean|avg|average|mu|std|stdev|stddev|sigma|var|variance|min|max)(_\d+)?"
)
_STEP_NAME: Final = r"(.*/)?(global_step|step|iterations?|iter|local_step)(_\d+)?(/.*)?"


def strongest(found: Iterable[str]) -> str | None:
    """Return the strongest of `found` roles, if there are any."""
    return min(found, key=_STRENGTH.__getitem__, default=None)


def input_roles(node: Node) -> Mapping[int, str]:
    """Return the weights that `node` takes: role by input position."""
    op = node.op
    if op.startswith("_Fused"):
        return {**_fixed_roles(op), **_fused_roles(node)}
    if op == "Einsum" or op.startswith("CudnnRNNCanonical"):
        return _roles_by_name(node)
    return _fixed_roles(op)


@lru_cache(maxsize=4096)
def rule(op: str) -> Mapping[str, str]:
    """Return the roles of `op`'s arguments by name; empty when none is ever a weight."""
    if op.endswith(_GRADIENTS):
        return {}
    for listed, roles in _RULES:
        if op in listed:
            return roles
    if "Conv" in op:
        return _DEPTHWISE if "Conv" in op.partition("Depthwise")[2] else _FILTER
    if op.startswith("Dilation2D"):
        return _FILTER
    if "MatMul" in op:
        return _BOTH
    return _FUSED_NORM if op.startswith(("FusedBatchNorm", "_FusedBatchNorm")) else {}


@lru_cache(maxsize=4096)
def _fixed_roles(op: str) -> Mapping[int, str]:
    # Arguments of several tensors come last in all these ops but Einsum and the CudnnRNN packers.
    known = ops.facts(op)
    roles = rule(op)
    if known is None or not roles:
        return {}
    return {i: roles[arg.name] for i, arg in enumerate(known.inputs) if arg.name in roles}


def _fused_roles(node: Node) -> dict[int, str]:
    fused = node.attrs.get("fused_ops")
    known = ops.facts(node.op)
    if known is None or not isinstance(fused, list) or not fused or not isinstance(fused[0], bytes):
        return {}
    first = next((i for i, arg in enumerate(known.inputs) if arg.name == "args"), None)
    if first is None:
        return {}
    return {first + i: role for i, role in enumerate(_FUSED_ARGS.get(fused[0].decode("ascii", "replace"), ()))}


def _roles_by_name(node: Node) -> dict[int, str]:
    roles = rule(node.op)
    return {i: roles[name] for i, name in enumerate(input_names(node)) if name in roles}


def input_names(node: Node) -> tuple[str, ...]:
    """Return the argument name of every data input of `node`; empty when the op is unknown."""
    fixed = _fixed_names(node.op)
    if fixed is not None:
        return fixed
    named = signature_of(node).input_names
    # An attr may claim more inputs than the node has.
    return tuple(n for name, count in named or () for n in [name] * min(count, len(node.inputs)))


def input_name(node: Node, position: int) -> str:
    """Return the argument that an input is, or ``input 3`` when the op does not tell."""
    known = input_names(node)
    return known[position] if position < len(known) else f"input {position}"


@lru_cache(maxsize=4096)
def _fixed_names(op: str) -> tuple[str, ...] | None:
    known = ops.facts(op)
    if known is None:
        return ()
    if any(arg.is_list or arg.number for arg in known.inputs):
        return None
    return tuple(arg.name for arg in known.inputs)


def is_trainable(role: str, dtype: DType) -> bool:
    """Whether an optimizer trains a variable of that role and type; only real and complex numbers have gradients."""
    return role not in NOT_TRAINABLE and (dtype.is_floating or dtype.is_complex)


def is_untrained_name(name: str) -> bool:
    """Whether `name` is one that training code gives to what no optimizer touches."""
    return re.fullmatch(_UNTRAINED_NAME, name) is not None


def is_step_name(name: str) -> bool:
    """Whether `name` is one that training code gives to its step counter."""
    return re.fullmatch(_STEP_NAME, name) is not None
