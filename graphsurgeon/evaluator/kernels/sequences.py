"""Kernels that make sequences: numbers from here to there, and shapes of shapes."""

from __future__ import annotations

import math

from graphsurgeon.evaluator.kernels.whole import Array, Whole
from graphsurgeon.ir.node import Node


def range_size(start: Array, limit: Array, delta: Array) -> int:
    """Return how many numbers there are from `start` to before `limit`; of floats as far as these tell."""
    if not delta or (limit > start and delta < 0) or (limit < start and delta > 0):
        raise ValueError(f"from {start} to {limit} in steps of {delta}")
    if start.dtype.kind in "iu":
        return -(-abs(int(limit) - int(start)) // abs(int(delta)))
    return math.ceil(abs(float((limit - start) / delta)))


def _range(_: Node, start: Array, limit: Array, delta: Array) -> tuple[Array, ...]:
    import numpy as np

    count = range_size(start, limit, delta)
    if start.dtype.kind in "iu":
        return ((int(start) + int(delta) * np.arange(count, dtype=np.int64)).astype(start.dtype),)
    return ((float(start) + float(delta) * np.arange(count, dtype=np.float64)).astype(start.dtype),)


def _line(_: Node, start: Array, stop: Array, number: Array) -> tuple[Array, ...]:
    import numpy as np

    if int(number) < 1:
        raise ValueError(f"{int(number)} numbers")
    return (np.linspace(float(start), float(stop), int(number)).astype(start.dtype),)


def _broadcast_args(_: Node, a: Array, b: Array) -> tuple[Array, ...]:
    import numpy as np

    return (np.array(np.broadcast_shapes(tuple(a.tolist()), tuple(b.tolist())), a.dtype),)


def _concat_offset(_: Node, axis: Array, *shapes: Array) -> tuple[Array, ...]:
    import numpy as np

    along, at, found = int(axis), 0, []
    for shape in shapes:
        offset = np.zeros_like(shape)
        offset[along] = at
        at += int(shape[along])
        found.append(offset)
    return tuple(found)


#: Op -> kernel.
SEQUENCES: dict[str, Whole] = {
    "Range": Whole(_range), "LinSpace": Whole(_line), "BroadcastArgs": Whole(_broadcast_args),
    "ConcatOffset": Whole(_concat_offset),
}  # fmt: skip
