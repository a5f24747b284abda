"""Rules of arithmetic: broadcasting, products of matrices, reductions, segments, decompositions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphsurgeon.rewrites.shaping.dims import (
    Dims,
    ShapeMismatchError,
    Size,
    broadcast,
    merged,
    merged_size,
    text_of_dims,
)
from graphsurgeon.rewrites.shaping.op_calls import OpCall, Rule, at, rules_for, unknown

_BROADCASTING = """
    Add AddV2 Sub Mul RealDiv Div FloorDiv Mod FloorMod TruncateDiv TruncateMod Maximum Minimum Pow SquaredDifference
    DivNoNan MulNoNan Xdivy Xlogy Xlog1py Less LessEqual Greater GreaterEqual Equal NotEqual ApproximateEqual LogicalAnd
    LogicalOr Atan2 BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift SelectV2 Igamma Igammac Zeta Polygamma Complex
    NextAfter Betainc Substr
"""
#: What takes operands of several shapes that are broadcast.
BROADCASTING = frozenset(_BROADCASTING.split())
_SEGMENTS = """
    UnsortedSegmentSum UnsortedSegmentProd UnsortedSegmentMax UnsortedSegmentMin SegmentSum SegmentProd SegmentMax
    SegmentMin SegmentMean SparseSegmentSum SparseSegmentMean SparseSegmentSqrtN SparseSegmentSumWithNumSegments
    SparseSegmentMeanWithNumSegments SparseSegmentSqrtNWithNumSegments SparseSegmentSumGrad SparseSegmentMeanGrad
    SparseSegmentSqrtNGrad
"""
_REDUCTIONS = "Mean Sum Max Min Prod All Any EuclideanNorm ReduceJoin"


def _broadcast_all(call: OpCall) -> Sequence[Dims]:
    a, *rest = call.shapes[: 2 if call.node.op == "Substr" else 3]
    if call.node.op in ("Equal", "NotEqual") and call.attr("incompatible_shape_error") is False:
        return [_compared(a, rest[0])]
    for each in rest:
        a = broadcast(a, each)
    return [a]


def _compared(a: Dims, b: Dims) -> Dims:
    """Return the shape of a comparison that answers with one False when shapes do not go together."""
    try:
        found = broadcast(a, b)
    except ShapeMismatchError:
        return None
    is_told = a is not None and b is not None and all(isinstance(size, int) for size in (*a, *b))
    return found if is_told or a == () or b == () else None


def _matmul(call: OpCall) -> Sequence[Dims]:
    if call.node.op in ("MatMul", "SparseMatMul"):
        a, b = call.ranked(0, 2), call.ranked(1, 2)
        turned = ("transpose_a", "transpose_b")
    else:
        a, b = call.input(0), call.input(1)
        turned = ("adj_x", "adj_y")
    for each in (a, b):
        if each is not None and len(each) < 2:
            raise ShapeMismatchError(f"{text_of_dims(each)} is no matrix")
    if a is None or b is None:
        return [None]
    a = (*a[:-2], a[-1], a[-2]) if call.attr(turned[0]) else a
    b = (*b[:-2], b[-1], b[-2]) if call.attr(turned[1]) else b
    if isinstance(a[-1], int) and isinstance(b[-2], int) and a[-1] != b[-2]:
        raise ShapeMismatchError(f"{text_of_dims(a)} is not multiplied by {text_of_dims(b)}")
    head = merged(a[:-2], b[:-2]) if call.node.op == "BatchMatMul" else broadcast(a[:-2], b[:-2])
    return [None if head is None else (*head, a[-2], b[-1])]


def _sparse_matmul(call: OpCall) -> Sequence[Dims]:
    sizes, b = call.shape_from(2), call.ranked(3, 2)
    rows = None if sizes is None or len(sizes) != 2 else sizes[1 if call.attr("adjoint_a") else 0]
    return [(rows, None if b is None else b[0 if call.attr("adjoint_b") else 1])]


def einsum_sizes(call: OpCall) -> tuple[dict[str, Size], Dims]:
    """Return the sizes of the letters of an equation, and of the axes that ``...`` stands for, which are broadcast."""
    inputs = call.text("equation").replace(" ", "").partition("->")[0]
    sizes: dict[str, Size] = {}
    rest: Dims = ()
    for term, dims in zip(inputs.split(","), call.shapes, strict=True):
        before, dots, behind = term.partition("...")
        if dims is None:
            rest = None if dots else rest
            continue
        if len(dims) < len(before + behind) or (not dots and len(dims) != len(before)):
            raise ShapeMismatchError(f"{text_of_dims(dims)} is not {term}")
        end = len(dims) - len(behind)
        if dots:
            rest = broadcast(rest, dims[len(before) : end])
        for letter, size in zip(before + behind, (*dims[: len(before)], *dims[end:]), strict=True):
            sizes[letter] = merged_size(sizes.get(letter), size)
    return sizes, rest


def _einsum(call: OpCall) -> Sequence[Dims]:
    """Return the shape that an equation makes."""
    sizes, rest = einsum_sizes(call)
    before, dots, behind = call.text("equation").replace(" ", "").partition("->")[2].partition("...")
    head, tail = (tuple([sizes.get(letter) for letter in part]) for part in (before, behind))
    return [None if dots and rest is None else (*head, *((rest or ()) if dots else ()), *tail)]


def _reduction(call: OpCall) -> Sequence[Dims]:
    dims, value = call.input(0), call.value(1)
    keep = bool(call.attr("keep_dims"))
    if value is None or (isinstance(value, tuple) and not all(isinstance(axis, int) for axis in value)):
        count = _count(call.input(1))
        if dims is None or keep:
            return [None if dims is None else unknown(len(dims))]
        # One axis goes for each that is named, if they are different.
        return [unknown(len(dims) - count) if count in (0, 1) and len(dims) >= count else None]
    axes = value if isinstance(value, tuple) else (value,)
    if dims is None:
        return [None]
    chosen = {at(axis, len(dims)) for axis in axes}
    if keep:
        return [tuple([1 if i in chosen else size for i, size in enumerate(dims)])]
    return [tuple([size for i, size in enumerate(dims) if i not in chosen])]


def _count(axes: Dims) -> int | None:
    """Return how many axes are named."""
    if axes is None or len(axes) > 1:
        return None
    return 1 if not axes else axes[0] if isinstance(axes[0], int) else None


def _arg(call: OpCall) -> Sequence[Dims]:
    dims, axis = call.input(0), call.number(1)
    if dims is None:
        return [None]
    if axis is None:
        return [unknown(max(len(dims) - 1, 0))]
    if not dims:
        return [()]
    axis = at(axis, len(dims))
    return [dims[:axis] + dims[axis + 1 :]]


def _merged_all(call: OpCall) -> Sequence[Dims]:
    found: Dims = None
    for each in call.shapes:
        found = merged(found, each)
    return [found]


def _select(call: OpCall) -> Sequence[Dims]:
    found = merged(call.input(1), call.input(2))
    return [found if found is not None or call.input(0) in (None, ()) else _of_rows(call.input(0))]


def _of_rows(condition: Dims) -> Dims:
    """Return what a condition tells of its operands: one that is a vector may choose rows of any shape."""
    return None if condition is not None and len(condition) == 1 else condition


def _segments(call: OpCall) -> Sequence[Dims]:
    """Return the shape of a sum for each segment of rows, of which there are as many as the ids say."""
    dims, ids = call.input(0), call.input(1)
    rank = 1 if call.node.op.startswith("S") else None if ids is None else len(ids)
    if dims is None or rank is None:
        return [None]
    if ids is not None and len(ids) <= len(dims) and "Sparse" not in call.node.op:
        merged(dims[:rank], ids)
    count = call.scalar(2) if call.node.op.startswith("Unsorted") else None
    if call.node.op.endswith(("WithNumSegments", "Grad")):
        count = call.scalar(3)
    return [(count, *dims[rank:])]


def _joined(call: OpCall) -> Sequence[Dims]:
    """Return the shape of those that are no scalars."""
    found: Dims = ()
    for each in call.shapes:
        found = each if found == () else found if each == () else merged(found, each)
    return [found]


def _top(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    count = call.attr("k") if call.node.op == "TopK" else call.scalar(1)
    if dims is not None and isinstance(count, int) and isinstance(dims[-1], int) and dims[-1] < count:
        raise ShapeMismatchError(f"{text_of_dims(dims)} has no {count} along its last axis")
    return [None if dims is None else (*dims[:-1], count)] * 2


def _nth(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    return [None if dims is None else dims[:-1]]


def _svd(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    if dims is None:
        return [None] * 3
    head, m, n = dims[:-2], dims[-2], dims[-1]
    least = min(m, n) if isinstance(m, int) and isinstance(n, int) else m if m is n else None
    if not call.attr("compute_uv", True):
        return [(*head, least), (0,), (0,)]
    is_full = call.attr("full_matrices")
    return [(*head, least), (*head, m, m if is_full else least), (*head, n, n if is_full else least)]


def _qr(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    if dims is None:
        return [None] * 2
    head, m, n = dims[:-2], dims[-2], dims[-1]
    least = min(m, n) if isinstance(m, int) and isinstance(n, int) else None
    is_full = call.attr("full_matrices")
    return [(*head, m, m if is_full else least), (*head, m if is_full else least, n)]


def _eigen(call: OpCall) -> Sequence[Dims]:
    dims = call.input(0)
    if dims is None:
        return [None] * 2
    return [dims[:-1], dims if call.attr("compute_v", True) else (0,)]


def _cross_entropy(call: OpCall) -> Sequence[Dims]:
    found = broadcast(call.input(0), call.input(1))
    if found is not None and len(found) != 2:
        raise ShapeMismatchError(f"{text_of_dims(found)} is not of rank 2")
    rows: Dims = (None,) if found is None else found[:1]
    return [rows, (None, None) if found is None else found]


def _bias_add(call: OpCall) -> Sequence[Dims]:
    dims, bias = call.input(0), call.input(1)
    if dims is None or bias is None:
        return [dims]
    if len(bias) != 1:
        raise ShapeMismatchError(f"{text_of_dims(bias)} is not of rank 1")
    axis = 1 if call.text("data_format", "NHWC").startswith("NC") else -1
    size = merged_size(dims[axis], bias[0])
    return [(*dims[:axis], size, *dims[axis + 1 :]) if axis == 1 else (*dims[:-1], size)]


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(BROADCASTING, _broadcast_all),
    **rules_for("MatMul SparseMatMul BatchMatMul BatchMatMulV2 BatchMatMulV3", _matmul),
    "SparseTensorDenseMatMul": _sparse_matmul, "Einsum": _einsum, "XlaEinsum": _einsum,
    **rules_for(_REDUCTIONS, _reduction), **rules_for("ArgMax ArgMin", _arg),
    **rules_for("AddN AccumulateNV2 Cross", _merged_all), "Select": _select,
    **rules_for(_SEGMENTS, _segments),
    "StringJoin": _joined,
    **rules_for("TopK TopKV2", _top), "NthElement": _nth, "Svd": _svd, "Qr": _qr, "SelfAdjointEigV2": _eigen,
    "SoftmaxCrossEntropyWithLogits": _cross_entropy, **rules_for("BiasAdd BiasAddV1", _bias_add),
}  # fmt: skip
