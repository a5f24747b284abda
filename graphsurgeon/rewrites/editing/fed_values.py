"""Values that users give for inputs, as the tensors that TensorFlow would be fed.

A text is parsed in the dtype of its input: ``0.5``, ``true``, ``[1, 2, 3]``; for strings it is the value itself. A
value that the dtype does not hold exactly as a feed would is refused, and so is another shape than the input has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS
from graphsurgeon.meta_graph.arguments import named_tensors
from graphsurgeon.names import node_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.scalars import scalar
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import ArrayTensor, StringTensor, as_tensor
from proto_utils.errors import NotFoundError, UnsupportedError

#: What a session is fed.
INPUT_OPS = PLACEHOLDER_OPS | {"PlaceholderWithDefault"}


def pairs_of(given: Sequence[str] | Mapping[str, Any], operation: str) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of ``name=value`` texts, or of a mapping."""
    if isinstance(given, Mapping):
        yield from given.items()
        return
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise PassError(operation, f"{text!r} is no NAME=VALUE", is_usage=True)
        yield name.strip(), value


def find_inputs(model: Model, given: Sequence[str] | Mapping[str, Any], operation: str) -> dict[str, tuple[Node, Any]]:
    """Return the inputs that are named, also as a signature calls them, with what is given for each.

    What is no input, or is named twice, is a PassError, what is not there a NotFoundError.
    """
    found: dict[str, tuple[Node, Any]] = {}
    for text, value in pairs_of(given, operation):
        (tensor,) = named_tensors(model, [text], "inputs", operation) or [text]
        name = node_of(tensor)
        node = model.graph.get(name)
        if node is None:
            near = [each.name for each in model.graph if each.op in INPUT_OPS]
            raise NotFoundError.among("input", name, near or [each.name for each in model.graph])
        if node.op not in INPUT_OPS:
            raise PassError(
                operation, f"{node.op} is no input", node=name, hint="prune makes placeholders of other nodes"
            )
        if name in found:
            raise PassError(operation, "is named twice", node=name, is_usage=True)
        found[name] = node, value
    return found


def fed_value(value: Any, dtype: DType, shape: Shape | None, name: str, operation: str) -> Tensor:
    """Return the tensor of a dtype for a value; a PassError that names the input when that has none of the kind.

    `shape` is None, or partly unknown, where the input takes several.
    """
    try:
        made = _converted(value, dtype)
    except UnsupportedError as error:
        is_several = isinstance(value, str) and "," in value and "=" in value
        hint = "give every NAME=VALUE as one of its own, for values may hold commas" if is_several else error.hint
        raise PassError(operation, error.reason, node=name, hint=hint) from None
    if shape is not None and shape.dims is not None and not _fits(made.shape, shape.dims):
        wanted = "[" + ", ".join("?" if dim is None else str(dim) for dim in shape.dims) + "]"
        raise PassError(operation, f"takes a value of shape {wanted}, not {list(made.shape)}", node=name)
    return made


def _fits(found: Sequence[int], wanted: Sequence[int | None]) -> bool:
    return len(found) == len(wanted) and all(want in (None, size) for size, want in zip(found, wanted, strict=True))


def _converted(value: Any, dtype: DType) -> Tensor:
    if not (dtype.itemsize or dtype is dtypes.STRING):
        raise UnsupportedError(f"an input of dtype {dtype.name} has no values that a constant could hold")
    if isinstance(value, str) and dtype is not dtypes.STRING and value.lstrip()[:1] == "[":
        value = _parsed(value)
    if isinstance(value, (str, bytes, bool, int, float, complex)):
        return scalar(value, dtype, saturate=None)
    found = as_tensor(value)
    if found.dtype is dtype:
        return found
    if dtype is dtypes.STRING or not found.dtype.itemsize:
        raise UnsupportedError(f"values of dtype {found.dtype.name} are no {dtype.name}")
    elements = found.numpy().reshape(-1).tolist()
    return _joined([scalar(each, dtype, saturate=None) for each in elements], dtype, found.shape)


def _joined(elements: Sequence[Tensor], dtype: DType, shape: Sequence[int]) -> Tensor:
    import numpy as np

    if dtype is dtypes.STRING:
        return StringTensor(shape, [next(each.strings()) for each in elements])
    array = np.array([each.numpy() for each in elements], dtype=dtype.numpy()).reshape(shape)
    return ArrayTensor(array, dtype)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text.replace("True", "true").replace("False", "false"))
    except ValueError:
        raise UnsupportedError(f"{text!r} is no list of numbers", hint="write lists as [1, 2, 3]") from None
