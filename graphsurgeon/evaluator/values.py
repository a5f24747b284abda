"""Evaluation of one node with numpy kernels: its outputs as lazy tensors, from its operands."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from graphsurgeon.errors import PassError
from graphsurgeon.evaluator.growth import check_growth
from graphsurgeon.evaluator.kernels.arithmetic import CHECKED, OF_STRINGS, TO_BOOL, check_integers
from graphsurgeon.evaluator.kernels.linear import LINEAR
from graphsurgeon.evaluator.lazy import MAX_HELD_NBYTES, Computation, ComputedTensor, MappedTensor, check_held
from graphsurgeon.evaluator.operations import ELEMENTWISE, LAYOUTS, WHOLE, WITH_ATTRS, is_main_diagonal
from graphsurgeon.evaluator.random_ops import RANDOM_OPS, dims_of, random_outputs
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import signature_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import ArrayTensor, FillTensor, StringTensor, as_tensor
from proto_utils.errors import FileFormatError, LimitError

if TYPE_CHECKING:
    import numpy as np

#: Values of up to this many bytes are computed at once, and not when they are read.
SMALL_NBYTES = 1 << 16

#: Dimensions that numpy knows, in all versions.
MAX_NUMPY_RANK = 32

#: What else to do about a variable whose initializer cannot be evaluated.
HINT = "fit gives its variable zeros, or a value from another checkpoint"

_PASSED = frozenset(
    ("Identity", "IdentityN", "Snapshot", "StopGradient", "PreventGradient", "CheckNumerics")
    + ("PlaceholderWithDefault", "ReadVariableOp", "DeepCopy")
)
_RESHAPES = frozenset({"Reshape", "ExpandDims", "Squeeze"})
_MEASURES = frozenset({"Shape", "ShapeN", "Size", "Rank"})
_FILLS = frozenset({"Fill", "ZerosLike", "OnesLike"})
#: Ops whose first operand is an axis, or sizes, and not what is moved.
_AXIS_FIRST = frozenset({"Concat", "Split"})


def evaluate(
    node: Node,
    operands: Sequence[Tensor],
    *,
    seed: int | str = 0,
    operation: str = "evaluate",
    max_growth: int = MAX_HELD_NBYTES,
) -> list[Tensor]:
    """Compute the outputs of a node from its operands.

    Parameters
    ----------
    node : Node
        Its control inputs play no part.
    operands : sequence of Tensor
        Small ones that say sizes, axes and the like are read.
    seed : int or str
        For random ops without seeds.
    operation : str
        For errors.
    max_growth : int
        An op that makes many elements of few, such as Tile, does not make more bytes than this, or than it is given.

    Returns
    -------
    list of Tensor
        Large ones are lazy.

    Raises
    ------
    PassError
        The op is not known here, its operands do not fit, or its result is too large to be held; the node is named.
    """
    check_operands(node, len(operands), operation)
    with refusing(node, operation):
        check_growth(node, operands, max_growth)
        return _outputs(node, operands, seed)


def check_operands(node: Node, count: int, operation: str) -> None:
    """Require that a node is given as many tensors as its op takes; raise a `PassError` otherwise."""
    names = signature_of(node).input_names
    if names is not None and sum(size for _, size in names) != count:
        reason = f"has {count} inputs, and {node.op} takes {sum(size for _, size in names)}"
        raise PassError(operation, reason, node=node.name)


@contextmanager
def refusing(node: Node, operation: str) -> Iterator[None]:
    """Turn what kernels raise, numpy's own errors among it, into a `PassError` that names the node."""
    try:
        yield
    except (ValueError, LookupError, TypeError, ArithmeticError, LimitError, FileFormatError) as error:
        reason = f"{node.op} cannot be evaluated without TensorFlow: {error}"
        raise PassError(operation, reason, node=node.name, hint=HINT) from error


def _outputs(node: Node, operands: Sequence[Tensor], seed: int | str) -> list[Tensor]:
    if any(len(tensor.shape) > MAX_NUMPY_RANK for tensor in operands):
        raise ValueError(f"more than {MAX_NUMPY_RANK} dimensions")
    if node.op == "Const":
        return [node.tensor]
    if node.op in _PASSED:
        return list(operands)
    if node.op in RANDOM_OPS:
        return [as_tensor(output) for output in random_outputs(node, operands, seed)]
    if node.op in _MEASURES:
        return [_measured(node, tensor) for tensor in operands]
    if node.op in WHOLE or node.op in LAYOUTS:
        return (_whole if node.op in WHOLE else _laid_out)(node, operands)
    for ops, function in _SINGLE:
        if node.op in ops:
            return [function(node, operands)]
    raise ValueError("it is not among the ops that graphsurgeon computes")


def as_scalar(value: bool | int) -> Tensor:
    """Return a bool, or an int32, as a tensor."""
    import numpy as np

    return as_tensor(np.bool_(value) if isinstance(value, bool) else np.int32(value))


def _ensured(node: Node, operands: Sequence[Tensor]) -> Tensor:
    given, wanted = operands[0], node.attrs["shape"]
    if wanted.dims is not None and (
        len(wanted.dims) != len(given.shape)
        or any(dim not in (-1, None, found) for dim, found in zip(wanted.dims, given.shape, strict=True))
    ):
        raise ValueError(f"a shape of {list(given.shape)}")
    return given


def _reshaped(node: Node, operands: Sequence[Tensor]) -> Tensor:
    shape = list(operands[0].shape)
    if node.op == "Reshape":
        return ReshapedTensor(operands[0], dims_of(operands[1]))
    if node.op == "ExpandDims":
        axis = int(operands[1].numpy().reshape(()))
        shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, 1)
        return ReshapedTensor(operands[0], shape)
    axes = {axis % len(shape) for axis in node.attrs.get("squeeze_dims", [])}
    left = [dim for axis, dim in enumerate(shape) if dim != 1 or (axes and axis not in axes)]
    return ReshapedTensor(operands[0], left)


def _measured(node: Node, tensor: Tensor) -> Tensor:
    import numpy as np

    of = {"Size": tensor.size, "Rank": len(tensor.shape)}.get(node.op, tensor.shape)
    dtype = node.attrs.get("out_type", dtypes.INT32) if node.op != "Rank" else dtypes.INT32
    return as_tensor(np.array(of, dtype=dtype.numpy()))


def _filled(node: Node, operands: Sequence[Tensor]) -> Tensor:
    import numpy as np

    like = operands[0]
    if node.op == "ZerosLike" and like.dtype is dtypes.STRING:
        return StringTensor(like.shape, [])
    if node.op == "ZerosLike":
        return FillTensor(like.dtype, like.shape)
    if node.op == "OnesLike":
        return FillTensor(like.dtype, like.shape, np.ones((), like.dtype.numpy()).tobytes())
    element = operands[1]
    if element.size != 1:
        raise ValueError(f"{element.size} values to fill with")
    if element.dtype is dtypes.STRING:
        return StringTensor(dims_of(like), list(element.strings()))
    return FillTensor(element.dtype, dims_of(like), b"".join(map(bytes, element.chunks())))


def _elementwise(node: Node, operands: Sequence[Tensor]) -> Tensor:
    import numpy as np

    function = _function_of(node)
    if node.op == "Select" and len(operands[0].shape) == 1:
        # The first version of the op: a vector chooses rows.
        rest = (1,) * (len(operands[1].shape) - 1)
        operands = [ReshapedTensor(operands[0], (*operands[0].shape, *rest)), *operands[1:]]
    shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    dtype = _result_dtype(node, operands)
    if not all(operand.dtype.itemsize for operand in operands):
        if node.op not in OF_STRINGS:
            raise ValueError("strings")
        arrays = [operand.numpy() for operand in operands]
        return _held(np.broadcast_to(function(*arrays), shape), dtype)
    if node.op in CHECKED and operands[-1].dtype.is_integer:
        check_integers(node.op, [operand.numpy() for operand in operands])
    _try_out(function, operands, rank=1)
    if all(operand.size in (1, math.prod(shape)) for operand in operands):
        return _kept(MappedTensor(function, operands, dtype, shape))
    check_held(math.prod(shape) * dtype.itemsize)
    computation = Computation(lambda *arrays: (np.broadcast_to(function(*arrays), shape),), operands)
    return _kept(ComputedTensor(dtype, shape, computation))


def _function_of(node: Node) -> Callable[..., Any]:
    if node.op in WITH_ATTRS:
        return WITH_ATTRS[node.op](node)
    return ELEMENTWISE["SelectV2" if node.op == "Select" else node.op]


def _result_dtype(node: Node, operands: Sequence[Tensor]) -> DType:
    if node.op == "Cast":
        wanted: DType = node.attrs["DstT"]
        return wanted.base
    if node.op in TO_BOOL:
        return dtypes.BOOL
    return operands[1 if node.op in ("Select", "SelectV2") else 0].dtype


def _laid_out(node: Node, operands: Sequence[Tensor]) -> list[Tensor]:
    function, count = LAYOUTS[node.op]
    first = 1 if node.op in _AXIS_FIRST else 0
    last = len(operands) - (node.op == "ConcatV2") if count is None else count
    moved, others = list(operands[first:last]), [*operands[:first], *operands[last:]]
    check_held(sum(tensor.size * max(tensor.dtype.itemsize, 1) for tensor in operands))
    arguments = [tensor.numpy() for tensor in others]
    stand_ins = [_stand_in(tensor.shape) for tensor in moved]
    if not is_main_diagonal(node, [*stand_ins, *arguments]):
        raise ValueError("other diagonals than the main one")

    def run(*arrays: Any) -> tuple[Any, ...]:
        found = function(node, *arguments[:first], *arrays, *arguments[first:])
        return found if isinstance(found, tuple) else (found,)

    dtype = moved[0].dtype
    if dtype is dtypes.STRING:
        return [_held(each, dtype) for each in run(*(tensor.numpy() for tensor in moved))]
    # Elements are moved whatever they are, so some of one byte that all lie in one place tell the shape.
    shapes = [each.shape for each in run(*stand_ins)]
    check_held(sum(map(math.prod, shapes)) * dtype.itemsize)
    computation = Computation(run, moved)
    return [_kept(ComputedTensor(dtype, shape, computation, output)) for output, shape in enumerate(shapes)]


def _held(result: Any, dtype: DType) -> Tensor:
    """Return strings, or what was computed of them, as a tensor; numpy gives a single one as what it is."""
    import numpy as np

    if dtype is not dtypes.STRING:
        return ArrayTensor(np.asarray(result))
    if isinstance(result, bytes):
        return StringTensor((), [result])
    return as_tensor(result)


def _stand_in(shape: Sequence[int]) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.broadcast_to(np.zeros((), np.uint8), tuple(shape))


def _whole(node: Node, operands: Sequence[Tensor]) -> list[Tensor]:
    op, dtype = WHOLE[node.op], operands[0].dtype
    if not all(operand.dtype.itemsize for operand in operands):
        if node.op != "OneHot":
            raise ValueError("strings")
        return [_held(each, dtypes.STRING) for each in op.function(node, *(operand.numpy() for operand in operands))]
    computation = Computation(partial(op.function, node), operands)
    if op.shapes is None:
        return [ArrayTensor(array) for array in computation.results()]
    if node.op in LINEAR:
        _try_out(partial(op.function, node), operands, rank=2)
    shapes = op.shapes(node, *(operand.shape for operand in operands))
    check_held(sum(map(math.prod, shapes)) * dtype.itemsize)
    found = [ComputedTensor(dtype, shape, computation, output) for output, shape in enumerate(shapes)]
    return [_kept(tensor) for tensor in found]


def _try_out(function: Callable[..., Any], operands: Sequence[Tensor], *, rank: int) -> None:
    """Call a function with one element of each dtype: whether numpy knows them shows now, and not when it is read."""
    import numpy as np

    with np.errstate(all="ignore"):
        function(*(np.ones((1,) * rank, operand.dtype.numpy()) for operand in operands))


def _kept(tensor: Tensor) -> Tensor:
    """Compute a small value eagerly: it may be read again and again."""
    return ArrayTensor(tensor.numpy(), tensor.dtype) if tensor.nbytes <= SMALL_NBYTES else tensor


_SINGLE: tuple[tuple[Container[str], Callable[[Node, Sequence[Tensor]], Tensor]], ...] = (
    (_RESHAPES, _reshaped),
    (("EnsureShape",), _ensured),
    (_FILLS, _filled),
    ({*ELEMENTWISE, *WITH_ATTRS, "Select"}, _elementwise),
)
