"""Kernels that look for elements, or take them by their number: the greatest, the first k, rows by index."""

from __future__ import annotations

from graphsurgeon.evaluator.kernels.whole import Array, Whole
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.dtypes import DType


def gather(node: Node, a: Array, indices: Array, axis: Array | int = 0) -> Array:
    """Take slices along an axis; unlike numpy's, indices do not count from the end."""
    import numpy as np

    along, num_batch = int(axis), node.attrs.get("batch_dims", 0)
    along += a.ndim if along < 0 else 0
    num_batch += indices.ndim if num_batch < 0 else 0
    if not 0 <= num_batch <= along < max(a.ndim, 1):
        raise ValueError(f"axis {int(axis)} of {a.ndim} dimensions, of which {num_batch} are batches")
    _check_indices(indices, a.shape[along])
    if not num_batch:
        return a.take(indices, axis=along)
    if a.shape[:num_batch] != indices.shape[:num_batch]:
        raise ValueError("batches of other shapes")
    count = int(np.prod(a.shape[:num_batch], dtype=np.int64))
    flat = a.reshape(count, *a.shape[num_batch:])
    rows = indices.reshape(count, *indices.shape[num_batch:])
    taken = [each.take(row, axis=along - num_batch) for each, row in zip(flat, rows, strict=True)]
    if not taken:
        raise ValueError("no batches")
    return np.stack(taken).reshape(*a.shape[:num_batch], *taken[0].shape)


def gather_nd(_: Node, a: Array, indices: Array) -> Array:
    """Take slices by tuples of indices."""
    import numpy as np

    depth = indices.shape[-1]
    if depth > a.ndim:
        raise ValueError(f"{depth} indices of {a.ndim} dimensions")
    columns = np.moveaxis(indices, -1, 0)
    for column, dim in zip(columns, a.shape, strict=False):
        _check_indices(column, dim)
    if not depth:
        return np.broadcast_to(a, (*indices.shape[:-1], *a.shape))
    return a[tuple(columns)]


def _check_indices(indices: Array, dim: int) -> None:
    if indices.size and not (int(indices.min()) >= 0 and int(indices.max()) < dim):
        raise ValueError(f"indices that are not all in 0 to {dim - 1}")


def _top_k(node: Node, a: Array, k: Array) -> tuple[Array, ...]:
    import numpy as np

    count = int(k)
    if not 0 <= count <= a.shape[-1] or not node.attrs.get("sorted", True):
        raise ValueError(f"the first {count} of {a.shape[-1]}, sorted or not")
    _check_comparable(a)
    # The greatest first, and of equal ones the first: a stable sort of what is read backwards.
    order = a.shape[-1] - 1 - np.argsort(a[..., ::-1], axis=-1, kind="stable")[..., ::-1]
    order = order[..., :count]
    return np.take_along_axis(a, order, -1), order.astype(_wanted(node, "index_type", np.int32))


def _check_comparable(a: Array) -> None:
    """Refuse NaN, which numpy takes for the greatest and the least; beside one it puts bfloat16 in no order at all."""
    import numpy as np

    # Those that numpy does not know, such as bfloat16, are of kind V.
    if a.dtype.kind in "fV" and np.isnan(a).any():
        raise ValueError("TensorFlow's own releases differ on the NaN in it")


def _arg(name: str) -> Whole:
    def function(node: Node, a: Array, axis: Array) -> tuple[Array, ...]:
        import numpy as np

        _check_comparable(a)
        return (getattr(np, name)(a, axis=int(axis)).astype(_wanted(node, "output_type", np.int64)),)

    return Whole(function)


def _wanted(node: Node, attr: str, default: type) -> object:
    dtype = node.attrs.get(attr)
    return dtype.base.numpy() if isinstance(dtype, DType) else default


def _where(_: Node, a: Array) -> tuple[Array, ...]:
    import numpy as np

    return (np.argwhere(a).astype(np.int64),)


def _invert_permutation(_: Node, a: Array) -> tuple[Array, ...]:
    import numpy as np

    if a.ndim != 1 or not np.array_equal(np.sort(a), np.arange(len(a))):
        raise ValueError("no permutation of 0, 1, 2 and so on")
    return (np.argsort(a, kind="stable").astype(a.dtype),)


def _one_hot(node: Node, indices: Array, depth: Array, on: Array, off: Array) -> tuple[Array, ...]:
    import numpy as np

    axis = node.attrs.get("axis", -1)
    hot: Array = np.where(indices[..., None] == np.arange(int(depth)), on, off)
    moved: Array = np.moveaxis(hot, -1, axis)
    return (moved,)


#: Op -> kernel.
PICKING: dict[str, Whole] = {
    "TopKV2": Whole(_top_k), "ArgMax": _arg("argmax"), "ArgMin": _arg("argmin"), "Where": Whole(_where),
    "InvertPermutation": Whole(_invert_permutation), "OneHot": Whole(_one_hot),
}  # fmt: skip
