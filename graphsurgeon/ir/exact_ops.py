"""Which ops numpy computes to the last bit as TensorFlow does, and so may be computed ahead without a trace.

*Exact*: bit-equal to the kernels of TensorFlow 1.15 and 2.21 on the CPU for the types that are told, infinities and
numbers that wrap around included; any NaN stands for any other. Some ops are exact but of some values:

=============  =====================================================================================================
denormals      TensorFlow takes numbers that are too small to be normal for 0 when it computes; what only moves values
               about keeps them
NaN            where the greater is chosen, releases differ on whether NaN is
-inf           MaxPool of nothing else is the least finite number, of most types; the kernel refuses such windows
-0             there they differ on which of 0 and -0 is the greater, too
casts          what an integer type cannot hold becomes what the processor makes of it
=============  =====================================================================================================

*Approximate*: TensorFlow does not agree with itself from one release to the next (other polynomials, other orders of
sums), so no result is the right one. They are computed in double precision and rounded once.

Source: measured against both TensorFlows, which tests do again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor

Exactness = Literal["exact", "approximate"]

#: An approximate result is at most so many units in the last place from the true one.
APPROXIMATE_ULP: Final = 8
_BLOCK_SIZE: Final = 1 << 17

#: What hands values on, or moves them about; exact for every type.
MOVING_OPS: Final = frozenset((
    "Identity", "IdentityN", "Snapshot", "StopGradient", "PreventGradient", "EnsureShape", "Reshape", "ExpandDims",
    "Squeeze", "Transpose", "ConjugateTranspose", "ConcatV2", "Concat", "Pack", "Unpack", "Split", "SplitV", "Slice",
    "StridedSlice", "Tile", "BroadcastTo", "ReverseV2", "Gather", "GatherV2", "GatherNd", "Roll", "Fill", "ZerosLike",
    "OnesLike", "Shape", "ShapeN", "Size", "Rank", "Select", "SelectV2", "DiagPart", "MatrixDiagPart", "Diag",
    "MatrixDiag", "MatrixSetDiag", "MatrixBandPart", "Pad", "PadV2", "BroadcastArgs", "ConcatOffset", "OneHot",
    "InvertPermutation", "LogicalNot", "LogicalAnd", "LogicalOr", "All", "Any",
))  # fmt: skip
_ARITHMETIC: Final = frozenset((
    "Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "TruncateDiv", "FloorDiv", "FloorMod", "Mod", "TruncateMod",
    "Maximum", "Minimum", "AddN", "SquaredDifference", "Neg", "Abs", "Sign", "Square", "Floor", "Ceil", "Rint", "Round",
    "Relu", "Relu6", "LeakyRelu", "Softsign", "ClipByValue", "Equal", "NotEqual", "Less", "Greater", "LessEqual",
    "GreaterEqual", "Cast", "Max", "Min", "BiasAdd", "MaxPool", "ArgMax", "ArgMin", "TopKV2", "Where", "IsNan", "IsInf",
    "IsFinite", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Invert", "LeftShift", "RightShift", "Conj", "Cumsum",
))  # fmt: skip
_FLOATS: Final = frozenset({dtypes.HALF, dtypes.BFLOAT16, dtypes.FLOAT, dtypes.DOUBLE})
_COMPLEX: Final = frozenset({dtypes.COMPLEX64, dtypes.COMPLEX128})
_INTEGERS: Final = frozenset({
    dtypes.INT8, dtypes.UINT8, dtypes.INT16, dtypes.UINT16, dtypes.INT32, dtypes.UINT32, dtypes.INT64, dtypes.UINT64,
})  # fmt: skip
#: Types that are computed with; others are only moved about.
_COMPUTED: Final = frozenset({*_FLOATS, *_COMPLEX, *_INTEGERS, dtypes.BOOL, dtypes.STRING})
#: Exact of integers, approximate of others.
_OF_INTEGERS: Final = frozenset(
    {"Sum", "Prod", "Mean", "Range", "Cumprod", "MatMul", "BatchMatMul", "BatchMatMulV2", "Pow"}
)
_APPROXIMATE: Final = frozenset((
    "Sqrt", "Rsqrt", "Exp", "Expm1", "Log", "Log1p", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Atan2", "Sinh",
    "Cosh", "Tanh", "Asinh", "Acosh", "Atanh", "Sigmoid", "Softplus", "Elu", "Selu", "Erf", "Erfc", "Xlogy", "Xdivy",
    "Reciprocal", "Inv", "Softmax", "LogSoftmax", "L2Loss", "LinSpace", "Conv2D", "DepthwiseConv2dNative", "AvgPool",
))  # fmt: skip


#: Products of complex numbers are rounded in other places.
_NOT_OF_COMPLEX: Final = frozenset({"Mul", "RealDiv", "Div", "SquaredDifference", "Square", "Sign"})
#: Types of which the kernels of some release are another thing altogether.
_NEVER_OF: Final[Mapping[str, frozenset[DType]]] = {
    "TruncateDiv": frozenset({*_FLOATS, *_COMPLEX}),
    "FloorDiv": frozenset({dtypes.BFLOAT16, *_COMPLEX}),
    "IsFinite": frozenset({dtypes.BFLOAT16}),
    "Round": frozenset({*_INTEGERS, *_COMPLEX}),
    "ClipByValue": _COMPLEX,
    "Expm1": _COMPLEX,
    "ArgMax": frozenset({dtypes.UINT32, dtypes.UINT64}),
    "ArgMin": frozenset({dtypes.UINT32, dtypes.UINT64}),
}


def exactness(op: str, types: Sequence[DType]) -> Exactness | None:
    """Return how exactly an op is computed of operands of these types; None when it is not computed ahead at all."""
    if op in MOVING_OPS:
        return "exact"
    first = types[0] if types else None
    if first is not None and (first not in _COMPUTED or first in _NEVER_OF.get(op, ())):
        return None
    if op in _ARITHMETIC:
        return "approximate" if op in _NOT_OF_COMPLEX and first in _COMPLEX else "exact"
    if op in _OF_INTEGERS and first in _INTEGERS:
        return "exact"
    is_known = op in _OF_INTEGERS or op in _APPROXIMATE
    return "approximate" if is_known and (first is None or first in _FLOATS or first in _COMPLEX) else None


#: Releases differ on what these make of NaN.
_UNLIKE_NAN: Final = frozenset({
    "Maximum", "Minimum", "Max", "Min", "Relu", "Relu6", "LeakyRelu", "ClipByValue", "Sign", "MaxPool", "ArgMax",
    "ArgMin", "TopKV2",
})  # fmt: skip
#: They differ on whether these give 0 or -0.
_UNLIKE_ZEROS: Final = frozenset({
    "Maximum", "Minimum", "Max", "Min", "ClipByValue", "MaxPool", "Relu", "Relu6", "Neg", "Round", "Rint",
    "Sign",
})  # fmt: skip


def value_refusal(node: Node, operands: Sequence[Tensor], results: Sequence[Tensor]) -> str:
    """Return why an op is not exact of these values, empty if it is.

    Reads what is of floats, unless the op only moves it about.
    """
    if node.op in MOVING_OPS:
        return ""
    for tensor in (*operands, *results):
        for is_peculiar, reason in _peculiarities(node, tensor.dtype):
            if any(bool(is_peculiar(block).any()) for block in _blocks(tensor)):
                return reason
    return ""


def is_peculiar(node: Node, array: Any) -> Any:
    """Return which elements of an operand or a result are of those values that the op is not exact of."""
    import numpy as np

    found = np.zeros(array.shape, bool)
    if node.op not in MOVING_OPS and array.dtype != object:
        for mask, _ in _peculiarities(node, DType.of(array.dtype)):
            found |= mask(array)
    return found


def _peculiarities(node: Node, dtype: DType) -> list[tuple[Callable[[Any], Any], str]]:
    """Return what tells values of a type that an op is not exact of, and the reasons."""
    if not (dtype.is_floating or dtype.is_complex):
        return []
    found: list[tuple[Callable[[Any], Any], str]] = [
        (_are_denormal, "TensorFlow takes the denormal numbers in it for 0")
    ]
    if node.op in _UNLIKE_NAN:
        found.append((_are_nan, "TensorFlow's own releases differ on the NaN in it"))
    if node.op in _UNLIKE_ZEROS:
        found.append((_are_minus_zero, "TensorFlow's own releases differ on the -0 in it"))
    wanted = node.attrs.get("DstT") if node.op == "Cast" else None
    if isinstance(wanted, DType) and wanted.base.is_integer:
        found.append((_not_in(wanted.base), f"{wanted.base.name} cannot hold the numbers in it"))
    return found


def _blocks(tensor: Tensor) -> Iterator[Any]:
    import numpy as np

    kind = tensor.dtype.numpy()
    if isinstance(tensor, FillTensor):
        yield np.frombuffer(tensor.head, kind)
        return
    reader, left = ElementReader(tensor, kind), tensor.size
    while left:
        count = min(left, _BLOCK_SIZE)
        yield reader.read(count)
        left -= count


def _parts(array: Any) -> list[Any]:
    return [array.real, array.imag] if array.dtype.kind == "c" else [array]


def _are_denormal(array: Any) -> Any:
    import numpy as np

    found = np.zeros(array.shape, bool)
    with np.errstate(invalid="ignore"):
        for part in _parts(array):
            found |= (np.abs(part) > 0) & (np.abs(part) < _least_normal(part.dtype))
    return found


def _least_normal(dtype: Any) -> Any:
    import numpy as np

    if dtype.kind == "f":
        return np.finfo(dtype).tiny
    # What is left of the computed ones is bfloat16, whose exponents are those of float32.
    return np.finfo(np.float32).tiny


def _are_nan(array: Any) -> Any:
    import numpy as np

    return np.isnan(array)


def _are_minus_zero(array: Any) -> Any:
    import numpy as np

    found = np.zeros(array.shape, bool)
    for part in _parts(array):
        found |= (part == 0) & np.signbit(part)
    return found


def _not_in(dtype: DType) -> Callable[[Any], Any]:
    def mask(array: Any) -> Any:
        import numpy as np

        limits, whole = np.iinfo(dtype.numpy()), np.trunc(array.real.astype(np.float64))
        # The greatest may be rounded up to what is past it.
        return ~((whole >= float(limits.min)) & (whole < float(limits.max) + 1))

    return mask
