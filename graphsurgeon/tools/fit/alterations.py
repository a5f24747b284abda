"""Changing a value step by step until it is what a graph wants; nothing is read meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.joined import OverlaidTensor
from graphsurgeon.tensors.padded import PaddedTensor
from graphsurgeon.tensors.rearranged import ReversedTensor, TransposedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.fit.policies import Alteration
from graphsurgeon.tools.fit.requirements import Requirement
from proto_utils.errors import UnsupportedError

#: Gives the initial value of what a requirement is about.
Initial = Callable[[Requirement], Tensor]


def alter(tensor: Tensor, steps: Iterable[Alteration], wanted: Requirement, initial: Initial) -> Tensor:
    """Apply changes lazily; the wanted shape and dtype come out only if the steps make it so.

    `initial` is for ``pad:init``. UnsupportedError when a step cannot be done to such a tensor, with the reason;
    PassError when there is no initial value.
    """
    for step in steps:
        if step.name == "cast":
            tensor = _cast(tensor, wanted, saturate=bool(step.argument))
        elif step.name == "reverse":
            tensor = ReversedTensor(tensor, [_axis(axis, tensor) for axis in step.numbers])
        elif step.name == "transpose":
            tensor = TransposedTensor(tensor, [_axis(axis, tensor) for axis in step.numbers] or _swapped(tensor))
        elif step.name == "reshape":
            tensor = ReshapedTensor(tensor, step.numbers) if step.argument else _reshaped(tensor, wanted)
        elif step.name == "slice":
            tensor = _sliced(tensor, _target(tensor, wanted, step), is_last=bool(step.argument))
        else:
            tensor = _padded(tensor, step, wanted, initial)
    return tensor


def _cast(tensor: Tensor, wanted: Requirement, *, saturate: bool = False) -> Tensor:
    """Return a tensor in the wanted dtype; the tensor itself when it has it."""
    if tensor.dtype is wanted.dtype:
        return tensor
    return CastTensor(tensor, wanted.dtype, name=wanted.key, saturate=saturate)


def _axis(axis: int, tensor: Tensor) -> int:
    return axis + len(tensor.shape) if axis < 0 else axis


def _swapped(tensor: Tensor) -> list[int]:
    if len(tensor.shape) != 2:
        raise UnsupportedError(f"transposing {list(tensor.shape)} takes the order of its axes: transpose:1,0,2 ...")
    return [1, 0]


def _target(tensor: Tensor, wanted: Requirement, step: Alteration) -> tuple[int, ...]:
    """Return the wanted shape, of the rank that the tensor has; a dimension that may be any stays as it is."""
    if wanted.shape is None:
        raise UnsupportedError(f"the wanted shape is not known, which {step} needs")
    if len(wanted.shape) != len(tensor.shape):
        ranks = f"{len(tensor.shape)} axes, and {len(wanted.shape)} are wanted"
        raise UnsupportedError(f"{step} keeps the number of axes: {list(tensor.shape)} has {ranks}")
    return tuple(size if dim is None else dim for dim, size in zip(wanted.shape, tensor.shape, strict=True))


def _reshaped(tensor: Tensor, wanted: Requirement) -> Tensor:
    dims = wanted.shape
    if dims is None or dims.count(None) > 1:
        raise UnsupportedError("the wanted shape is not known, which reshape needs")
    return ReshapedTensor(tensor, [-1 if dim is None else dim for dim in dims])


def _sliced(tensor: Tensor, target: tuple[int, ...], *, is_last: bool) -> Tensor:
    # Axes that are too short are for pad to fill up.
    pairs = [(min(dim, size), size) for dim, size in zip(target, tensor.shape, strict=True)]
    return SlicedTensor(tensor, [range(size - dim, size) if is_last else range(dim) for dim, size in pairs])


def _padded(tensor: Tensor, step: Alteration, wanted: Requirement, initial: Initial) -> Tensor:
    target = _target(tensor, wanted, step)
    missing = [max(dim - size, 0) for dim, size in zip(target, tensor.shape, strict=True)]
    if step.argument != "init":
        value = _element(step.argument, tensor.dtype) if step.argument else None
        return PaddedTensor(tensor, [(0, count) for count in missing], value)
    base = initial(wanted)
    if any(size > dim for dim, size in zip(base.shape, tensor.shape, strict=True)):
        raise UnsupportedError(
            f"{list(tensor.shape)} has more than {list(base.shape)} elements on an axis: slice+{step}"
        )
    if tensor.dtype is not base.dtype:
        raise UnsupportedError(f"{tensor.dtype.name} is not the {base.dtype.name} of the initial value: cast+{step}")
    return OverlaidTensor(base, tensor)


def _element(text: str, dtype: DType) -> bytes:
    import numpy as np

    if not dtype.itemsize:
        raise UnsupportedError(f"elements of dtype {dtype.name} are no numbers to pad with {text}")
    number = float(text)
    with np.errstate(all="ignore"):
        element = np.array([number]).astype(dtype.numpy())
    held = element.astype(np.complex128)[0]
    # A float is rounded, but what is too large for it becomes something else.
    is_rounded = dtype.is_floating and bool(np.isfinite(held)) == math.isfinite(number)
    if not is_rounded and held != number:
        raise UnsupportedError(f"{text} is no {dtype.name} to pad with")
    return element.tobytes()
