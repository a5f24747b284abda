"""Kernels of reductions and cumulative sums: along axes, sums and products of floats in double precision."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from graphsurgeon.evaluator.kernels.whole import Array, Whole, in_double, numpy_function
from graphsurgeon.ir.node import Node


def _axes_of(a: Array, axes: Array) -> tuple[int, ...]:
    return tuple(axes.reshape(-1).tolist()) if a.ndim else ()


def _reduction(name: str) -> Whole:
    def function(node: Node, a: Array, axes: Array) -> tuple[Array, ...]:
        import numpy as np

        keep = bool(node.attrs.get("keep_dims"))
        if name in ("max", "min") and not a.size:
            raise ValueError("the greatest or least of no numbers")
        along = partial(getattr(np, name), axis=_axes_of(a, axes), keepdims=keep)
        found = along(a) if name in ("max", "min", "all", "any") else in_double(_as_array(along))(a)
        return (np.asarray(found).astype(a.dtype, copy=False),)

    return Whole(function)


def _as_array(function: Callable[..., Any]) -> Callable[..., Array]:
    import numpy as np

    return lambda a: np.asarray(function(a))


#: What is left for errors of a sum in double precision.
_NEARLY_ONE = 0.999


def _mean(node: Node, a: Array, axes: Array) -> tuple[Array, ...]:
    import numpy as np

    if a.dtype.kind not in "iu":
        return (in_double(lambda each: _float_mean(node, each, axes))(a),)
    (total,) = REDUCTIONS["Sum"].function(node, a, axes)
    (exact,) = REDUCTIONS["Sum"].function(node, a.astype(np.float64), axes)
    if (np.abs(exact) >= float(np.iinfo(a.dtype).max) * _NEARLY_ONE).any():
        raise ValueError(f"TensorFlow's own releases differ on means whose sum is past {a.dtype.name}")
    return (_cut(total, a.size // total.size if total.size else 1),)


def _float_mean(node: Node, a: Array, axes: Array) -> Array:
    import numpy as np

    (total,) = REDUCTIONS["Sum"].function(node, a, axes)
    # The mean of nothing is no number.
    return total / np.float64(a.size // total.size if total.size else 1)


def _cut(total: Array, count: int) -> Array:
    """Divide integers towards zero."""
    import numpy as np

    divisor = np.asarray(count).astype(total.dtype)
    if not divisor or divisor < 0:
        raise ValueError(f"the mean of {count:,} integers of type {total.dtype}")
    down = total // divisor
    return (down + ((down < 0) & (down * divisor != total)).astype(total.dtype)).astype(total.dtype)


def _half_of_squares(_: Node, a: Array) -> tuple[Array, ...]:
    import numpy as np

    return (in_double(lambda each: np.asarray((each * each).sum() / 2))(a),)


def _cumulative(name: str, first: int) -> Whole:
    """Return a running sum or product, which begins with `first` where it is exclusive."""

    def function(node: Node, a: Array, axis: Array) -> tuple[Array, ...]:
        import numpy as np

        along = int(axis)
        if not -a.ndim <= along < a.ndim:
            raise ValueError(f"axis {along} of {a.ndim}")
        given = np.flip(a, along) if node.attrs.get("reverse") else a
        found = _running(name, given, along)
        if node.attrs.get("exclusive") and a.shape[along]:
            rest = np.moveaxis(found, along, 0)[:-1]
            start = np.full((1, *rest.shape[1:]), first, a.dtype)
            found = np.moveaxis(np.concatenate([start, rest]), 0, along)
        return ((np.flip(found, along) if node.attrs.get("reverse") else found),)

    return Whole(function, lambda _, shape, __: [shape])


def _running(name: str, a: Array, axis: int) -> Array:
    if name == "cumprod":
        return in_double(lambda each: numpy_function(name)(each, axis))(a)
    # numpy adds small integers up as larger ones; they wrap around here.
    return numpy_function(name)(a, axis).astype(a.dtype) if a.dtype.kind in "iu" else _by_steps(a, axis)


def _by_steps(a: Array, axis: int) -> Array:
    """Add up and round at each step, as TensorFlow does."""
    import numpy as np

    moved = np.moveaxis(a, axis, 0).copy()
    for i in range(1, len(moved)):
        moved[i] += moved[i - 1]
    return np.moveaxis(moved, 0, axis)


#: Op -> kernel.
REDUCTIONS: dict[str, Whole] = {
    "Sum": _reduction("sum"), "Prod": _reduction("prod"), "Max": _reduction("max"), "Min": _reduction("min"),
    "Mean": Whole(_mean), "All": _reduction("all"), "Any": _reduction("any"), "L2Loss": Whole(_half_of_squares),
    "Cumsum": _cumulative("cumsum", 0), "Cumprod": _cumulative("cumprod", 1),
}  # fmt: skip
