"""What a new head reads: a tensor as rows of features, or as a map of them with its channels last.

============  ==================  ===============================================================
tensor        head                reads
============  ==================  ===============================================================
``[N, C]``    dense               the tensor
a map         dense, ``mean``     the mean over all axes but batch and channels
a map         dense, ``flatten``  all of the map in one row, in the order in which it lies in memory
``[N,H,W,C]`` conv                the map, transposed where its channels come first
============  ==================  ===============================================================

float16 and bfloat16 are cast to float32 first: what is trained is float32, as in mixed precision.
"""

from __future__ import annotations

from typing import Final, Literal

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.output import Output
from graphsurgeon.rewrites.shaping.dense_layers import is_channels_first
from graphsurgeon.rewrites.shaping.dims import text_of_dims
from graphsurgeon.rewrites.training.new_nodes import NewNodes
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.named_tuple import NamedTuple

HeadKind = Literal["dense", "conv"]
Pooling = Literal["none", "mean", "flatten"]

_HALVES: Final = (dtypes.HALF, dtypes.BFLOAT16)
_TRAINED: Final = (dtypes.FLOAT, dtypes.DOUBLE)
_SET_SHAPE: Final = "`gs.set_shape` says the sizes of inputs, from which it follows"


class Features(NamedTuple):
    """The tensor that a head reads, its channels last; and what was done to get it, in words."""

    tensor: Output
    dims: list[int | None]
    dtype: DType
    notes: list[str]

    @property
    def width(self) -> int:
        """How many features there are at each place."""
        return self.dims[-1] or 0


def make_features(
    make: NewNodes, at: Output, dims: list[int | None] | None, kind: HeadKind, pool: Pooling, operation: str
) -> Features:
    """Add the nodes that give a head its features; a PassError when the tensor cannot be read by such a head."""
    first = is_channels_first(Index(make.graph), at.name)
    _require_readable(at, dims, kind, pool, operation, is_first=first)
    if dims is None or at.dtype is None:
        raise PassError(operation, "has no known shape", node=at.name)
    notes, tensor, dtype = [], at, at.dtype.base
    if dtype in _HALVES:
        notes.append(f"{at.name} is {dtype.name}: the head reads it as float32, which its variables are")
        dtype = dtypes.FLOAT
        tensor = make("Cast", tensor, "Cast", DstT=dtype).outputs[0]
    is_map = len(dims) > 2
    if is_map and kind == "dense" and pool == "mean":
        axes = [*range(2, len(dims))] if first else [*range(1, len(dims) - 1)]
        axes_node = make.constant("features/axes", axes, dtypes.INT32)
        tensor = make("Mean", [tensor, axes_node], "features").outputs[0]
        dims = [dims[0], dims[1] if first else dims[-1]]
        notes.append(f"the head reads the mean of {at.name} over axes {', '.join(map(str, axes))}")
    elif is_map and kind == "dense":
        width = 1
        for dim in dims[1:]:
            width *= dim or 0
        shape = make.constant("features/shape", [-1, width], dtypes.INT32)
        tensor = make("Reshape", [tensor, shape], "features").outputs[0]
        dims = [dims[0], width]
    elif is_map and first:
        perm = make.constant("features/perm", [0, 2, 3, 1], dtypes.INT32)
        tensor = make("Transpose", [tensor, perm], "features").outputs[0]
        dims = [dims[0], *dims[2:], dims[1]]
    return Features(tensor, dims, dtype, notes)


def _require_readable(
    at: Output, dims: list[int | None] | None, kind: HeadKind, pool: Pooling, operation: str, *, is_first: bool
) -> None:
    dtype = at.dtype
    if dtype is None or dtype.is_ref or dtype.base not in (*_HALVES, *_TRAINED):
        what = "of an unknown type" if dtype is None else f"{dtype.name}"
        hint = "name a tensor of real numbers, such as the last one before the old head"
        raise PassError(operation, f"is {what}, which a head cannot read", node=at.name, hint=hint)
    if dims is None:
        raise PassError(operation, "has no known rank", node=at.name, hint=_SET_SHAPE)
    found = text_of_dims(tuple(dims))
    if kind == "conv" and (len(dims) != 4 or pool != "none"):
        hint = '`kind="dense"` reads rows' if len(dims) != 4 else "`pool` is for dense heads"
        raise PassError(operation, f"{found} is no map [N,H,W,C] for a convolution", node=at.name, hint=hint)
    if kind == "dense" and (len(dims) < 2 or (len(dims) == 2 and pool != "none")):
        hint = "`pool` is for maps" if len(dims) == 2 else "name a tensor with a row for each example"
        raise PassError(operation, f"{found} is no map of features", node=at.name, hint=hint)
    if kind == "dense" and len(dims) > 2 and pool == "none":
        hint = '`pool="mean"` reads the mean over all places, `pool="flatten"` the whole map'
        hint += ', and `kind="conv"` makes a head for each place' if len(dims) == 4 else ""
        raise PassError(operation, f"is a map, {found}, and a dense head reads rows [N,C]", node=at.name, hint=hint)
    needed = dims[1:] if pool == "flatten" else [dims[1] if is_first and len(dims) > 2 else dims[-1]]
    if None in needed or 0 in needed:
        reason = f"{found} does not tell how many features there are"
        raise PassError(operation, reason, node=at.name, hint=_SET_SHAPE)
